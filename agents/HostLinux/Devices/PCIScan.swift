import Glibc
import TidemillDevices

/// Reads what sysfs says of every PCI function. Nothing that it finds there can end it: what is not as it must be is named
/// among the function's problems and taken for absent.
package struct PCIScan: Sendable {
    private let roots: HostRoots

    /// The most functions that are looked at.
    package static let most = 65_536

    package init(_ roots: HostRoots = HostRoots()) {
        self.roots = roots
    }

    /// Every function, by address. A machine without a PCI bus has none.
    package func functions() throws(HostError) -> [PCIFunction] {
        let folder = roots.sysfs + "/bus/pci/devices"
        guard HostFile.exists(folder) else { return [] }
        let addresses = try HostFile.names(in: folder).prefix(Self.most).compactMap { PCIAddress(parsing: $0) }
        let nodes = DeviceNodes(roots)
        var functions = addresses.sorted().map { function(at: $0, nodes: nodes) }
        nodes.addLoose(to: &functions)
        return functions
    }

    /// One function, as it is now; nil when it is gone.
    package func function(at address: PCIAddress) -> PCIFunction? {
        let folder = "\(roots.sysfs)/bus/pci/devices/\(address)"
        guard HostFile.exists(folder) else { return nil }
        return function(at: address, nodes: DeviceNodes(roots))
    }

    private func function(at address: PCIAddress, nodes: DeviceNodes) -> PCIFunction {
        var file = FunctionFiles(folder: "\(roots.sysfs)/bus/pci/devices/\(address)", address: address)
        let vendor: UInt16? = file.hex("vendor", isRequired: true)
        let device: UInt16? = file.hex("device", isRequired: true)
        let classCode: UInt32? = file.hex("class", isRequired: true)
        // 0xffff is what a dead card answers; numbers that cannot be read name nobody either.
        var function = PCIFunction(
            address: address, ids: PCIIDs(vendor ?? 0xFFFF, device ?? 0xFFFF), classCode: classCode ?? 0xFF_FFFF)
        guard Vendor.of(function) != nil else {
            // Others are not looked at any closer, but for cards that answer nothing.
            if vendor == 0xFFFF, device == 0xFFFF {
                file.problems.append("\(address) answers nothing: its card is dead, without power, or gone")
            }
            function.problems = vendor == 0xFFFF || vendor == nil || classCode == nil ? file.problems : []
            return function
        }
        function.ids.subsystemVendor = file.hex("subsystem_vendor")
        function.ids.subsystemDevice = file.hex("subsystem_device")
        function.revision = file.hex("revision")
        function.numaNode = file.integer("numa_node", in: -1...1023).flatMap { $0 < 0 ? nil : $0 }
        function.localCPUs = file.cpus("local_cpulist")
        function.link = link(&file)
        function.iommuGroup = file.target("iommu_group", in: "iommu_groups").flatMap {
            file.number($0, "iommu_group", in: 0...1_000_000)
        }
        function.driver = file.target("driver", in: "drivers")
        function.physicalFunction = file.target("physfn").flatMap { PCIAddress(parsing: $0) }
        if let most = file.integer("sriov_totalvfs", in: 0...65_535), most > 0 {
            function.virtualFunctions = (most, file.integer("sriov_numvfs", in: 0...65_535) ?? 0)
        }
        function.bridges = file.bridges
        function.nodes = nodes.below(file.folder)
        function.problems = file.problems
        return function
    }

    private func link(_ file: inout FunctionFiles) -> PCILink? {
        let link = PCILink(
            megatransfers: file.speed("current_link_speed"), mostMegatransfers: file.speed("max_link_speed"),
            lanes: file.integer("current_link_width", in: 0...255).flatMap { $0 == 0 || $0 == 255 ? nil : $0 },
            mostLanes: file.integer("max_link_width", in: 0...255).flatMap { $0 == 0 || $0 == 255 ? nil : $0 })
        return link == PCILink() ? nil : link
    }
}

/// The files of one function.
private struct FunctionFiles {
    let folder: String
    let address: PCIAddress
    var problems: [String] = []

    init(folder: String, address: PCIAddress) {
        self.folder = folder
        self.address = address
    }

    /// The text of a file; nil when it is not there.
    private mutating func text(_ name: String, isRequired: Bool = false) -> String? {
        do throws(HostError) {
            return try HostFile.readText("\(folder)/\(name)")
        } catch {
            // Functions lack what does not concern them; one that is taken out lacks everything.
            if case .failed(_, _, let number) = error, number == ENOENT, !isRequired { return nil }
            problems.append("\(address): \(error)")
            return nil
        }
    }

    private mutating func refuse(_ name: String, _ text: String) {
        let shown = String(text.prefix(40).map { $0.isASCII && !$0.isNewline && $0 >= " " ? $0 : "?" })
        problems.append("\(address): \(name) is '\(shown)', which it cannot be")
    }

    mutating func hex<T: FixedWidthInteger>(_ name: String, isRequired: Bool = false) -> T? {
        guard let text = text(name, isRequired: isRequired) else { return nil }
        if let number: T = Hex.number(text) { return number }
        refuse(name, text)
        return nil
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        text(name).flatMap { number($0, name, in: range) }
    }

    mutating func number(_ text: String, _ name: String, in range: ClosedRange<Int>) -> Int? {
        if let number = Int(text), range.contains(number) { return number }
        refuse(name, text)
        return nil
    }

    mutating func cpus(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        if let list = CPUList(parsing: text) { return list.isEmpty ? nil : list.description }
        refuse(name, text)
        return nil
    }

    /// `16.0 GT/s PCIe`; `Unknown` is none.
    mutating func speed(_ name: String) -> Int? {
        guard let text = text(name), !text.isEmpty, !text.hasPrefix("Unknown") else { return nil }
        let words = text.split(separator: " ")
        if words.count >= 2, words[1].hasPrefix("GT/s"), let speed = Double(words[0]), speed > 0, speed < 1000 {
            return Int(speed * 1000)
        }
        refuse(name, text)
        return nil
    }

    /// The last part of what a link points to, which lies in a folder of the name `parent` where one is given.
    mutating func target(_ name: String, in parent: String? = nil) -> String? {
        do throws(HostError) {
            guard let target = try HostFile.linkTarget("\(folder)/\(name)") else {
                if HostFile.exists("\(folder)/\(name)") { refuse(name, "no link") }
                return nil
            }
            let parts = target.split(separator: "/").suffix(2).map(String.init)
            if parts.count == 2, parent == nil || parts[0] == parent { return parts[1] }
            refuse(name, target)
            return nil
        } catch {
            problems.append("\(address): \(error)")
            return nil
        }
    }

    /// What the function hangs behind: the links of the bus name the whole path.
    var bridges: [PCIAddress] {
        // Without a link nothing is known of what is above.
        guard let target = try? HostFile.linkTarget(folder) else { return [] }
        return target.split(separator: "/").compactMap { PCIAddress(parsing: $0) }.filter { $0 != address }
    }
}
