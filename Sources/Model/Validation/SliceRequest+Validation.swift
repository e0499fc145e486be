extension Kinds.SliceRequest {
    /// More CPUs than any one machine has, in thousandths.
    static let mostMilliCPU: Int64 = 4096 * 1000
    /// Below this a process cannot even start.
    static let leastMemoryBytes: Int64 = 4 << 20
    static let mostMemoryBytes: Int64 = 64 << 40
    static let mostDevices: Int64 = 16
    /// Ways to choose a class for each device; each is tried by itself.
    static let mostChoices = 16

    /// What is wrong with the request that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        if cpu == nil, memory == nil, devices.isEmpty {
            errors.append(.required(path, "must ask for cpu, memory or devices"))
        }
        if let cpu { errors += Self.problems(cpu: cpu, at: "\(path).cpu") }
        if let memory { errors += Self.problems(memory: memory, at: "\(path).memory") }
        for (index, device) in devices.enumerated() {
            let devicePath = "\(path).devices[\(index)]"
            if device.class == Kinds.DeviceClass.cpu, cpu != nil || memory != nil {
                errors.append(
                    .forbidden("\(devicePath).class", "name either cpu and memory or a device of class cpu, not both"))
            }
            errors += device.alternatives.problems(of: device.class, at: "\(devicePath).alternatives")
            errors += device.problems(at: devicePath)
        }
        let shares = devices.reduce(0) { $0 + ($1.count ?? 1) }
        if shares > Self.mostDevices {
            errors.append(
                .invalid("\(path).devices", shares, "must be shares of at most \(Self.mostDevices) devices in all"))
        }
        let choices = devices.reduce(1) { min(1024, $0 * (1 + $1.alternatives.count)) }
        if choices > Self.mostChoices {
            errors.append(
                .invalid(
                    "\(path).devices", Int64(choices),
                    "must leave at most \(Self.mostChoices) ways to choose between classes"))
        }
        return errors
    }

    private static func problems(cpu: Quantity, at path: String) -> [FieldError] {
        guard let milli = cpu.milliValue, milli > 0, milli <= mostMilliCPU else {
            return [.invalid(path, cpu.text, "must be more than 0 and at most 4096 CPUs")]
        }
        return []
    }

    private static func problems(memory: Quantity, at path: String) -> [FieldError] {
        guard let bytes = memory.wholeValue, bytes >= leastMemoryBytes, bytes <= mostMemoryBytes else {
            return [.invalid(path, memory.text, "must be at least 4Mi and at most 64Ti")]
        }
        return []
    }
}

extension Kinds.DeviceRequest {
    func problems(at path: String) -> [FieldError] {
        var errors = attributes.problems(at: "\(path).attributes")
        if let compute, compute.fraction <= .zero || compute.fraction > .one {
            errors.append(.invalid("\(path).compute", compute.text, "must be more than 0 and at most 1 (100%)"))
        }
        if let memory, memory.isPercentage, memory.fraction <= .zero {
            errors.append(.invalid("\(path).memory", memory.text, "must be more than 0%"))
        }
        if let memory, !memory.isPercentage {
            let least = Kinds.SliceRequest.leastMemoryBytes
            guard let bytes = memory.wholeValue, bytes >= least, bytes <= Kinds.SliceRequest.mostMemoryBytes else {
                return errors + [.invalid("\(path).memory", memory.text, "must be at least 4Mi and at most 64Ti")]
            }
        }
        return errors
    }
}

extension [Kinds.AlternativeClass] {
    /// A class of CPUs and one of accelerators are no alternatives: they are asked for in different amounts.
    func problems(of deviceClass: String, at path: String) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, alternative) in enumerated() {
            let here = "\(path)[\(index)]"
            if alternative.class == deviceClass { errors.append(.duplicate("\(here).class", alternative.class)) }
            if alternative.class == Kinds.DeviceClass.cpu || deviceClass == Kinds.DeviceClass.cpu {
                errors.append(.forbidden("\(here).class", "the class cpu has no alternatives"))
            }
            if let rate = alternative.rate, rate.fraction <= .zero {
                errors.append(.invalid("\(here).rate", rate.text, "must be more than 0"))
            }
        }
        return errors
    }
}
