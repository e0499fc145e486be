/// All accelerators of a machine, put together from what each source says. Pure.
package struct DeviceInventory: Hashable, Sendable {
    /// By PCI address.
    package var devices: [FoundDevice] = []
    /// Programming interfaces that offer the CPUs.
    package var processorRuntimes: [LibraryRuntime] = []
    /// What is wrong with the machine or its libraries and belongs to no device, a sentence each.
    package var problems: [String] = []

    /// What one library answered.
    package typealias Answer = Result<LibraryReport, LibraryFailure>

    package init() {}

    /// - Parameters:
    ///   - functions: every PCI function of the machine.
    ///   - answers: by library; one that was not asked is absent.
    ///   - runtimes: what programming interfaces answered, by name. That one is not installed is no fault.
    package init(
        functions: [PCIFunction], answers: [String: Answer] = [:], runtimes: [String: Answer] = [:],
        catalogue: DeviceCatalogue = .builtIn,
        names: PCINames = PCINames()
    ) {
        let addresses = Set(functions.map(\.address))
        let cards = functions.compactMap { function -> (Vendor, PCIFunction)? in
            guard let vendor = Vendor.of(function) else { return nil }
            // A virtual function is a part of the card whose function it is; in a guest it stands for the card.
            if let whole = function.physicalFunction, addresses.contains(whole) { return nil }
            return (vendor, function)
        }.sorted { $0.1.address < $1.1.address }
        var told = Told(answers)
        for (vendor, function) in cards {
            let measured = told.take(function.address, vendor)
            var device = FoundDevice(
                vendor: vendor, function: function,
                identity: Self.identity(measured, function),
                modelName: Self.modelName(vendor, function, measured, catalogue, names))
            device.model =
                catalogue.model(function.ids)
                ?? measured?.name.flatMap { catalogue.model(vendor: vendor.name, name: $0) }
            device.measured = measured
            if case .success(let report)? = vendor.library.flatMap({ answers[$0] }) {
                device.libraryVersion = report.version
                device.driverVersion = report.driver
            }
            device.gaps = Self.gaps(device, answers)
            devices.append(device)
        }
        for (name, answer) in runtimes.sorted(by: { $0.key < $1.key }) { add(name, answer) }
        for function in functions { problems += function.problems }
        problems += told.problems
    }

    private mutating func add(_ name: String, _ answer: Answer) {
        switch answer {
        case .failure(let failure):
            if failure.reason != LibraryFailure.notFoundReason { problems.append("\(name): \(failure)") }
        case .success(let report):
            for offered in report.devices {
                processorRuntimes += offered.runtimes.filter(\.isOfCPU)
                guard let index = devices.firstIndex(where: { $0.function.address == offered.address }) else {
                    continue
                }
                devices[index].runtimes += offered.runtimes.filter { !$0.isOfCPU }
            }
        }
    }

    /// The same without the figures of the moment: two of these differ when something is to be told.
    package var facts: DeviceInventory {
        var facts = self
        facts.problems = []
        for index in facts.devices.indices {
            // A link that saves power is slower for a while.
            facts.devices[index].function.link?.megatransfers = nil
            facts.devices[index].function.link?.lanes = nil
            facts.devices[index].function.problems = []
            facts.devices[index].measured?.unsupported = []
            let limit = facts.devices[index].measured?.usage.wattsLimit
            facts.devices[index].measured?.usage = DeviceUsage()
            facts.devices[index].measured?.usage.wattsLimit = limit
        }
        return facts
    }

    private static func identity(_ measured: LibraryDevice?, _ function: PCIFunction) -> DeviceIdentity {
        if let uuid = measured?.uuid { return .uuid(uuid) }
        if let serial = measured?.serial { return .serial(serial) }
        return .slot(function.address)
    }

    private static func modelName(
        _ vendor: Vendor, _ function: PCIFunction, _ measured: LibraryDevice?, _ catalogue: DeviceCatalogue,
        _ names: PCINames
    ) -> String {
        if let name = measured?.name ?? catalogue.model(function.ids)?.name ?? names.device(function.ids) {
            return name
        }
        // What could not be read has no name.
        return function.ids.device == 0xFFFF
            ? "unknown" : "\(Hex.text(function.ids.vendor, digits: 4)):\(Hex.text(function.ids.device, digits: 4))"
    }

    private static func gaps(_ device: FoundDevice, _ answers: [String: Answer]) -> [LevelGap] {
        var gaps: [LevelGap] = []
        if let gap = measuredGap(device, answers) { gaps.append(gap) }
        gaps.append(
            LevelGap(
                .sliceable, "NotGranted",
                "This agent grants shares of CPUs and memory; it does not hand out accelerators yet."))
        return gaps
    }

    private static func measuredGap(_ device: FoundDevice, _ answers: [String: Answer]) -> LevelGap? {
        if device.measured != nil { return nil }
        let title = device.vendor.title
        let address = device.function.address
        guard let library = device.vendor.library else {
            return LevelGap(.measured, "NoLibrary", "No library of \(title) is known that tells how a card does.")
        }
        switch device.function.driver {
        case "vfio-pci"?:
            return LevelGap(
                .measured, "PassedThrough", "\(address) is bound to vfio-pci: a virtual machine has it, not this one.")
        case nil:
            return LevelGap(.measured, "NoDriver", "No driver is bound to \(address): install the driver of \(title).")
        default: break
        }
        switch answers[library] {
        case nil: return LevelGap(.measured, "NotAsked", "The library \(library) was not asked.")
        case .failure(let failure)?: return LevelGap(.measured, failure.reason, "\(library): \(failure).")
        case .success?:
            return LevelGap(
                .measured, "NotReported",
                "\(library) does not tell of \(address); its driver is \(device.function.driver ?? "none").")
        }
    }
}

/// What libraries told, and what of it found its card.
private struct Told {
    private var devices: [String: [PCIAddress: LibraryDevice]] = [:]
    private(set) var problems: [String] = []

    init(_ answers: [String: DeviceInventory.Answer]) {
        for (library, answer) in answers.sorted(by: { $0.key < $1.key }) {
            guard case .success(let report) = answer else { continue }
            problems += report.problems
            for device in report.devices {
                guard let address = device.address else {
                    problems.append(
                        "\(library) tells of device \(device.index) without its PCI address; it is not counted")
                    continue
                }
                devices[library, default: [:]][address] = device
            }
        }
    }

    mutating func take(_ address: PCIAddress, _ vendor: Vendor) -> LibraryDevice? {
        vendor.library.flatMap { devices[$0]?.removeValue(forKey: address) }
    }
}
