import TidemillModel
import TidemillSeams

/// Why one node cannot take one member.
enum Refusal: Error, Hashable {
    case cordoned
    case notReady(Kinds.NodeState)
    case tainted(String)
    /// The node itself refused a moment ago, for this reason.
    case passedOver(String)
    /// No device of the class.
    case noDevice(String)
    /// Fewer devices of the class than are asked for.
    case tooFew(String, wanted: Int)
    case deviceCordoned(String, device: DeviceID)
    case deviceUnhealthy(String, device: DeviceID)
    case isolation(Kinds.IsolationGrade, String)
    /// Devices of the class, but not of the model or with the attributes that are asked for.
    case unlike(String, String)
    /// What the request or its job rules out.
    case excluded(Constraint)
    case sharedWithAnotherTenant(String, device: DeviceID)
    /// The whole device is asked for and something is held on it.
    case notEmpty(String, device: DeviceID)
    case short(Shortage, device: DeviceID)

    /// Of two refusals by devices of one node, the one that is closer to fitting.
    func nearer(_ other: Refusal) -> Refusal {
        switch (self, other) {
        case (.short(let mine, _), .short(let theirs, _)): theirs.missing < mine.missing ? other : self
        case (.short, _): self
        case (_, .short): other
        default: self
        }
    }

    /// What the node is; nodes of which the same is said are counted together.
    var text: String {
        switch self {
        case .cordoned: "cordoned"
        case .notReady(let state): state.rawValue
        case .tainted(let key): "tainted \(key)"
        case .passedOver(let reason): "passed over after refusing (\(reason))"
        case .noDevice(let name): "without a device of class \(name)"
        case .tooFew(let name, let wanted): "with fewer than \(wanted) devices of class \(name)"
        case .deviceCordoned(let name, _): "with every fitting \(name) device cordoned"
        case .deviceUnhealthy(let name, _): "with every fitting \(name) device unhealthy"
        case .isolation(let grade, let name): "without \(grade.rawValue) isolation of class \(name)"
        case .unlike(let name, let qualities): "without a device of class \(name) with \(qualities)"
        case .excluded(let constraint): constraint.refusal
        case .sharedWithAnotherTenant(let name, _): "where another tenant shares the \(name) device without enforcement"
        case .notEmpty(let name, _): "without an empty device of class \(name)"
        case .short(let shortage, _): "short of \(shortage.neededText)"
        }
    }
}

/// One amount that a device has too little of.
package enum Shortage: Hashable, Sendable {
    /// Thousandths of a CPU.
    case cpu(needed: Int64, free: Int64)
    /// Bytes, of main memory or of a class of devices.
    case memory(String, needed: Int64, free: Int64)
    case compute(String, needed: Rational, free: Rational)

    /// How much is missing, comparable between devices of one kind.
    var missing: Rational {
        switch self {
        case .cpu(let needed, let free): Rational(needed - free)
        case .memory(_, let needed, let free): Rational(needed - free)
        case .compute(_, let needed, let free): needed - free
        }
    }

    var neededText: String {
        switch self {
        case .cpu(let needed, _): "\(Quantity(milliCPU: needed)) cpu"
        case .memory(let place, let needed, _): "\(AmountText.bytes(needed)) \(place)"
        case .compute(let name, let needed, _): "\(AmountText.percent(needed)) of a \(name) device"
        }
    }

    var freeText: String {
        switch self {
        case .cpu(_, let free): "\(Quantity(milliCPU: free))"
        case .memory(_, _, let free): AmountText.bytes(free)
        case .compute(_, _, let free): AmountText.percent(free)
        }
    }

    /// What must come free, rounded up so that freeing it is enough.
    var missingText: String {
        switch self {
        case .cpu(let needed, let free): "\(Quantity(milliCPU: needed - free)) cpu"
        case .memory(let place, let needed, let free): "\(AmountText.bytes(needed - free, roundingUp: true)) \(place)"
        case .compute(let name, let needed, let free): "\(AmountText.percent(needed - free)) of a \(name) device"
        }
    }
}

/// Amounts as people read them: binary units without a tail of digits.
enum AmountText {
    static func bytes(_ bytes: Int64, roundingUp: Bool = false) -> String {
        let units: [(String, Int64)] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)]
        guard let (name, size) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes)" }
        if bytes % size == 0 { return "\(bytes / size)\(name)" }
        // Below ten of a unit, the next smaller one says it better: 1300Mi, not 1Gi.
        let finer = bytes < 10 * size ? size >> 10 : size
        let finerName = finer == size ? name : units.first { $0.1 == finer }?.0 ?? ""
        return "\(roundingUp ? (bytes + finer - 1) / finer : bytes / finer)\(finerName)"
    }

    static func percent(_ fraction: Rational) -> String {
        "\(fraction.ceiling(of: 100))%"
    }
}
