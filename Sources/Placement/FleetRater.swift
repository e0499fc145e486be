import TidemillModel
import TidemillSeams

/// Rates asks on nodes: whether a member fits, and of the ways to hold it the one that the policy likes best.
struct FleetRater: NodeRater {
    /// A node, and its room with its worth.
    struct Known: Sendable {
        var node: NodeSnapshot
        var room: Valued
    }

    let policy: PlacementPolicy
    private(set) var rooms: NodeRooms
    private var worths: [Room: Double] = [:]
    /// What devices offer to the ask that was rated last.
    private var asked: Ask?
    private var offers = Offers([])

    init(_ policy: PlacementPolicy, rooms: NodeRooms) {
        self.policy = policy
        self.rooms = rooms
    }

    /// Whether two nodes are of one kind, for policies.
    mutating func areAlike(_ one: NodeSnapshot, _ other: NodeSnapshot) -> Bool { rooms.areAlike(one, other) }

    mutating func know(_ standing: Standing) -> Known {
        Known(node: standing.node, room: valued(rooms.room(of: standing.node)))
    }

    mutating func rate(_ ask: Ask, in known: Known) -> Rating? { best(ask, in: known)?.rating }

    /// The way that the rating means.
    mutating func way(_ ask: Ask, in known: Known) -> NodeFit.Way? { best(ask, in: known)?.way }

    /// In this order: nodes that are not to be avoided, the policy's score less what far memory and missing links cost, and
    /// the least left over.
    private mutating func best(_ ask: Ask, in known: Known) -> (rating: Rating, way: NodeFit.Way)? {
        let (node, before) = (known.node, known.room)
        let fit = ask.fit
        if asked != ask { (asked, offers) = (ask, Offers(ask.needs)) }
        var best: (score: Int, way: NodeFit.Way)?
        for way in fit.ways(on: node, &offers) {
            var room = before.room
            for (need, index) in way.devices.enumerated() {
                guard let offer = offers.offer(of: index, on: node, to: need) else { continue }
                rooms.take(offer, of: node.devices[index].traits, free: node.devices[index].free, from: &room)
            }
            let after = valued(room)
            let distance = Self.crossing * (way.crossings + way.unlinked)
            let score = max(0, Int(policy.score(before: before, after: after)) - distance)
            let rank = score * Self.tightest + way.tightness(of: Self.tightest)
            if best.map({ rank > $0.score }) ?? true { best = (rank, way) }
        }
        guard let (score, way) = best else { return nil }
        let wanted = fit.avoids(node) ? 0 : 255 * Self.tightest
        return (Rating(score: UInt16(clamping: wanted + score)), way)
    }

    /// Rooms that are remembered at most.
    private static let most = 1 << 17
    /// Steps of the policy's score that each NUMA domain beyond the first costs, and each accelerator that lacks a link.
    private static let crossing = 4
    /// Steps of tightness within one step of the policy's score.
    private static let tightest = 128

    private mutating func valued(_ room: Room) -> Valued {
        if let worth = worths[room] { return Valued(room, worth: worth) }
        if worths.count >= Self.most { worths.removeAll(keepingCapacity: true) }
        let worth = policy.worth(room)
        worths[room] = worth
        return Valued(room, worth: worth)
    }
}

extension NodeFit.Way {
    /// 0..<steps; more when less is left over.
    func tightness(of steps: Int) -> Int {
        let most = Int64(devices.count) * 2_000_000
        return steps - 1 - Int(min(max(0, leftOver), most) * Int64(steps - 1) / max(1, most))
    }
}
