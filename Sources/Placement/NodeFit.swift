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
        /// The devices of the node that have a link to every accelerator among them.
        var linked: UInt64 = .max
        /// Accelerators that lack a link to one before them, on a node that has links.
        var unlinked = 0
    }

    var namespace: String
    var needs: [Need]
    var tolerations: [Kinds.Toleration]
    var isLocal: Bool
    var isLinked: Bool

    /// The ways that differ in the device which the first need takes; the others take what is near it and tight. None when
    /// the node holds no member, for which `refusal` has the reason.
    func ways(on node: NodeSnapshot, _ offers: inout Offers) -> [Way] {
        guard gate(node) == nil, !needs.isEmpty else { return [] }
        var ways: [Way] = []
        var tried: [Int] = []
        for index in node.devices.indices {
            guard let offer = offer(0, on: node, index, &offers) else { continue }
            if tried.contains(where: { node.areAlike($0, index) }) { continue }
            tried.append(index)
            var way = Way()
            way.take(index, offer.amounts, on: node)
            if let found = finish(way, on: node, &offers) { ways.append(found) }
        }
        return ways
    }

    /// Why `node` holds no member; nil when it does.
    func refusal(on node: NodeSnapshot) -> Refusal? {
        if let refusal = gate(node) { return refusal }
        var offers = Offers(needs)
        guard !needs.isEmpty, ways(on: node, &offers).isEmpty else { return nil }
        if let constraint = scattering(on: node, &offers) { return .excluded(constraint) }
        var fit = self
        (fit.isLocal, fit.isLinked) = (false, false)
        // Of the ways that could not be finished, the need at which the first one stopped.
        for index in node.devices.indices {
            guard let offer = offer(0, on: node, index, &offers) else { continue }
            var way = Way()
            way.take(index, offer.amounts, on: node)
            if let need = fit.takesRest(&way, on: node, &offers) {
                return refusal(of: need, on: node, after: way, &offers)
            }
        }
        return refusal(of: 0, on: node, after: Way(), &offers)
    }

    /// The constraint but for which the node would hold a member; nil when it lacks more than that.
    private func scattering(on node: NodeSnapshot, _ offers: inout Offers) -> Constraint? {
        guard isLocal || isLinked else { return nil }
        var fit = self
        fit.isLocal = false
        if isLocal, !fit.ways(on: node, &offers).isEmpty { return .numa }
        fit.isLinked = false
        guard isLinked, !fit.ways(on: node, &offers).isEmpty else { return nil }
        return .links
    }

    /// What the device that is nearest to holding the need lacks.
    private func refusal(of need: Int, on node: NodeSnapshot, after way: Way, _ offers: inout Offers) -> Refusal {
        let deviceClass = needs[need].deviceClass
        var nearest: Refusal?
        for index in node.devices.indices where !way.devices.contains(index) {
            let device = node.devices[index]
            guard let found = Offer.of(device.kind, to: needs[need]) else { continue }
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
        if let nearest { return nearest }
        let wanted = needs.count { $0.deviceClass == deviceClass }
        let hasSome = way.devices.contains { node.devices[$0].classes[deviceClass] != nil }
        return hasSome ? .tooFew(deviceClass, wanted: wanted) : .noDevice(deviceClass)
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
        return nil
    }

    /// The way with a device for every need; nil when there is none.
    private func finish(_ way: Way, on node: NodeSnapshot, _ offers: inout Offers) -> Way? {
        var quick = way
        if takesRest(&quick, on: node, &offers) == nil { return quick }
        guard mayTryOtherwise else { return nil }
        var steps = Self.mostSteps
        return search(way, on: node, &offers, &steps)
    }

    /// Whether a need that finds no device could find one if those before it had taken others.
    private var mayTryOtherwise: Bool {
        needs.count > 2 && (isLocal || isLinked || needs.dropLast().contains { $0 != needs[0] })
    }

    /// Devices that are tried for one member on one node when the nearest and tightest did not do.
    private static let mostSteps = 512

    /// Gives the other needs the device that is nearest, and of those the one with the least left over; ties go to the first
    /// name. Returns the need that finds none.
    private func takesRest(_ way: inout Way, on node: NodeSnapshot, _ offers: inout Offers) -> Int? {
        for need in needs.indices.dropFirst() {
            var best: Candidate?
            // One slice holds at most one share of a device, since a grant lists each device once.
            for index in node.devices.indices {
                guard let next = candidate(index, for: need, after: way, on: node, &offers) else { continue }
                if let best, !next.isBetter(than: best) { continue }
                best = next
            }
            guard let found = best else { return need }
            way.take(found.index, found.amounts, on: node)
        }
        return nil
    }

    /// Tries devices for the next need in the order of preference, and others when those lead nowhere.
    private func search(_ way: Way, on node: NodeSnapshot, _ offers: inout Offers, _ steps: inout Int) -> Way? {
        let need = way.devices.count
        guard need < needs.count else { return way }
        var candidates: [Candidate] = []
        for index in node.devices.indices {
            guard let next = candidate(index, for: need, after: way, on: node, &offers),
                !candidates.contains(where: { node.areAlike($0.index, index) })
            else { continue }
            candidates.append(next)
        }
        for candidate in candidates.sorted(by: { $0.isBetter(than: $1) }) {
            steps -= 1
            guard steps > 0 else { return nil }
            var next = way
            next.take(candidate.index, candidate.amounts, on: node)
            if let found = search(next, on: node, &offers, &steps) { return found }
        }
        return nil
    }

    /// A device that a need could take.
    private struct Candidate {
        var index: Int
        var amounts: DeviceAmounts
        /// Links that it lacks, then NUMA domains.
        var distance: Int
        var leftOver: Int64

        @inline(__always)
        func isBetter(than other: Candidate) -> Bool {
            distance == other.distance ? leftOver < other.leftOver : distance < other.distance
        }
    }

    @inline(__always)
    private func candidate(
        _ index: Int, for need: Int, after way: Way, on node: NodeSnapshot, _ offers: inout Offers
    ) -> Candidate? {
        guard !way.devices.contains(index), let offer = offer(need, on: node, index, &offers) else { return nil }
        let traits = node.devices[index].traits
        let isFar = way.domains != 0 && way.domains | traits.domain != way.domains
        let isUnlinked = !traits.isCPU && !way.isLinked(to: index)
        if isFar && isLocal || isUnlinked && isLinked { return nil }
        return Candidate(
            index: index, amounts: offer.amounts, distance: (isUnlinked ? 2 : 0) + (isFar ? 1 : 0),
            leftOver: node.devices[index].leftOver(after: offer.amounts))
    }

    /// What the need takes of the device; nil when it cannot.
    @inline(__always)
    private func offer(_ need: Int, on node: NodeSnapshot, _ device: Int, _ offers: inout Offers) -> Offer? {
        guard let offer = offers.offer(of: device, on: node, to: need),
            node.devices[device].lack(of: offer, for: namespace) == nil
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
        guard need.accepts(kind) else { return .failure(.unlike(need.deviceClass, need.qualities)) }
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
    private var known: [(kind: DeviceKind, traits: DeviceSnapshot.Traits, offers: [Offer?])] = []

    init(_ needs: [Need]) {
        self.needs = needs
    }

    @inline(__always)
    mutating func offer(of device: Int, on node: NodeSnapshot, to need: Int) -> Offer? {
        let kind = node.devices[device].traits.kind
        for index in known.indices where known[index].traits.kind == kind { return known[index].offers[need] }
        return learn(node.devices[device].kind)[need]
    }

    private mutating func learn(_ kind: DeviceKind) -> [Offer?] {
        let offers = needs.map { need -> Offer? in
            if case .success(let offer)? = Offer.of(kind, to: need) { offer } else { nil }
        }
        known.append((kind, DeviceSnapshot.Traits(kind), offers))
        return offers
    }
}

extension NodeFit.Way {
    @inline(__always)
    fileprivate mutating func take(_ index: Int, _ amounts: DeviceAmounts, on node: NodeSnapshot) {
        devices.append(index)
        let traits = node.devices[index].traits
        leftOver += node.devices[index].leftOver(after: amounts)
        domains |= traits.domain
        guard !traits.isCPU else { return }
        let links = node.devices[index].linked
        if links != 0, !isLinked(to: index) { unlinked += 1 }
        linked &= links
    }

    @inline(__always)
    fileprivate func isLinked(to device: Int) -> Bool { device < 64 && linked & (1 << UInt64(device)) != 0 }

    /// NUMA domains beyond the first.
    var crossings: Int { max(0, domains.nonzeroBitCount - 1) }
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
