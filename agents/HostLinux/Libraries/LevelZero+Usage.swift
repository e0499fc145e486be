import TidemillDevices

// Figures of the moment. Parts of a card that has several tiles are summed up, or the greatest of them is told.

extension LevelZero {
    func readUsage(_ found: LevelZeroDevice, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        readPower(found, &next, &calls)
        readEngines(found, &next, &calls)
        // zes_temp_properties_t, 48 bytes: type at 16. Degrees.
        typealias GetDouble = @convention(c) (Handle, UnsafeMutablePointer<Double>) -> UInt32
        for sensor in handles("zesDeviceEnumTemperatureSensors", found.handle, &calls) {
            let properties = filled("zesTemperatureGetProperties", sensor, type: 20, 48, &calls)
            guard let type = properties?.number(at: 16, as: UInt32.self), type <= 2 else { continue }
            var celsius = 0.0
            guard calls.call("zesTemperatureGetState", as: GetDouble.self, { $0(sensor, &celsius) }) else { continue }
            // ZES_TEMP_SENSORS_MEMORY is 2; _GLOBAL and _GPU are 0 and 1.
            if type == 2 {
                next.usage.memoryCelsius = max(next.usage.memoryCelsius ?? celsius, celsius)
            } else {
                next.usage.celsius = max(next.usage.celsius ?? celsius, celsius)
            }
        }
        // zes_freq_properties_t, 48 bytes: type at 16. zes_freq_state_t, 64 bytes: megahertz at 48, negative when not known.
        for domain in handles("zesDeviceEnumFrequencyDomains", found.handle, &calls) {
            let properties = filled("zesFrequencyGetProperties", domain, type: 9, 48, &calls)
            guard let type = properties?.number(at: 16, as: UInt32.self), type <= 1,
                let megahertz = filled("zesFrequencyGetState", domain, type: 27, 64, &calls)?.double(at: 48),
                megahertz >= 0
            else { continue }
            let hertz = Int64(min(megahertz, 1_000_000_000) * 1_000_000)
            // ZES_FREQ_DOMAIN_GPU is 0, _MEMORY 1.
            if type == 0 {
                next.usage.clockHertz = max(next.usage.clockHertz ?? 0, hertz)
            } else {
                next.usage.memoryClockHertz = max(next.usage.memoryClockHertz ?? 0, hertz)
            }
        }
    }

    /// Of the whole card where it tells that, else of those domains that are not of one tile.
    private func readPower(_ found: LevelZeroDevice, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        typealias GetHandle = @convention(c) (Handle, UnsafeMutablePointer<Handle>) -> UInt32
        var domain: Handle = nil
        if !calls.call("zesDeviceGetCardPowerDomain", as: GetHandle.self, { $0(found.handle, &domain) }) {
            // zes_power_properties_t, 40 bytes: onSubdevice at 16.
            domain =
                handles("zesDeviceEnumPowerDomains", found.handle, &calls).first {
                    filled("zesPowerGetProperties", $0, type: 13, 40, &calls)?.number(at: 16, as: UInt8.self) == 0
                } ?? nil
        }
        guard domain != nil else { return }
        // zes_power_energy_counter_t, 16 bytes: microjoules at 0, microseconds at 8.
        if let energy = filled("zesPowerGetEnergyCounter", domain, type: 0, 16, &calls) {
            let microjoules: UInt64 = energy.number(at: 0)
            next.usage.joules = Double(microjoules) / 1_000_000
            // Microjoules in a microsecond are watts.
            next.usage.watts = counters.rate(
                "\(found.address) energy", LevelZeroCounters.Sample(microjoules, energy.number(at: 8)))
        }
        // zes_power_sustained_limit_t, 12 bytes: enabled at 0, milliwatts at 4.
        typealias GetLimits =
            @convention(c) (
                Handle, UnsafeMutableRawPointer, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
            ) -> UInt32
        let limit = LibraryBuffer(12)
        if calls.call("zesPowerGetLimits", as: GetLimits.self, { $0(domain, limit.pointer, nil, nil) }) {
            if limit.number(at: 0, as: UInt8.self) != 0 {
                next.usage.wattsLimit = Double(limit.number(at: 4, as: Int32.self)) / 1000
            }
        } else {
            next.usage.wattsLimit = sustainedLimit(domain, &calls)
        }
    }

