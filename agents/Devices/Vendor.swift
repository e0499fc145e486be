/// A maker of accelerators, and how its cards are told on the PCI bus.
package struct Vendor: Hashable, Sendable {
    /// As in Device status.vendor.
    package let name: String
    /// How people write it.
    package let title: String
    package let pciVendor: UInt16
    /// Class codes, without the programming interface, under which its accelerators appear. Its other functions (sound, USB,
    /// bridges, network, management graphics) are none.
    package let classes: Set<UInt16>
    /// The vendor's library for telemetry and health, as in `LibraryReport.library`; nil when none is known.
    package let library: String?
    /// Prefixes of its device nodes that do not hang below the PCI function in sysfs.
    package let nodePrefixes: [String]

    init(
        _ name: String, _ title: String, _ pciVendor: UInt16, _ classes: Set<UInt16>, library: String? = nil,
        nodes: [String] = []
    ) {
        self.name = name
        self.title = title
        self.pciVendor = pciVendor
        self.classes = classes
        self.library = library
        nodePrefixes = nodes
    }

    private static let vga: UInt16 = 0x0300
    private static let controller3D: UInt16 = 0x0302
    private static let display: UInt16 = 0x0380
    private static let processing: UInt16 = 0x1200
    private static let coprocessor: UInt16 = 0x0B40
    private static let communication: UInt16 = 0x0780

    private static let graphics: Set<UInt16> = [vga, controller3D, display]

    /// Those that are known. Vendor numbers: pci.ids, and for Biren its own Kubernetes device plugin (kata.go).
    package static let all: [Vendor] = [
        Vendor("nvidia", "NVIDIA", 0x10DE, graphics, library: "nvml", nodes: ["nvidia"]),
        // Huawei's other display controllers are management chips.
        Vendor("ascend", "Huawei Ascend", 0x19E5, [processing], library: "dcmi", nodes: ["davinci"]),
        Vendor(
            "cambricon", "Cambricon", 0xCABC, graphics.union([processing]), library: "cndev", nodes: ["cambricon_dev"]),
        // DCUs are also seen as co-processors.
        Vendor("hygon", "Hygon DCU", 0x1D94, graphics.union([processing, coprocessor]), library: "hygon-rsmi"),
        Vendor(
            "iluvatar", "Iluvatar CoreX", 0x1E3E, graphics.union([processing]), library: "ixml", nodes: ["iluvatar"]),
        // The first revision of the K200 calls itself a communication controller.
        Vendor(
            "kunlunxin", "Kunlunxin", 0x1D22, graphics.union([processing, communication]), library: "xpuml",
            nodes: ["xpu"]),
        Vendor("metax", "MetaX", 0x9999, graphics.union([processing]), library: "mxsml"),
        Vendor("mthreads", "Moore Threads", 0x1ED5, graphics.union([processing]), library: "mtml", nodes: ["mtgpu."]),
        Vendor("enflame", "Enflame", 0x1E36, graphics.union([processing]), library: "efml", nodes: ["gcu"]),
        Vendor("biren", "Biren", 0x1EE0, graphics.union([processing]), library: "brml", nodes: ["biren"]),
        Vendor("amd", "AMD", 0x1002, graphics.union([processing]), library: "rocm-smi"),
        Vendor("intel", "Intel", 0x8086, graphics.union([processing]), library: "level-zero"),
        Vendor("habana", "Intel Gaudi", 0x1DA3, [processing], library: "hlml"),
    ]

    private static let byNumber = Dictionary(uniqueKeysWithValues: all.map { ($0.pciVendor, $0) })
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func named(_ name: String) -> Vendor? { byName[name] }

    /// Whose accelerator a function is; nil for anything that is none.
    package static func of(_ function: PCIFunction) -> Vendor? {
        guard let vendor = byNumber[function.ids.vendor],
            vendor.classes.contains(UInt16(truncatingIfNeeded: function.classCode >> 8))
        else { return nil }
        return vendor
    }
}
