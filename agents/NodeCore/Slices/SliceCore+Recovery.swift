import TidemillLease
import TidemillModel
import TidemillSeams

/// What an agent makes of what it finds at its start: a restart adopts.
extension SliceCore {
    mutating func recover(_ before: HeldSlice, _ remains: Remains, at now: Instant) -> [SliceEffect] {
        var slice = before
        highestEpoch = max(highestEpoch, slice.grant.epoch)
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
            slice.plan = slice.plan ?? plan(for: slice.uid, slice.grant)
            return [.prepare(with(&slice, .preparing))]
        case .preparing, .prepared, .starting, .active:
            // What was launched counts, however little of it the journal knows: it is never launched again.
            guard let task = remains.running else { return end(slice, remains) }
            slice.phase = .active(adopted(task, by: slice, at: now))
            held[slice.uid] = slice
            if slice.grant.stopAfter != nil { distrusted[slice.uid] = Self.beforeThisAgent }
            return [.watch(slice), .report(slice)] + (slice.stop == nil ? [] : [.stop(slice)])
        case .emptying:
            return [.empty(slice)]
        case .released:
            return []
        }
    }

    /// The task, with what the journal knows of its life.
    private func adopted(_ task: RunningTask, by slice: HeldSlice, at now: Instant) -> RunningTask {
        guard case .active(let known) = slice.phase, known.shim == task.shim, let seenAt = known.seenAt else {
            return task.seen(at: now)
        }
        return task.seen(at: seenAt)
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
            let outcome = remains.outcome ?? lost(slice, startedAt: startedAt)
            return empty(slice, startedAt: startedAt, outcome: TaskVerdict.judge(outcome, stop: slice.stop))
                + measure(remains)
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
        highestEpoch = max(highestEpoch, key.epoch)
        return []
    }

    /// A complete list says whose a stray is: its slice's current grant, which is adopted, or nobody's, which is ended.
    mutating func settleStrays(at now: Instant) -> [SliceEffect] {
        guard standing.hasList else { return [] }
        return strays.keys.sorted { ($0.uid, $0.epoch) < ($1.uid, $1.epoch) }.flatMap { settleStray($0, at: now) }
    }

    private mutating func settleStray(_ key: SliceKey, at now: Instant) -> [SliceEffect] {
        guard var remains = strays[key] else { return [] }
        if let view = views[key.uid], let grant = view.grant, grant.epoch == key.epoch, held[key.uid] == nil {
            strays[key] = nil
            // The controller has heard of its start: with its files lost, too, it is not started a second time.
            if view.state == .active || view.activeAt != nil { remains.wasLaunched = true }
            let slice = HeldSlice(
                uid: view.uid, namespace: view.namespace, name: view.name, member: view.member, grant: grant,
                phase: .starting)
            return recover(slice, remains, at: now)
        }
        // A list of an unknown incarnation ends nothing; until a known one answers, the stray keeps new grants out.
        guard standing.mayConclude, held[key.uid] == nil else { return [] }
        return endStray(key)
    }

    /// Ends what nobody claims. What it holds is unknown, so that nothing new is taken before it is gone.
    mutating func endStray(_ key: SliceKey) -> [SliceEffect] {
        strays[key] = nil
        let slice = HeldSlice(
            uid: key.uid, namespace: "", name: "", member: nil,
            grant: SliceGrant(bootID: bootID, epoch: key.epoch, token: Token(0), shares: []),
            phase: .emptying(startedAt: nil, outcome: nil))
        held[key.uid] = slice
        return [.empty(slice)]
    }

    // MARK: Releases of the past

    /// Released grants of the journal, oldest first: their epochs are never taken again, and their ends stay known.
    package mutating func remember(_ released: [HeldSlice]) {
        for slice in released {
            book.noteReleased(slice.grant.judged(for: slice.uid))
            know(slice)
            highestEpoch = max(highestEpoch, slice.grant.epoch)
            remember(end: slice)
        }
    }

    /// A late view of it changes nothing. One that was refused is still asked for its end when the controller withdraws it.
    mutating func know(_ slice: HeldSlice) {
        let epoch = slice.grant.epoch
        if slice.refusal == nil {
            finished[slice.uid] = max(epoch, finished[slice.uid] ?? epoch)
        } else {
            refused[slice.uid] = max(epoch, refused[slice.uid] ?? epoch)
        }
    }

    mutating func remember(end slice: HeldSlice) {
        endings[slice.uid] = slice
        guard endings.count > Self.keptEndings else { return }
        // Half at once, so that the sort is paid for once in 2048 ends.
        let oldest = endings.values.sorted { ($0.grant.epoch, $0.uid) < ($1.grant.epoch, $1.uid) }
        for slice in oldest.prefix(Self.keptEndings / 2) { endings[slice.uid] = nil }
    }

    /// How the grant ended here, under the name by which the controller knows it.
    func remembered(_ view: SliceView, _ grant: SliceGrant) -> HeldSlice? {
        guard var end = endings[view.uid], end.grant.epoch == grant.epoch else { return nil }
        (end.namespace, end.name, end.member, end.grant) = (view.namespace, view.name, view.member, grant)
        return end
    }

    static let keptEndings = 4096
}

extension HeldSlice {
    /// Whether it was released with the end of a task.
    var hasOutcome: Bool {
        if case .released(let release) = phase { release.outcome != nil } else { false }
    }
}
