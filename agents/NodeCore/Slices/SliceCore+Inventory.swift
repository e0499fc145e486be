import TidemillModel
import TidemillSeams
import TidemillWire

/// Inventories: what this node holds, for a controller whose store may have forgotten it, or that has given the node up.
extension SliceCore {
    /// Everything that the node holds, as of now. Complete once the machine was scanned.
    package func inventory(of identity: NodeIdentity) -> Inventory {
        let slices = held.values.map { HeldReport($0, node: identity.node) }
        let others = strays.map { key, remains in
            HeldReport(
                uid: key.uid, namespace: "", name: "", member: nil,
                grant: SliceGrant(bootID: bootID, epoch: key.epoch, token: Token(0), shares: [])
                    .wire(for: key.uid, on: identity.node),
                phase: remains.running != nil ? .running : remains.wasLaunched ? .ending : .prepared,
                startedAt: remains.startedAt.map { Timestamp($0) })
        }
        return Inventory(
            node: identity.node, bootID: identity.bootID, machineID: identity.machineID,
            agentStart: identity.agentStart, highestEpoch: highestEpoch,
            held: (slices + others).sorted { ($0.uid, $0.grant.epoch) < ($1.uid, $1.grant.epoch) })
    }

    mutating func sendInventory(isWanted: Bool, at now: Instant) -> [SliceEffect] {
        guard isWanted, isScanned, inventory.send(at: now) else { return [] }
        return [.sendInventory]
    }

    mutating func inventoryUnanswered() -> [SliceEffect] {
        inventory.answered()
        return []
    }

    mutating func inventoryAnswered(_ reply: InventoryReply, at now: Instant) -> [SliceEffect] {
        inventory.answered()
        let stops = reply.stop.flatMap { stop in
            order(
                SliceKey(uid: stop.uid, epoch: stop.epoch),
                StopRequest(reason: stop.reason, message: "The controller ordered its end: \(stop.reason)."), at: now)
        }
        return stops + (reply.isSettled ? perform(standing.settled(reply.incarnation)) : [])
    }

    /// Ends a grant, whoever knows it. What comes of it is not reported: the controller has written it off, and waits for it
    /// to leave the inventory. Should a store ask later, `giveBack` answers with how it ended.
    private mutating func order(_ key: SliceKey, _ request: StopRequest, at now: Instant) -> [SliceEffect] {
        if strays[key] != nil, held[key.uid] == nil {
            orders[key] = request
            return endStray(key)
        }
        guard let slice = held[key.uid], slice.key == key else { return [] }
        orders[key] = request
        if case .released = slice.phase { return forget(slice, at: now) }
        return advance(slice, at: now)
    }
}

extension HeldReport {
    init(_ slice: HeldSlice, node: NodeID) {
        let phase: Phase
        var startedAt: WallTime?
        switch slice.phase {
        case .preparing, .prepared: phase = .prepared
        case .starting: phase = .running
        case .active(let task): (phase, startedAt) = (.running, task.startedAt)
        case .emptying(let start, _): (phase, startedAt) = (.ending, start)
        case .released(let release): (phase, startedAt) = (.ended, release.startedAt)
        }
        self.init(
            uid: slice.uid, namespace: slice.namespace, name: slice.name, member: slice.member.map(\.wire),
            grant: slice.grant.wire(for: slice.uid, on: node), phase: phase, startedAt: startedAt.map { Timestamp($0) })
    }
}

extension SliceMember {
    var wire: Kinds.AttemptRef {
        Kinds.AttemptRef(job: job, jobUID: jobUID.rawValue, index: index, attempt: attempt, size: size)
    }
}

extension SliceGrant {
    /// The grant as the API writes it.
    package func wire(for slice: SliceUID, on node: NodeID) -> Kinds.Grant {
        Kinds.Grant(
            node: node.rawValue, bootID: bootID.rawValue, epoch: epoch.rawValue, token: token.rawValue,
            sliceUID: slice.rawValue, shares: shares.map(\.wire), policy: stopAfter == nil ? .keep : .stop,
            after: stopAfter.map { APIDuration($0) })
    }
}

extension HeldShare {
    var wire: Kinds.Share {
        Kinds.Share(
            device: device.rawValue, cpu: milliCPU.map { Quantity(milliCPU: $0) },
            memory: memoryBytes.map { Quantity(bytes: $0) }, compute: compute.flatMap(Self.quantity),
            cardUnits: cardUnits.description)
    }

    /// A fraction that was once written as a decimal number or a percentage, exactly; nil for any other.
    private static func quantity(_ fraction: Rational) -> Quantity? {
        var (scaled, digits) = (Int128(fraction.numerator), 0)
        while scaled % Int128(fraction.denominator) != 0, digits < 18 {
            scaled *= 10
            digits += 1
        }
        guard scaled >= 0, scaled % Int128(fraction.denominator) == 0 else { return nil }
        let text = String(scaled / Int128(fraction.denominator))
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
        // What is written here is a decimal number, which is a quantity.
        return try? Quantity(parsing: digits == 0 ? padded : "\(padded.dropLast(digits)).\(padded.suffix(digits))")
    }
}
