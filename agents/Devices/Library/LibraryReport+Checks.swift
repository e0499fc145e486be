extension LibraryReport {
    /// The most devices that are believed of one library.
    package static let mostDevices = 1024
    private static let mostProblems = 64

    /// The report without what cannot be: figures out of all bounds, text that is none, a device that is told twice. Each is
    /// named among the problems.
    package func checked() -> LibraryReport {
        var report = self
        report.devices = []
        var texts = LibraryChecks(subject: library)
        report.version = texts.text(version, "version")
        report.driver = texts.text(driver, "driver's version")
        report.problems += texts.problems
        if devices.count > Self.mostDevices {
            report.problems.append(
                "\(library) tells of \(devices.count) devices; only \(Self.mostDevices) are looked at")
        }
        var addresses: Set<PCIAddress> = []
        for device in devices.prefix(Self.mostDevices) {
            if let address = device.address, !addresses.insert(address).inserted {
                report.problems.append("\(library) tells of \(address) twice; the second is ignored")
                continue
            }
            var checks = LibraryChecks(subject: device.address?.description ?? "device \(device.index)")
            report.devices.append(checks.checked(device))
            report.problems += checks.problems
        }
        // An identity that two devices claim is none.
        let claims = Dictionary(report.devices.compactMap(\.uuid).map { ($0, 1) }, uniquingKeysWith: +)
        for index in report.devices.indices {
            guard let uuid = report.devices[index].uuid, claims[uuid, default: 0] > 1 else { continue }
            report.problems.append(
                "\(library) gives the UUID \(uuid) to \(claims[uuid, default: 0]) devices; it identifies none of them")
            report.devices[index].uuid = nil
        }
        let serials = Dictionary(report.devices.compactMap(\.serial).map { ($0, 1) }, uniquingKeysWith: +)
        for index in report.devices.indices {
            // Two dies of one card have one number: it tells neither.
            if let serial = report.devices[index].serial, serials[serial, default: 0] > 1 {
                report.devices[index].serial = nil
            }
        }
        let more = report.problems.count - Self.mostProblems
        if more > 0 { report.problems = report.problems.prefix(Self.mostProblems) + ["and \(more) more"] }
        return report
    }
}

/// What figures and texts of a device may be.
private struct LibraryChecks {
    let subject: String
    var problems: [String] = []

    init(subject: String) {
        self.subject = subject
    }

    mutating func checked(_ device: LibraryDevice) -> LibraryDevice {
        var next = device
        next.uuid = identity(device.uuid, "UUID")
        next.serial = identity(device.serial, "serial number")
        next.name = text(device.name, "name")
        next.firmware = text(device.firmware, "firmware version")
        next.memoryBytes = bounded(device.memoryBytes, 1...(1 << 50), "memory")
        next.attributes = device.attributes.filter { Self.isText($0.value) && !$0.value.isEmpty }
        let usage = device.usage
        next.usage.memoryUsedBytes = bounded(
            usage.memoryUsedBytes, 0...((next.memoryBytes ?? (1 << 50)) / 100 * 101), "used memory")
        next.usage.compute = bounded(usage.compute, 0...1, "utilisation")
        next.usage.memoryBusy = bounded(usage.memoryBusy, 0...1, "utilisation of memory")
        next.usage.watts = bounded(usage.watts, 0...20_000, "power")
        next.usage.wattsLimit = bounded(usage.wattsLimit, 0...20_000, "power limit")
        next.usage.joules = bounded(usage.joules, 0...1e15, "energy")
        next.usage.celsius = bounded(usage.celsius, -50...200, "temperature")
        next.usage.memoryCelsius = bounded(usage.memoryCelsius, -50...200, "temperature of memory")
        next.usage.clockHertz = bounded(usage.clockHertz, 0...100_000_000_000, "clock")
        next.usage.memoryClockHertz = bounded(usage.memoryClockHertz, 0...100_000_000_000, "memory clock")
        next.usage.eccCorrected = bounded(usage.eccCorrected, 0...(1 << 50), "corrected errors")
        next.usage.eccUncorrected = bounded(usage.eccUncorrected, 0...(1 << 50), "uncorrected errors")
        next.faults = device.faults.prefix(Self.mostFaults).filter { Self.isText($0.code) && !$0.code.isEmpty }
        for index in next.faults.indices {
            next.faults[index].text = text(next.faults[index].text, "fault \(next.faults[index].code)")
        }
        for index in next.runtimes.indices {
            next.runtimes[index].version = text(next.runtimes[index].version, "version of a runtime")
            next.runtimes[index].device = text(next.runtimes[index].device, "name in a runtime")
        }
        next.links = device.links.filter { $0.peer != device.address }
        return next
    }

    private static let mostFaults = 64

    private mutating func bounded<T: Comparable>(_ value: T?, _ range: ClosedRange<T>, _ what: String) -> T? {
        guard let value else { return nil }
        if range.contains(value) { return value }
        problems.append("\(subject): \(what) of \(value) cannot be")
        return nil
    }

    mutating func text(_ value: String?, _ what: String) -> String? {
        guard let value, !value.isEmpty else { return nil }
        if Self.isText(value) { return value }
        problems.append("\(subject): its \(what) is no text")
        return nil
    }

    /// Zeros, `N/A` and their like name nobody.
    private mutating func identity(_ value: String?, _ what: String) -> String? {
        guard let value = text(value, what) else { return nil }
        let isBlank = value.allSatisfy { "0-xX ".contains($0) } || value.allSatisfy { "fF-xX ".contains($0) }
        let words: Set<String> = ["n/a", "na", "none", "unknown", "not available", "[n/a]"]
        return isBlank || words.contains(value.lowercased()) ? nil : value
    }

    private static func isText(_ value: String) -> Bool {
        value.utf8.count <= 256
            && !value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0 == "\u{FFFD}" }
    }
}
