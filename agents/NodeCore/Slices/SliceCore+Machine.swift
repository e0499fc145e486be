import TidemillLease
import TidemillModel
import TidemillSeams

/// What the machine reports of slices that are held.
extension SliceCore {
    /// Changes a held slice of exactly this grant that is in one of `phases`; reports it and looks what comes next.
    mutating func step(
        _ key: SliceKey, at now: Instant, from phases: [HeldSlice.Phase], _ change: (inout HeldSlice) -> Void
    ) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, phases.contains(slice.phase) else { return [] }
        change(&slice)
        held[key.uid] = slice
        let next = advance(slice, at: now)
        // What is over before it was told is not told: states that last no time are not written.
        return next.isEmpty ? [.report(slice)] : next
    }

    mutating func prepareFailed(_ key: SliceKey, message: String) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, slice.phase == .preparing else { return [] }
        return empty(
            slice, startedAt: nil, outcome: TaskVerdict.startError("The slice could not be prepared: \(message)"))
    }

    /// Nothing of it is used: what was made is undone, and then the grant is refused. The journal keeps why.
    mutating func unproven(_ key: SliceKey, _ proof: SliceProof) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, slice.phase == .preparing else { return [] }
        slice.proof = proof
        return empty(slice, startedAt: nil, outcome: nil)
    }

    mutating func started(_ key: SliceKey, _ task: RunningTask, at now: Instant) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, slice.phase == .starting else { return [] }
        slice.phase = .active(task.seen(at: now))
        held[key.uid] = slice
        deadlines[key.uid] = nil
        return [.watch(slice), .report(slice)] + (slice.stop == nil ? [] : [.stop(slice)])
    }

    mutating func startFailed(_ key: SliceKey, _ outcome: TaskOutcome) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, slice.phase == .starting else { return [] }
        return empty(slice, startedAt: nil, outcome: outcome)
    }

    mutating func shimEnded(_ key: SliceKey, _ remains: Remains) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, case .active(let task) = slice.phase else { return [] }
        let outcome = remains.outcome ?? lost(slice, startedAt: task.startedAt)
        return empty(slice, startedAt: task.startedAt, outcome: TaskVerdict.judge(outcome, stop: slice.stop))
            + measure(remains)
    }

    /// Deadlines reckon with the time that this machine took to end slices lately.
    mutating func measure(_ remains: Remains) -> [SliceEffect] {
        guard let time = remains.killTime, memory.killTimes.note(time) else { return [] }
        return [.remember]
    }

    /// Ends what is left of a slice. Its shares stay held until `emptied`.
    mutating func empty(_ before: HeldSlice, startedAt: WallTime?, outcome: TaskOutcome?) -> [SliceEffect] {
        var slice = before
        slice.phase = .emptying(startedAt: startedAt, outcome: outcome)
        held[slice.uid] = slice
        deadlines[slice.uid] = nil
        distrusted[slice.uid] = nil
        return [.empty(slice)]
    }

    /// The controller is told why the slice is not released: Releasing is written only when it waits.
    mutating func stuck(_ key: SliceKey, _ obstacle: ReleaseObstacle) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, case .emptying = slice.phase else { return [] }
        slice.obstacle = obstacle
        held[key.uid] = slice
        return [.report(slice)]
    }

    /// Nothing is left: the shares are free, and metering ends when the shim saw the cgroup empty, or else now.
    mutating func emptied(_ key: SliceKey, at wall: WallTime, _ scrub: ScrubRecord?) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, case .emptying(let startedAt, let outcome) = slice.phase
        else {
            return []
        }
        slice.phase = .released(
            .init(startedAt: startedAt, releasedAt: outcome?.finishedAt ?? wall, outcome: outcome, scrub: scrub))
        let gaveCores = slice.plan?.cut.isWhole ?? false
        slice.plan = nil
        slice.obstacle = nil
        held[key.uid] = slice
        if !book.release(key.uid, epoch: key.epoch) { book.noteReleased(slice.grant.judged(for: key.uid)) }
        let next = orders[key] == nil ? [.report(slice)] : close(slice)
        return next + rebind(isNeeded: gaveCores)
    }

    mutating func acknowledge(_ key: SliceKey, at now: Instant) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, case .released = slice.phase else { return [] }
        return forget(slice, at: now)
    }

    /// The controller's API does not know the slice. That ends the matter once its list says so too.
    mutating func unheard(_ key: SliceKey, at now: Instant) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, case .released = slice.phase else { return [] }
        unheardOf.insert(key.uid)
        return forgetUnheard(slice, at: now)
    }

    mutating func forgetUnheard(_ slice: HeldSlice, at now: Instant) -> [SliceEffect] {
        guard unheardOf.contains(slice.uid), standing.mayConclude,
            views[slice.uid]?.grant?.epoch != slice.grant.epoch
        else { return [] }
        return forget(slice, at: now)
    }

    mutating func forget(_ slice: HeldSlice, at now: Instant) -> [SliceEffect] {
        close(slice) + judge(slice.uid, at: now)
    }

    /// The slice is no longer this node's business; its epoch and its end stay known.
    private mutating func close(_ slice: HeldSlice) -> [SliceEffect] {
        held[slice.uid] = nil
        finished[slice.uid] = nil
        if views[slice.uid] != nil { know(slice) }
        unheardOf.remove(slice.uid)
        orders[slice.key] = nil
        remember(end: slice)
        return [.forget(slice)]
    }

    // MARK: What is told

    /// Everything that waited to be told, now that it may be.
    mutating func reports(notIn effects: [SliceEffect]) -> [SliceEffect] {
        unheardOf = []
        return held.values.sorted { $0.uid < $1.uid }.compactMap { slice in
            switch slice.phase {
            case .preparing, .starting: return nil
            case .emptying where slice.obstacle == nil: return nil
            case .prepared, .active, .emptying, .released:
                let report = SliceEffect.report(slice)
                return effects.contains(report) ? nil : report
            }
        }
    }
}

extension SliceEffect {
    /// The effect while nothing may be told: the journal keeps what a later report says.
    var unspoken: SliceEffect {
        if case .report(let slice) = self { .keep(slice) } else { self }
    }
}

extension RunningTask {
    /// With the instant from which on it is known to have run.
    func seen(at now: Instant) -> RunningTask {
        var task = self
        task.seenAt = task.seenAt ?? now
        return task
    }
}
