/// Rates shapes on rooms by a policy. Every room that was seen is valued once.
struct RoomRater<Policy: PackingPolicy>: NodeRater {
    /// Rooms that are remembered at most.
    private static var most: Int { 1 << 17 }

    let policy: Policy
    private let kinds: [NodeKind]
    private var worths: [Room: Double] = [:]

    init(_ policy: Policy, kinds: [NodeKind]) {
        self.policy = policy
        self.kinds = kinds
    }

    /// Distinct rooms that are remembered.
    var roomsSeen: Int { worths.count }

    @inline(__always)
    mutating func know(_ room: Room) -> Valued {
        if let worth = worths[room] { return Valued(room, worth: worth) }
        if worths.count >= Self.most { worths.removeAll(keepingCapacity: true) }
        let worth = policy.worth(room)
        worths[room] = worth
        return Valued(room, worth: worth)
    }

    /// The choice is the slot. Whole devices and several devices are those with the least that is enough; for a part of one
    /// device every distinct device is tried, and the fullest wins ties.
    mutating func rate(_ shape: Shape, in before: Valued) -> Rating? {
        let room = before.room
        guard kinds[Int(room.kind)].isOf(shape), room.fits(shape) else { return nil }
        guard shape.isSharing else {
            let slot = shape.devices == 0 ? 0 : room.firstSlot(with: shape.deviceMilli)
            return Rating(score: UInt16(score(shape, before, slot)), choice: Int32(slot))
        }
        var best: Rating?
        var last: Int32 = -1
        for slot in 0..<room.devices where room[slot] >= shape.deviceMilli && room[slot] != last {
            last = room[slot]
            let score = UInt16(score(shape, before, slot))
            if best.map({ score > $0.score }) ?? true { best = Rating(score: score, choice: Int32(slot)) }
        }
        return best
    }

    @inline(__always)
    private mutating func score(_ shape: Shape, _ before: Valued, _ slot: Int) -> UInt8 {
        policy.score(before: before, after: know(before.room.after(shape, at: slot)))
    }
}

extension Room {
    /// The fullest device that has `milli` free.
    @inline(__always)
    func firstSlot(with milli: Int32) -> Int {
        var slot = 0
        while slot < devices, self[slot] < milli { slot += 1 }
        return slot
    }
}
