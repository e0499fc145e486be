import TidemillModel
import TidemillSeams

/// Tries one member on one node: every need finds a device there, or the first that does not says why.
struct NodeFit: Sendable {
    /// One way to hold a member on a node.
    struct Way: Equatable, Sendable {
        /// For each need, the place of its device on the node.
        var devices: [Int] = []
        /// What is left over on these, in millionths of a device.
        var leftOver: Int64 = 0
        /// Bit i is set when a device of NUMA domain i is among them.
        var domains: UInt64 = 0
    }

    var namespace: String
    var needs: [Need]
    var tolerations: [Kinds.Toleration]
    var passedOver: [NodeID: String] = [:]

    /// The ways that differ in the device which the first need takes; the others take what is near it and tight. None when
    /// the node holds no member, for which `refusal` has the reason.
    func ways(on node: NodeSnapshot, _ offers: inout Offers) -> [Way] {
        guard gate(node) == nil, !needs.isEmpty else { return [] }
        var ways: [Way] = []
        var tried: [Int] = []
        for index in node.devices.indices {
            guard let offer = offer(0, on: node.devices[index], &offers) else { continue }
            if tried.contains(where: { node.devices[$0].isAlike(node.devices[index]) }) { continue }
            tried.append(index)
            var way = Way()
            way.take(index, offer.amounts, on: node)
            if takesRest(&way, on: node, &offers) == nil { ways.append(way) }
        }
        return ways
    }

    /// Why `node` holds no member; nil when it does.
    func refusal(on node: NodeSnapshot) -> Refusal? {
        if let refusal = gate(node) { return refusal }
        var offers = Offers(needs)
        guard !needs.isEmpty, ways(on: node, &offers).isEmpty else { return nil }
        // Of the ways that could not be finished, the need at which the first one stopped.
        for index in node.devices.indices {
            guard let offer = offer(0, on: node.devices[index], &offers) else { continue }
            var way = Way()
            way.take(index, offer.amounts, on: node)
            if let need = takesRest(&way, on: node, &offers) {
                return refusal(of: need, on: node, after: way, &offers)
            }
        }
        return refusal(of: 0, on: node, after: Way(), &offers)
    }

    /// What the device that is nearest to holding the need lacks.
    private func refusal(of need: Int, on node: NodeSnapshot, after way: Way, _ offers: inout Offers) -> Refusal {
        let deviceClass = needs[need].deviceClass
        var nearest: Refusal?
        for index in node.devices.indices where !way.devices.contains(index) {
            let device = node.devices[index]
            guard let found = offers.offer(of: device.kind, to: need) else { continue }
            var next: Refusal
            switch found {
            case .failure(let refusal): next = refusal
            case .success(let offer):
                guard let lack = device.lack(of: offer, for: namespace) else { continue }
                next = device.refusal(lack, of: offer, deviceClass: deviceClass)
            }
            if let known = nearest { next = known.nearer(next) }
            nearest = next
        }
        return nearest ?? .noDevice(deviceClass)
    }

    /// The shares that `way` takes on `node`.
    func shares(_ way: Way, on node: NodeSnapshot) -> [PlannedShare] {
        zip(needs, way.devices).compactMap { need, index in
            let device = node.devices[index]
            guard case .success(let offer)? = Offer.of(device.kind, to: need) else { return nil }
            return PlannedShare(
                device: device.name, isCPU: device.isCPU, amounts: offer.amounts, compute: need.compute,
                cardUnits: need.cardUnits(of: offer.amounts, on: device, grade: offer.grade), isolation: offer.grade)
        }
    }

    /// Nodes with PreferNoSchedule that is not tolerated, or with NoExecute that is tolerated for a time only, come after all
    /// others.
    func avoids(_ node: NodeSnapshot) -> Bool {
        node.taints.contains { tolerations.tolerance(of: $0) != .forEver }
    }

    /// What keeps the whole node out of reach, before any device is looked at.
    private func gate(_ node: NodeSnapshot) -> Refusal? {
        if node.isCordoned || node.state == .cordoned { return .cordoned }
        guard node.state == .ready, node.bootID != nil else { return .notReady(node.state) }
        let refused = node.taints.first { $0.effect != .preferNoSchedule && !tolerations.tolerate($0) }
        if let taint = refused { return .tainted(taint.key) }
        if !passedOver.isEmpty, let reason = passedOver[node.name] { return .passedOver(reason) }
        return nil
    }

