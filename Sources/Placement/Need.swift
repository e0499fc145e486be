import TidemillModel
import TidemillSeams

/// What one member needs from one device. A request is a list of these, the CPUs and main memory among them.
struct Need: Hashable, Sendable {
    /// The class that the device must belong to.
    var deviceClass: String
    /// Thousandths of a CPU, when the request names CPUs.
    var milliCPU: Int64?
    var memory: Quantity?
    var compute: Quantity?
    /// The weakest grade that will do; nil accepts any within one tenant.
    var isolation: Kinds.IsolationGrade?
    /// Acceptable models; any when empty.
    var models: [String] = []
    var attributes: [Kinds.Requirement] = []

    /// CPUs and memory of a slice that asks for accelerators alone: a process has to run somewhere.
    static let besideAccelerators = (milliCPU: Int64(250), memoryBytes: Int64(256 << 20))

    /// The needs of a request, the scarcest first: accelerators, then CPUs.
    ///
    /// - Parameter classes: for each entry of `devices` the class that was chosen.
    static func all(of request: Kinds.SliceRequest, classes: [String]) -> [Need] {
        var needs: [Need] = []
        for (device, name) in zip(request.devices, classes) {
            let need = Need(
                deviceClass: name, milliCPU: nil, memory: device.memory, compute: device.compute,
                isolation: device.isolation, models: device.models, attributes: device.attributes)
            needs += Array(repeating: need, count: Int(device.count ?? 1))
        }
        if request.cpu != nil || request.memory != nil {
            needs.append(
                Need(
                    deviceClass: DeviceSnapshot.cpuClass, milliCPU: request.cpu?.ceilingOfMilli, memory: request.memory)
            )
        } else if !needs.contains(where: { $0.deviceClass == DeviceSnapshot.cpuClass }) {
            let beside = Need.besideAccelerators
            needs.append(
                Need(
                    deviceClass: DeviceSnapshot.cpuClass, milliCPU: beside.milliCPU,
                    memory: Quantity(bytes: beside.memoryBytes)))
        }
        return needs
    }

    /// Whether devices of the kind are what is asked for, as far as model and attributes go.
    func accepts(_ kind: DeviceKind) -> Bool {
        if !models.isEmpty {
            guard let model = kind.attributes["model"], models.contains(model) else { return false }
        }
        return attributes.allSatisfy { $0.isMet(by: kind.attributes[$0.key]) }
    }

    /// What is asked of model and attributes: `model A100 or H100, computeCapability Gt (9.0)`.
    var qualities: String {
        let model = models.isEmpty ? [] : ["model " + models.joined(separator: " or ")]
        return (model + attributes.map(\.text)).joined(separator: ", ")
    }

    /// The amounts that the need draws from `device`; what it leaves open follows what it names.
    func amounts(on device: DeviceKind) -> DeviceAmounts {
        device.isCPU ? amountsOfCPU(on: device) : amountsOfAccelerator(on: device)
    }

    private func amountsOfCPU(on device: DeviceKind) -> DeviceAmounts {
        let capacity = device.capacity
        let named = compute?.fraction.ceiling(of: capacity.milliCPU) ?? milliCPU
        let bytes = memoryBytes(on: device)
        switch (named, bytes) {
        case (let cpu?, let bytes?):
            return DeviceAmounts(milliCPU: cpu, memoryBytes: bytes)
        case (let cpu?, nil):
            let part = Rational.part(cpu, of: capacity.milliCPU)
            return DeviceAmounts(milliCPU: cpu, memoryBytes: part.ceiling(of: capacity.memoryBytes))
        case (nil, let bytes?):
            let part = Rational.part(bytes, of: capacity.memoryBytes)
            return DeviceAmounts(milliCPU: part.ceiling(of: capacity.milliCPU), memoryBytes: bytes)
        case (nil, nil):
            return DeviceAmounts(
                milliCPU: device.allocatable.milliCPU, memoryBytes: device.allocatable.memoryBytes)
        }
    }

    /// Compute that is left open is not bounded: such shares take turns. Memory that is left open follows the compute.
    private func amountsOfAccelerator(on device: DeviceKind) -> DeviceAmounts {
        if memory == nil, compute == nil { return device.allocatable }
        let fraction = compute?.fraction ?? .zero
        let bytes =
            memoryBytes(on: device)
            ?? min(fraction.ceiling(of: device.capacity.memoryBytes), device.allocatable.memoryBytes)
        return DeviceAmounts(memoryBytes: bytes, compute: fraction)
    }

    private func memoryBytes(on device: DeviceKind) -> Int64? {
        guard let memory else { return nil }
        return memory.isPercentage ? memory.fraction.ceiling(of: device.capacity.memoryBytes) : memory.ceiling
    }

    /// The card units of `amounts` on `device`: the larger of the compute and the memory fraction of its capacity.
    func cardUnits(of amounts: DeviceAmounts, on device: DeviceSnapshot, grade: Kinds.IsolationGrade) -> Rational {
        if grade == .exclusive { return .one }
        let capacity = device.capacity
        let memoryPart = Rational.part(amounts.memoryBytes, of: capacity.memoryBytes)
        let computePart =
            compute?.fraction
            ?? (device.isCPU ? .part(amounts.milliCPU, of: capacity.milliCPU) : amounts.compute)
        return Swift.max(memoryPart, computePart)
    }
}
