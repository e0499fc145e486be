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

    mutating func started(_ key: SliceKey, _ task: RunningTask) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, slice.phase == .starting else { return [] }
        slice.phase = .active(task)
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
        let outcome = remains.outcome ?? TaskVerdict.lost(startedAt: task.startedAt)
        return empty(slice, startedAt: task.startedAt, outcome: TaskVerdict.judge(outcome, stop: slice.stop))
    }

    /// Ends what is left of a slice. Its shares stay held until `emptied`.
    mutating func empty(_ before: HeldSlice, startedAt: WallTime?, outcome: TaskOutcome?) -> [SliceEffect] {
        var slice = before
        slice.phase = .emptying(startedAt: startedAt, outcome: outcome)
        held[slice.uid] = slice
        deadlines[slice.uid] = nil
        return [.empty(slice)]
    }

    /// The controller is told why the slice is not released: Releasing is written only when it waits.
    mutating func stuck(_ key: SliceKey) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, case .emptying = slice.phase else { return [] }
        return [.report(slice)]
    }

    /// Nothing is left: the shares are free, and metering ends when the shim saw the cgroup empty, or else now.
    mutating func emptied(_ key: SliceKey, at wall: WallTime) -> [SliceEffect] {
        guard var slice = held[key.uid], slice.key == key, case .emptying(let startedAt, let outcome) = slice.phase
        else {
            return []
        }
        slice.phase = .released(
            .init(startedAt: startedAt, releasedAt: outcome?.finishedAt ?? wall, outcome: outcome))
        held[key.uid] = slice
        if !book.release(key.uid, epoch: key.epoch) { book.noteReleased(slice.grant.judged(for: key.uid)) }
        return [.report(slice)]
    }

    mutating func forget(_ key: SliceKey, at now: Instant) -> [SliceEffect] {
        guard let slice = held[key.uid], slice.key == key, case .released = slice.phase else { return [] }
        held[key.uid] = nil
        finished[key.uid] = views[key.uid] == nil ? nil : key.epoch
        return [.forget(slice)] + judge(key.uid, at: now)
    }
}
