import TidemillDevices

/// What the metrics tell of one accelerator.
package struct DeviceFigures: Sendable {
    /// Name of the Device.
    package var name: String
    package var device: FoundDevice

    package init(name: String, device: FoundDevice) {
        self.name = name
        self.device = device
    }
}

extension MetricsText {
    /// Figures of accelerators in base units; those that are not known have no series.
    static func addDevices(_ text: inout String, _ devices: [DeviceFigures]) {
        guard !devices.isEmpty else { return }
        header(&text, "tidemill_device_info", "gauge")
        for one in devices {
            line(
                &text, "tidemill_device_info",
                [
                    ("device", one.name), ("vendor", one.device.vendor.name), ("model", escaped(one.device.modelName)),
                    ("level", one.device.level.rawValue), ("pci", one.device.function.address.description),
                ], "1")
        }
        for series in allSeries {
            let known = devices.compactMap { one in series.value(one.device).map { (one.name, $0) } }
            if known.isEmpty { continue }
            header(&text, series.name, series.type)
            for (name, value) in known { line(&text, series.name, [("device", name)], number(value)) }
        }
    }

    private struct Series: Sendable {
        var name: String
        var type = "gauge"
        var value: @Sendable (FoundDevice) -> Double?

        init(_ name: String, _ type: String = "gauge", _ value: @escaping @Sendable (FoundDevice) -> Double?) {
            self.name = "tidemill_device_" + name
            self.type = type
            self.value = value
        }

        static func usage(
            _ name: String, _ type: String = "gauge", _ value: @escaping @Sendable (DeviceUsage) -> Double?
        ) -> Series {
            Series(name, type) { $0.measured.flatMap { value($0.usage) } }
        }
    }

    private static let allSeries: [Series] = [
        // 1 is what the library calls healthy or degraded.
        Series("healthy") { $0.measured?.health.map { $0 == .unhealthy ? 0 : 1 } },
        Series("faults") { $0.measured.map { Double($0.faults.count) } },
        Series("memory_bytes") { $0.memoryBytes.map { Double($0) } },
        .usage("memory_used_bytes") { $0.memoryUsedBytes.map { Double($0) } },
        .usage("busy_ratio") { $0.compute },
        .usage("memory_busy_ratio") { $0.memoryBusy },
        .usage("power_watts") { $0.watts },
        .usage("power_limit_watts") { $0.wattsLimit },
        .usage("energy_joules_total", "counter") { $0.joules },
        .usage("temperature_celsius") { $0.celsius },
        .usage("memory_temperature_celsius") { $0.memoryCelsius },
        .usage("clock_hertz") { $0.clockHertz.map { Double($0) } },
        .usage("memory_clock_hertz") { $0.memoryClockHertz.map { Double($0) } },
        .usage("ecc_corrected_total", "counter") { $0.eccCorrected.map { Double($0) } },
        .usage("ecc_uncorrected_total", "counter") { $0.eccUncorrected.map { Double($0) } },
    ]

    /// Whole numbers without a fraction.
    private static func number(_ value: Double) -> String { Int64(exactly: value).map { "\($0)" } ?? "\(value)" }

    /// A model's name comes from its vendor, who may write anything.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : $0 == "\n" ? "\\n" : String($0) }.joined()
    }
}
