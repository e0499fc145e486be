import TidemillLease
import TidemillModel
import TidemillSeams

/// What an agent makes of what it finds at its start: a restart adopts.
extension SliceCore {
    mutating func recover(_ before: HeldSlice, _ remains: Remains) -> [SliceEffect] {
        var slice = before
        if case .released = slice.phase {
            held[slice.uid] = slice
            book.noteReleased(slice.grant.judged(for: slice.uid))
            return [.report(slice)]
        }
        book.adopt(slice.grant.judged(for: slice.uid))
        held[slice.uid] = slice
        // Another boot: whatever ran is dead, and what it recorded is its end.
        guard slice.grant.bootID == bootID else { return end(slice, remains) }
        switch slice.phase {
        case .preparing where !remains.wasLaunched, .prepared where !remains.wasLaunched,
            .starting where !remains.wasLaunched:
            // Surely nothing ran: as if the start had not been tried.
            armFromLastRenewal(slice)
            return [.prepare(with(&slice, .preparing))]
        case .preparing, .prepared, .starting, .active:
            // What was launched counts, however little of it the journal knows: it is never launched again.
            guard let task = remains.running else { return end(slice, remains) }
            slice.phase = .active(task)
            held[slice.uid] = slice
            return [.watch(slice), .report(slice)] + (slice.stop == nil ? [] : [.stop(slice)])
        case .emptying:
            return [.empty(slice)]
        case .released:
            return []
        }
    }

    private mutating func with(_ slice: inout HeldSlice, _ phase: HeldSlice.Phase) -> HeldSlice {
        slice.phase = phase
        held[slice.uid] = slice
        return slice
    }

    /// The task is over; its end is what the shim recorded, or unknown.
    private mutating func end(_ slice: HeldSlice, _ remains: Remains) -> [SliceEffect] {
        switch slice.phase {
        case .preparing where !remains.wasLaunched, .prepared where !remains.wasLaunched:
            return empty(slice, startedAt: nil, outcome: nil)
        case .emptying(let startedAt, let outcome):
            return empty(slice, startedAt: startedAt, outcome: outcome)
        case .preparing, .prepared, .starting, .active, .released:
            var startedAt = remains.outcome?.startedAt ?? remains.startedAt
            if case .active(let task) = slice.phase { startedAt = task.startedAt }
            let outcome = remains.outcome ?? TaskVerdict.lost(startedAt: startedAt)
            return empty(slice, startedAt: startedAt, outcome: TaskVerdict.judge(outcome, stop: slice.stop))
        }
    }

    /// A prepared slice of policy `stop` lives by the last renewal that the page knows.
    private mutating func armFromLastRenewal(_ slice: HeldSlice) {
        guard let after = slice.grant.stopAfter else { return }
        deadlines[slice.uid] = Deadline(
            boot: bootID, epoch: slice.grant.epoch, after: after,
            margin: FenceMargin.margin(after: after, timeToKill: timeToKill),
            sentAt: lastRenewal ?? Instant(nanoseconds: 0))
    }

    mutating func note(_ key: SliceKey, _ remains: Remains) -> [SliceEffect] {
        strays[key] = remains
        return []
    }

    /// A complete list says whose a stray is: its slice's current grant, which is adopted, or nobody's, which is ended.
    mutating func settleStrays() -> [SliceEffect] {
        guard hasList else { return [] }
        return strays.keys.sorted { ($0.uid, $0.epoch) < ($1.uid, $1.epoch) }.flatMap { settleStray($0) }
    }

    private mutating func settleStray(_ key: SliceKey) -> [SliceEffect] {
        guard var remains = strays[key] else { return [] }
        if let view = views[key.uid], let grant = view.grant, grant.epoch == key.epoch, held[key.uid] == nil {
            strays[key] = nil
            // The controller has heard of its start: with its files lost, too, it is not started a second time.
            if view.state == .active || view.activeAt != nil { remains.wasLaunched = true }
            let slice = HeldSlice(
                uid: view.uid, namespace: view.namespace, name: view.name, member: view.member, grant: grant,
                phase: .starting)
            return recover(slice, remains)
        }
        // A list of an unknown incarnation ends nothing; until a known one answers, the stray keeps new grants out.
        guard incarnationIsKnown, held[key.uid] == nil else { return [] }
        strays[key] = nil
        let slice = HeldSlice(
            uid: key.uid, namespace: "", name: "", member: nil,
            grant: SliceGrant(bootID: bootID, epoch: key.epoch, token: Token(0), shares: []),
            phase: .emptying(startedAt: nil, outcome: nil))
        held[key.uid] = slice
        return [.empty(slice)]
    }
}
