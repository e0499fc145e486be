import TidemillLease
import TidemillSeams

/// What the clocks say: jumps that make deadlines doubtful, and the last instant at which tasks lived.
extension SliceCore {
    /// The machine may have been paused for as long as the clock jumped: deadlines of `stop` slices, which stand on the boot
    /// clock, may have passed for the controller. Beyond a slice's margin its task is frozen, and not started, until a
    /// renewal is acknowledged that was sent after this (section 4, Paused machines). Deadlines go on meanwhile: a frozen
    /// slice whose deadline passes is ended by its shim.
    mutating func clockJumped(by size: Duration, at now: Instant) -> [SliceEffect] {
        jump = (max(size.magnitude, jump?.size ?? .zero), now)
        return held.values.sorted { $0.uid < $1.uid }.flatMap { slice -> [SliceEffect] in
            guard isDistrusted(slice.grant) else { return [] }
            switch slice.phase {
            case .preparing, .prepared:
                distrusted[slice.uid] = now
                return []
            case .starting, .active:
                distrusted[slice.uid] = now
                return [.freeze(slice)]
            case .emptying, .released:
                return []
            }
        }
    }

    /// Whether the clock jumped beyond the margin that a grant's deadline has.
    func isDistrusted(_ grant: SliceGrant) -> Bool {
        guard let jump, let after = grant.stopAfter else { return false }
        return jump.size > FenceMargin.margin(after: after, timeToKill: timeToKill)
    }

    /// A renewal that was sent after the jump makes the deadlines good again.
    mutating func trust(_ sentAt: Instant) -> [SliceEffect] {
        if let since = jump?.at, sentAt >= since { jump = nil }
        let good = distrusted.filter { sentAt >= $0.value }.keys.sorted()
        return good.flatMap { uid -> [SliceEffect] in
            distrusted[uid] = nil
            guard let slice = held[uid] else { return [] }
            switch slice.phase {
            case .starting, .active: return [.thaw(slice)]
            case .preparing, .prepared, .emptying, .released: return []
            }
        }
    }

    /// Whether the task of this grant is to stand still now.
    package func isFrozen(_ key: SliceKey) -> Bool {
        guard let slice = held[key.uid], slice.key == key, let since = distrusted[key.uid] else { return false }
        switch slice.phase {
        // What was adopted is thawed in case it was frozen, and never frozen for that.
        case .starting, .active: return since != Self.beforeThisAgent
        case .preparing, .prepared, .emptying, .released: return false
        }
    }

    /// A task that was adopted may have been frozen by the agent before: any renewal thaws it.
    static let beforeThisAgent = Instant(nanoseconds: .min)

    mutating func noteAlive(_ keys: Set<SliceKey>, at instant: Instant, _ wall: WallTime) -> [SliceEffect] {
        let living = keys.filter { key in
            guard let slice = held[key.uid], slice.key == key, case .active = slice.phase else { return false }
            return true
        }
        guard !living.isEmpty else { return [] }
        memory.alive = AliveNote(bootID: bootID, instant: instant, wall: wall, slices: living)
        return [.remember]
    }

    /// The end of a task that left no record, metered as far as its life is known.
    func lost(_ slice: HeldSlice, startedAt: WallTime?) -> TaskOutcome {
        var seenAt: Instant?
        if case .active(let task) = slice.phase { seenAt = task.seenAt }
        let known = memory.alive?.known(
            slice.key, of: slice.grant.bootID, seenAt: seenAt, startedAt: startedAt)
        return TaskVerdict.lost(startedAt: startedAt, ranFor: known ?? .zero)
    }
}