    /// zes_power_limit_ext_desc_t, 48 bytes: level at 16, unit at 24, enabled at 29, limit at 40. ZES_POWER_LEVEL_SUSTAINED is
    /// 1, ZES_LIMIT_UNIT_POWER 2: milliwatts.
    private func sustainedLimit(_ domain: Handle, _ calls: inout LibraryCalls) -> Double? {
        typealias GetLimits = @convention(c) (Handle, UnsafeMutablePointer<UInt32>, UnsafeMutableRawPointer?) -> UInt32
        let symbol = "zesPowerGetLimitsExt"
        var count: UInt32 = 0
        guard calls.call(symbol, as: GetLimits.self, { $0(domain, &count, nil) }), count > 0 else { return nil }
        let most = min(count, 32)
        let limits = LibraryBuffer(48 * Int(most))
        // ZES_STRUCTURE_TYPE_POWER_LIMIT_EXT_DESC
        for index in 0..<Int(most) { limits.set(UInt32(39), at: 48 * index) }
        count = most
        guard calls.call(symbol, as: GetLimits.self, { $0(domain, &count, limits.pointer) }) else { return nil }
        for start in (0..<Int(min(count, most))).map({ $0 * 48 }) {
            let (level, unit): (UInt32, UInt32) = (limits.number(at: start + 16), limits.number(at: start + 24))
            guard level == 1, unit == 2, limits.number(at: start + 29, as: UInt8.self) != 0 else { continue }
            return Double(limits.number(at: start + 40, as: Int32.self)) / 1000
        }
        return nil
    }

    /// zes_engine_properties_t, 32 bytes: type at 16. zes_engine_stats_t, 16 bytes: microseconds of work at 0, of time at 8.
    private func readEngines(_ found: LevelZeroDevice, _ next: inout LibraryDevice, _ calls: inout LibraryCalls) {
        var engines: [UInt32: [Handle]] = [:]
        for engine in handles("zesDeviceEnumEngineGroups", found.handle, &calls) {
            guard let properties = filled("zesEngineGetProperties", engine, type: 5, 32, &calls) else { continue }
            engines[properties.number(at: 16), default: []].append(engine)
        }
        // The first that there is of ZES_ENGINE_GROUP_COMPUTE_ALL, _3D_RENDER_COMPUTE_ALL, _ALL.
        guard let chosen = [1, 11, 0].lazy.compactMap({ engines[$0] }).first else { return }
        var parts: [Double] = []
        for (index, engine) in chosen.enumerated() {
            guard let stats = filled("zesEngineGetActivity", engine, type: 0, 16, &calls) else { continue }
            let sample = LevelZeroCounters.Sample(stats.number(at: 0), stats.number(at: 8))
            if let part = counters.rate("\(found.address) engine \(index)", sample) { parts.append(min(part, 1)) }
        }
        if !parts.isEmpty { next.usage.compute = parts.reduce(0, +) / Double(parts.count) }
    }
}

/// Counters that only grow, of the last two readings.
final class LevelZeroCounters {
    struct Sample {
        var count: UInt64
        var microseconds: UInt64

        init(_ count: UInt64, _ microseconds: UInt64) {
            self.count = count
            self.microseconds = microseconds
        }
    }

    private var before: [String: Sample] = [:]
    private var now: [String: Sample] = [:]

    /// How much a counter grew in a microsecond since the reading before; nil without one, or when it began anew.
    func rate(_ name: String, _ sample: Sample) -> Double? {
        now[name] = sample
        guard let last = before[name], sample.microseconds > last.microseconds, sample.count >= last.count else {
            return nil
        }
        return Double(sample.count - last.count) / Double(sample.microseconds - last.microseconds)
    }

    /// Ends a reading.
    func turn() {
        (before, now) = (now, [:])
    }
}
