import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore
import TidemillWire

/// What is judged with every commit.
extension Checker {
    func committed(_ commit: StoreDisk.Commit) throws {
        guard let first = commit.changes.first else { return }
        if first.revision <= revision {
            throw Violation("9", "a commit has revision \(first.revision) after \(revision)")
        }
        revision = first.revision
        for event in commit.changes { view.apply(event) }
        for event in commit.changes { try check(event.key) }
        if commit.changes.contains(where: { $0.key == RestoreRecord.key }), !view.isRestoring {
            for slice in view.sortedSlices { try holdsWhatItSays(slice) }
        }
    }

    private func check(_ key: String) throws {
        if let job = view.jobs[key] {
            try oneFinalState(job)
            try gangMoves(job)
        } else if let slice = view.slices[key] {
            try holdsWhatItSays(slice)
            try newerGrants(slice)
            try metersTruly(slice)
        } else if let record = view.allocations[key] {
            try recordFits(record)
        } else if let task = view.tasks[key] {
            try resultsAreCurrent(key, task)
        }
    }

    /// 2. A job has one final state, for ever.
    private func oneFinalState(_ job: Kinds.Job) throws {
        if let reason = job.status.reason, reason.hasPrefix("Controller") {
            world.chronicle.saw("held back: \(reason)")
        }
        let uid = job.metadata.uid
        if let final = finals[uid], job.status.state != final {
            throw Violation("2", "\(job.metadata.name) went from \(final.rawValue) to \(job.status.state.rawValue)")
        }
        if job.status.state.isFinal { finals[uid] = job.status.state }
        world.chronicle.saw("job \(job.status.state.rawValue)")
    }

    /// 5. The gang record moves as it may, and says Committed and Started only of whole gangs.
    private func gangMoves(_ job: Kinds.Job) throws {
        let uid = job.metadata.uid
        guard let gang = job.status.gang else { return }
        let before = gangs[uid]
        gangs[uid] = gang
        guard before?.state != gang.state || before?.attempt != gang.attempt else { return }
        world.chronicle.saw("gang \(gang.state.rawValue)")
        world.note("store", "\(job.metadata.name) attempt \(gang.attempt) is \(gang.state.rawValue)")
        if view.isRestoring {
            if gang.state == .started { startedAttempts[uid, default: []].insert(gang.attempt) }
            return
        }
        if let before, !Self.mayMove(before, gang) {
            throw Violation(
                "5",
                "\(job.metadata.name) went from attempt \(before.attempt) \(before.state.rawValue) to "
                    + "\(gang.attempt) \(gang.state.rawValue)")
        }
        let members = view.slices.values.filter {
            $0.spec.member?.jobUID == uid && $0.spec.member?.attempt == gang.attempt
        }
        switch gang.state {
        case .committed:
            let granted = members.count { $0.status.grant != nil }
            if granted != Int(job.attemptSize) {
                throw Violation(
                    "5", "\(job.metadata.name) is committed with \(granted) of \(job.attemptSize) grants")
            }
        case .started:
            startedAttempts[uid, default: []].insert(gang.attempt)
            let prepared = members.count { $0.status.state == .prepared }
            if prepared != Int(job.attemptSize) {
                throw Violation("5", "\(job.metadata.name) is started with \(prepared) members prepared")
            }
            for shim in world.truth.executing
            where shim.member.jobUID.rawValue == uid && shim.member.attempt < gang.attempt && shim.executes
                && !world.isExcused(shim)
            {
                throw Violation(
                    "1b",
                    "attempt \(gang.attempt) of \(job.metadata.name) is started while \(shim.key) of attempt "
                        + "\(shim.member.attempt) executes on \(shim.machine.name)")
            }
        case .drafting, .abandoned: break
        }
    }

    private static func mayMove(_ before: Kinds.GangRecord, _ after: Kinds.GangRecord) -> Bool {
        if after.attempt > before.attempt { return before.state == .started || before.state == .abandoned }
        guard after.attempt == before.attempt else { return false }
        return switch (before.state, after.state) {
        case (.drafting, .committed), (.drafting, .abandoned), (.committed, .started), (.committed, .abandoned): true
        default: false
        }
    }

    /// 1a. What a slice holds by its state is in its node's record, under the epoch of its grant.
    private func holdsWhatItSays(_ slice: Kinds.Slice) throws {
        world.chronicle.saw("slice \(slice.status.state.rawValue)")
        guard slice.status.state.holdsShares, !view.isRestoring else { return }
        guard let grant = slice.status.grant else {
            throw Violation("1a", "\(slice.metadata.name) is \(slice.status.state.rawValue) without a grant")
        }
        let record = view.allocations[NodeAllocation.key(NodeID(grant.node))]
        let holds =
            record?.held.contains { $0.sliceUID.rawValue == slice.metadata.uid && $0.epoch.rawValue == grant.epoch }
            ?? false
        if !holds {
            throw Violation(
                "1a", "\(slice.metadata.name) is \(slice.status.state.rawValue) and holds nothing on \(grant.node)")
        }
    }

