import Testing
import TidemillDevices

/// What is believed of a library.
@Suite struct ReportCheckTests {
    private static func device(_ index: Int, _ slot: String, _ change: (inout LibraryDevice) -> Void = { _ in }) throws
        -> LibraryDevice
    {
        var device = LibraryDevice(index: index, address: try #require(PCIAddress(parsing: slot)))
        change(&device)
        return device
    }

    private static func checked(_ devices: [LibraryDevice]) -> LibraryReport {
        var report = LibraryReport("nvml")
        report.devices = devices
        return report.checked()
    }

    @Test func `a device that is told twice counts once`() throws {
        let report = Self.checked([
            try Self.device(0, "3b:00.0"), try Self.device(1, "5e:00.0"), try Self.device(2, "3b:00.0"),
        ])
        #expect(report.devices.map(\.index) == [0, 1])
        #expect(report.problems == ["nvml tells of 0000:3b:00.0 twice; the second is ignored"])
    }

    @Test func `an identity that two devices claim is none of theirs`() throws {
        let report = Self.checked([
            try Self.device(0, "3b:00.0") { ($0.uuid, $0.serial) = ("GPU-1", "7") },
            try Self.device(1, "5e:00.0") { ($0.uuid, $0.serial) = ("GPU-1", "7") },
            try Self.device(2, "af:00.0") { ($0.uuid, $0.serial) = ("GPU-2", "8") },
        ])
        #expect(report.devices.map(\.uuid) == [nil, nil, "GPU-2"])
        #expect(report.devices.map(\.serial) == [nil, nil, "8"])
        #expect(report.problems.contains { $0.contains("the UUID GPU-1 to 2 devices") })
    }

    @Test(arguments: ["", "N/A", "0", "00000000-0000-0000-0000-000000000000", "ffffffff", "[N/A]", "a\u{1}b"])
    func `what names nobody is no identity`(_ text: String) throws {
        let report = Self.checked([try Self.device(0, "3b:00.0") { ($0.uuid, $0.serial) = (text, text) }])
        #expect(report.devices[0].uuid == nil && report.devices[0].serial == nil)
    }

    @Test func `figures that cannot be are left out, and those beside them stay`() throws {
        let report = Self.checked([
            try Self.device(0, "3b:00.0") {
                $0.memoryBytes = 80 << 30
                $0.usage.memoryUsedBytes = 90 << 30
                $0.usage.celsius = 4000
                $0.usage.watts = -1
                $0.usage.compute = 0.5
            }
        ])
        #expect(report.devices[0].memoryBytes == 80 << 30)
        #expect(report.devices[0].usage.compute == 0.5)
        #expect(report.devices[0].usage.memoryUsedBytes == nil && report.devices[0].usage.watts == nil)
        #expect(report.devices[0].usage.celsius == nil)
        #expect(report.problems.count == 3)
    }

    @Test func `more devices than anybody has are not looked at`() throws {
        let many = try (0..<2000).map { index in
            try Self.device(index, "\(Hex.text(index / 200, digits: 4)):\(Hex.text(index % 200, digits: 2)):00.0")
        }
        #expect(Self.checked(many).devices.count == LibraryReport.mostDevices)
    }
}
