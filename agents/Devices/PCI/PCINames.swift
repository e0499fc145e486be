/// Names of PCI vendors and devices out of the system's `pci.ids`.
package struct PCINames: Sendable {
    private var vendors: [UInt16: String] = [:]
    private var devices: [PCIIDs: String] = [:]

    /// Where systems keep the file.
    package static let paths = [
        "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids", "/var/lib/pciutils/pci.ids",
    ]

    /// Nothing has a name.
    package init() {}

    /// Reads the names of `wanted` alone: the file knows tens of thousands. Lines that are not as they must be are passed over.
    ///
    /// A vendor's line is `VVVV  NAME`, a device's below it begins with a tab, a subsystem's with two: `VVVV DDDD  NAME`;
    /// classes, behind a line that begins with `C `, end what counts.
    package init(parsing bytes: some Sequence<UInt8>, wanted: Set<PCIIDs>) {
        let vendorsWanted = Set(wanted.map(\.vendor))
        let devicesWanted = Set(wanted.map { PCIIDs($0.vendor, $0.device) })
        var (vendor, device): (UInt16?, UInt16?) = (nil, nil)
        for line in Array(bytes).split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: [UInt8(ascii: "C"), UInt8(ascii: " ")]) { break }
            let tabs = line.prefix { $0 == UInt8(ascii: "\t") }.count
            let rest = line.dropFirst(tabs)
            switch tabs {
            case 0:
                vendor = Self.number(rest.prefix(4)).flatMap { vendorsWanted.contains($0) ? $0 : nil }
                if let vendor { vendors[vendor] = Self.name(rest.dropFirst(4)) }
                device = nil
            case 1:
                guard let vendor else { continue }
                device = Self.number(rest.prefix(4)).flatMap { devicesWanted.contains(PCIIDs(vendor, $0)) ? $0 : nil }
                if let device { devices[PCIIDs(vendor, device)] = Self.name(rest.dropFirst(4)) }
            case 2:
                guard let vendor, let device, let subvendor = Self.number(rest.prefix(4)),
                    let subdevice = Self.number(rest.dropFirst(5).prefix(4))
                else { continue }
                let ids = PCIIDs(vendor, device, subsystem: (subvendor, subdevice))
                if wanted.contains(ids) { devices[ids] = Self.name(rest.dropFirst(9)) }
            default: continue
            }
        }
    }

    /// The vendor's name.
    package func vendor(_ ids: PCIIDs) -> String? { vendors[ids.vendor] }

    /// The device's name: that of the subsystem where it has one.
    package func device(_ ids: PCIIDs) -> String? { devices[ids] ?? devices[PCIIDs(ids.vendor, ids.device)] }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt16? {
        digits.count == 4 ? Hex.number(String(decoding: digits, as: UTF8.self)) : nil
    }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
        let name = String(decoding: bytes.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
        return name.isEmpty ? nil : String(name.prefix(256))
    }
}