    /// 9 and 1b. Tokens of one task index only grow, on any node.
    private func newerGrants(_ slice: Kinds.Slice) throws {
        guard let grant = slice.status.grant, let member = slice.spec.member else { return }
        let index = "\(member.jobUID)/\(member.index)"
        if let last = tokens[index], !view.isRestoring {
            if last.slice == slice.metadata.uid && last.token == grant.token { return }
            if grant.token <= last.token {
                if last.slice == slice.metadata.uid || isOlder(slice, last.slice) { return }
                throw Violation("9", "\(slice.metadata.name) has token \(grant.token) after \(last.token)")
            }
        }
        if let halt = world.haltedAt, view.isRestoring == false {
            throw Violation("9", "\(slice.metadata.name) is granted by a controller that \(halt)")
        }
        tokens[index] = (grant.token, slice.metadata.uid)
        if world.isRolledBack { world.grantedByOldCopy.insert(slice.metadata.uid) }
        world.chronicle.saw("grant \(grant.policy.rawValue)")
        world.note(
            "store",
            "\(slice.metadata.name) is granted on \(grant.node), epoch \(grant.epoch), token \(grant.token)"
                + (grant.after.map { ", after \($0)" } ?? ""))
    }

    /// A late write to the slice of an earlier attempt.
    private func isOlder(_ slice: Kinds.Slice, _ newest: String) -> Bool {
        guard let attempt = slice.spec.member?.attempt,
            let other = view.slices.values.first(where: { $0.metadata.uid == newest })?.spec.member?.attempt
        else { return true }
        return attempt < other
    }

    /// 4 and 9. A record never holds more than the node has, no slice twice, and its epoch only grows.
    private func recordFits(_ record: NodeAllocation) throws {
        if let last = epochs[record.node.rawValue], record.epoch < last {
            throw Violation("9", "the epoch of \(record.node) fell from \(last) to \(record.epoch)")
        }
        epochs[record.node.rawValue] = record.epoch
        let milliCPU = record.held.flatMap(\.shares).reduce(0) { $0 + ($1.cpu?.milliValue ?? 0) }
        if milliCPU > Machine.capacityMilliCPU { throw Violation("4", "\(milliCPU)m are granted on \(record.node)") }
        if Set(record.held.map(\.sliceUID)).count != record.held.count {
            throw Violation("1a", "a slice is twice in the record of \(record.node)")
        }
        for holding in record.held where holding.epoch > record.epoch {
            throw Violation("9", "\(holding.slice) holds epoch \(holding.epoch) of \(record.node) at \(record.epoch)")
        }
    }

    /// 1b. A task's results carry its attempt's token, and an older one never takes the place of a newer.
    private func resultsAreCurrent(_ key: String, _ task: Kinds.Task) throws {
        world.chronicle.saw("task \(task.status.state.rawValue)")
        guard let token = task.status.end?.token ?? task.status.token else { return }
        let id = key + task.metadata.uid
        if let last = taskTokens[id], token < last {
            throw Violation("1b", "\(task.metadata.name) has a result of token \(token) after \(last)")
        }
        taskTokens[id] = token
    }

    /// 6. What is metered is the time for which the task was active, times its card units; where its end was not recorded,
    /// never more.
    private func metersTruly(_ slice: Kinds.Slice) throws {
        guard slice.status.state == .released, let text = slice.status.cardSeconds, let grant = slice.status.grant,
            let said = try? Quantity(parsing: text).milliValue, metered[slice.metadata.uid] != said
        else { return }
        metered[slice.metadata.uid] = said
        let key = SliceKey(uid: SliceUID(slice.metadata.uid), epoch: Epoch(grant.epoch))
        let units = grant.shares.compactMap { Rational(parsing: $0.cardUnits) }.reduce(Rational.zero, +)
        guard let time = world.truth.active[key] else {
            if said > 0 { throw Violation("6", "\(slice.metadata.name) is metered \(text) and never executed") }
            return
        }
        // What a restored store or an operator's word released without the node had its end told to nobody who still knows.
        let isTold = !["NodeLost", "Restored"].contains(slice.status.reason)
        let isRecorded = time.recordedEnd != nil && isTold
        guard let end = time.recordedEnd ?? time.end else {
            throw Violation("6", "\(slice.metadata.name) is metered \(text) while it executes")
        }
        let product = Int128(units.numerator) * Int128(end.since(time.start).wholeNanoseconds)
        let scale = Int128(units.denominator) * 1_000_000
        let truth = Int64((product + scale / 2) / scale)
        if !isRecorded {
            world.note("store", "\(slice.metadata.name) is metered \(text) without a recorded end, true are \(truth)")
            world.chronicle.saw("metered without a recorded end")
        }
        if said > truth + 1 || (isRecorded && said < truth - 1) {
            throw Violation(
                "6",
                "\(slice.metadata.name) is metered \(text), active were \(truth) thousandths"
                    + (isRecorded ? "" : " (its end was not recorded)"))
        }
    }
}
