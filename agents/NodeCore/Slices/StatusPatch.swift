import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillWire

/// What the agent writes to the API, as merge patches of a status that carry the revision they were made from. Pure.
///
/// Nil means that there is nothing to write: it is written already, or the report is late (its epoch is not that of the
/// slice's current grant, or its token is older) and is dropped.
package struct StatusPatch: Sendable {
    package let node: NodeID
    /// The grade that this agent proved for limits of CPU and memory.
    package let grade: Kinds.IsolationGrade
    /// Why the grade is not `enforced`, a sentence each.
    package let unenforced: [String]

    package init(node: NodeID, grade: Kinds.IsolationGrade, unenforced: [String]) {
        self.node = node
        self.grade = grade
        self.unenforced = unenforced
    }

    /// Whether a report is settled before anything is written: a later grant has taken its place, or the store does not
    /// know the slice or this grant of it. Nil when it is to be written.
    package static func heard(_ held: HeldSlice, by current: Kinds.Slice) -> PendingReports.Heard? {
        guard current.metadata.uid == held.uid.rawValue, let epoch = current.status.grant?.epoch else {
            return .unheard
        }
        if epoch == held.grant.epoch.rawValue { return nil }
        return epoch > held.grant.epoch.rawValue ? .acknowledged : .unheard
    }

    /// What to write to the slice that the API shows as `current`.
    package func slice(_ held: HeldSlice, over current: Kinds.Slice, at wall: WallTime) -> JSON? {
        guard current.metadata.uid == held.uid.rawValue, current.status.grant?.epoch == held.grant.epoch.rawValue else {
            return nil
        }
        var next = current
        next.status.observedGeneration = current.metadata.generation
        switch held.phase {
        case .preparing, .starting:
            return nil
        case .emptying:
            guard [.reserved, .prepared, .active, .releasing].contains(current.status.state) else { return nil }
            next.status.state = .releasing
            let obstacle = held.obstacle ?? .process
            next.status.reason = obstacle.reason
            next.status.message = obstacle.message
        case .prepared:
            guard current.status.state == .reserved else { return nil }
            next.status.state = .prepared
            next.status.reason = nil
            next.status.message = nil
        case .active(let task):
            guard activate(&next, held, task, at: wall) else { return nil }
        case .released where current.status.state == .reserved && held.refusal != nil:
            // The state stays: the controller abandons the attempt, and it may run elsewhere.
            guard let message = held.refusal, !isRefused(current) else { return nil }
            refuse(&next, .probeFailed, message, at: wall)
        case .released(let release):
            guard current.status.state != .released else { return nil }
            next.status.state = .released
            next.status.reason = release.outcome?.reason ?? held.stop?.reason
            next.status.message = release.outcome?.message ?? held.stop?.message
            next.status.releasedAt = Timestamp(release.releasedAt)
            next.status.cardSeconds = held.cardSeconds
            if let startedAt = release.startedAt {
                next.status.activeAt = Timestamp(startedAt)
                if next.status.isolation == nil { next.status.isolation = grade }
            }
            if let scrub = release.scrub {
                put(&next, "Scrubbed", .true, "Undone", scrub.message, at: wall)
            }
        }
        return patch(from: current, to: next)
    }

    /// Active, or, when the controller has asked for the end meanwhile, only the facts. False when neither fits.
    private func activate(
        _ next: inout Kinds.Slice, _ held: HeldSlice, _ task: RunningTask, at wall: WallTime
    ) -> Bool {
        switch next.status.state {
        case .reserved, .prepared:
            next.status.state = .active
            next.status.reason = nil
            next.status.message = nil
        case .releasing where next.status.activeAt == nil:
            break
        case .active where held.proof != nil:
            return enforce(&next, held, task, at: wall)
        case .pending, .active, .releasing, .scrubbing, .released, .lost:
            return false
        }
        next.status.activeAt = Timestamp(task.startedAt)
        next.status.isolation = held.plan?.grade ?? grade
        _ = enforce(&next, held, task, at: wall)
        return true
    }

    /// What holds the slice, and what a canary found of it. False when that is written already.
    private func enforce(
        _ next: inout Kinds.Slice, _ held: HeldSlice, _ task: RunningTask, at wall: WallTime
    ) -> Bool {
        let missing = held.plan?.unenforced ?? unenforced
        let reason: String
        switch held.proof {
        case let proof? where !proof.holds: reason = "ProbeFailed"
        case _ where !missing.isEmpty: reason = "LimitsMissing"
        case let proof? where !proof.isComplete: reason = "ProbeIncomplete"
        case _?: reason = "Probed"
        case nil: reason = "LimitsSet"
        }
        let status: Kinds.ConditionStatus =
            ["Probed", "LimitsSet"].contains(reason) ? .true : reason == "ProbeIncomplete" ? .unknown : .false
        let old = next.status.conditions.first { $0.type == "SliceEnforced" }
        if let old, old.status == status, old.reason == reason { return false }
        var sentences = missing.isEmpty ? ["CPUs, memory and processes are bounded by the kernel."] : missing
        if let proof = held.proof { sentences = (reason == "Probed" ? [] : missing) + proof.evidence }
        // What the shim could not do for its own protection is worth reading, and no missing limit.
        put(&next, "SliceEnforced", status, reason, (sentences + task.unenforced).joined(separator: " "), at: wall)
        return true
    }

    private func put(
        _ next: inout Kinds.Slice, _ type: String, _ status: Kinds.ConditionStatus, _ reason: String, _ message: String,
        at wall: WallTime
    ) {
        next.status.conditions.removeAll { $0.type == type }
        next.status.conditions.append(
            Kinds.Condition(
                type: type, status: status, observedGeneration: next.metadata.generation,
                lastTransitionTime: Timestamp(wall), reason: reason, message: message))
    }

    /// What to write to the slice's task that the API shows as `current`.
    package func task(_ held: HeldSlice, over current: Kinds.Task) -> JSON? {
        let token = held.grant.token.rawValue
        guard current.spec.slice == held.name, current.spec.member.map(SliceMember.init) == held.member,
            current.status.token ?? 0 <= token, !Self.isFinal(current.status.state)
        else { return nil }
        var next = current
        next.status.node = node.rawValue
        next.status.token = token
        switch held.phase {
        case .preparing, .prepared, .starting, .emptying:
            return nil
        case .active(let task):
            next.status.state = .running
            next.status.pid = Int64(task.pid)
            next.status.startedAt = Timestamp(task.startedAt)
        case .released(let release):
            guard let outcome = release.outcome else { return nil }
            next.status.state = outcome.state
            let startedAt = (release.startedAt ?? outcome.startedAt).map { Timestamp($0) }
            if let startedAt { next.status.startedAt = startedAt }
            next.status.end = Kinds.TaskEnd(
                exitCode: outcome.exitCode, signal: outcome.signal, reason: outcome.reason, message: outcome.message,
                startedAt: startedAt, finishedAt: Timestamp(outcome.finishedAt ?? release.releasedAt), token: token)
        }
        return patch(from: current, to: next)
    }

    /// The refusal of a grant. The state stays Reserved: the controller abandons the attempt.
    package func refusal(
        _ view: SliceView, _ reason: GrantRefusal, message: String, over current: Kinds.Slice, at wall: WallTime
    ) -> JSON? {
        guard current.metadata.uid == view.uid.rawValue, current.status.grant?.epoch == view.grant?.epoch.rawValue,
            current.status.state == .reserved
        else { return nil }
        var next = current
        refuse(&next, reason, message, at: wall)
        return patch(from: current, to: next)
    }

    private func refuse(
        _ next: inout Kinds.Slice, _ reason: GrantRefusal, _ message: String, at wall: WallTime
    ) {
        let times = (next.status.refusedBy.first { $0.node == node.rawValue }?.times ?? 0) + 1
        let until = wall.nanosecondsSince1970 + Self.backoff(times: times).wholeNanoseconds
        let sentence = message.hasSuffix(".") ? message : message + "."
        next.status.refusedBy.removeAll { $0.node == node.rawValue }
        next.status.refusedBy.append(
            Kinds.Refusal(
                node: node.rawValue, reason: reason.rawValue,
                until: Timestamp(WallTime(nanosecondsSince1970: until)), times: times, message: sentence))
        next.status.reason = reason.rawValue
        next.status.message = "Refused by node \(node): \(sentence)"
    }

    /// Whether this node has refused the current grant, which cleared what it had refused before.
    private func isRefused(_ slice: Kinds.Slice) -> Bool {
        slice.status.refusedBy.contains { $0.node == node.rawValue }
    }

    /// How long a node that refused so many times in a row is passed over: 1 s, doubling to 5 min.
    static func backoff(times: Int64) -> Duration {
        min(.seconds(300), .seconds(Int64(1) << min(max(0, times - 1), 9)))
    }

    static func isFinal(_ state: Kinds.TaskState) -> Bool {
        switch state {
        case .pending, .starting, .running, .stopping: false
        case .succeeded, .failed, .lost, .fenced, .preempted: true
        }
    }

    /// The difference of the two statuses, bound to the revision; nil when there is none.
    private func patch<K: WireObject>(from current: K, to next: K) -> JSON? {
        guard let changes = MergePatch.diff(from: current.json, to: next.json)["status"] else { return nil }
        var metadata: JSON = [:]
        if let revision = current.metadata.resourceVersion { metadata["resourceVersion"] = .string(revision) }
        return ["metadata": metadata, "status": changes]
    }
}