    /// Gives the other needs the device that is nearest, and of those the one with the least left over; ties go to the first
    /// name. Returns the need that finds none.
    private func takesRest(_ way: inout Way, on node: NodeSnapshot, _ offers: inout Offers) -> Int? {
        for need in needs.indices.dropFirst() {
            var best: (index: Int, amounts: DeviceAmounts, isFar: Bool, leftOver: Int64)?
            // One slice holds at most one share of a device, since a grant lists each device once.
            for index in node.devices.indices where !way.devices.contains(index) {
                guard let offer = offer(need, on: node.devices[index], &offers) else { continue }
                let isFar = way.domains | node.devices[index].kind.domainBit != way.domains
                let leftOver = node.devices[index].leftOver(after: offer.amounts)
                if let best, (best.isFar ? 1 : 0, best.leftOver) <= (isFar ? 1 : 0, leftOver) { continue }
                best = (index, offer.amounts, isFar, leftOver)
            }
            guard let found = best else { return need }
            way.take(found.index, found.amounts, on: node)
        }
        return nil
    }

    /// What the need takes of `device`; nil when it cannot.
    @inline(__always)
    private func offer(_ need: Int, on device: DeviceSnapshot, _ offers: inout Offers) -> Offer? {
        guard case .success(let offer)? = offers.offer(of: device.kind, to: need),
            device.lack(of: offer, for: namespace) == nil
        else { return nil }
        return offer
    }
}

/// What devices of one kind offer to one need.
struct Offer: Sendable {
    var grade: Kinds.IsolationGrade
    var amounts: DeviceAmounts

    /// Nil when devices of the kind are not of the class.
    static func of(_ kind: DeviceKind, to need: Need) -> Result<Offer, Refusal>? {
        guard let listed = kind.classes[need.deviceClass] else { return nil }
        guard let grade = need.grade(of: listed.isEmpty ? [.advisory] : listed) else {
            return .failure(.isolation(need.isolation ?? .advisory, need.deviceClass))
        }
        return .success(Offer(grade: grade, amounts: grade == .exclusive ? kind.allocatable : need.amounts(on: kind)))
    }
}

/// What kinds of devices offer to the needs of one ask, worked out once for each.
struct Offers: Sendable {
    private let needs: [Need]
    /// By kind, of which there are few, then by need.
    private var known: [(kind: DeviceKind, offers: [Result<Offer, Refusal>?])] = []

    init(_ needs: [Need]) {
        self.needs = needs
    }

    @inline(__always)
    mutating func offer(of kind: DeviceKind, to need: Int) -> Result<Offer, Refusal>? {
        for entry in known where entry.kind === kind { return entry.offers[need] }
        let offers = needs.map { Offer.of(kind, to: $0) }
        known.append((kind, offers))
        return offers[need]
    }
}

extension NodeFit.Way {
    @inline(__always)
    fileprivate mutating func take(_ index: Int, _ amounts: DeviceAmounts, on node: NodeSnapshot) {
        devices.append(index)
        leftOver += node.devices[index].leftOver(after: amounts)
        domains |= node.devices[index].kind.domainBit
    }

    /// NUMA domains beyond the first.
    var crossings: Int { max(0, domains.nonzeroBitCount - 1) }
}

extension DeviceKind {
    var domainBit: UInt64 { numaNode.map { 1 << UInt64($0 & 63) } ?? 0 }
}

extension Need {
    /// The strongest grade on offer that shares the device and is strong enough; the whole device where only that will do.
    func grade(of offered: [Kinds.IsolationGrade]) -> Kinds.IsolationGrade? {
        let weakest = isolation?.strength ?? 0
        var best: Kinds.IsolationGrade?
        for grade in offered where grade.strength >= weakest {
            guard let known = best else {
                best = grade
                continue
            }
            let isBetter = known == .exclusive || (grade != .exclusive && grade.strength > known.strength)
            if isBetter { best = grade }
        }
        return best
    }
}

extension Kinds.IsolationGrade {
    /// Orders the grades: a higher number isolates more.
    package var strength: Int {
        switch self {
        case .advisory: 0
        case .enforced: 1
        case .hardware: 2
        case .exclusive: 3
        }
    }
}
