import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

extension SimulatedAgent {
    /// What the agent wants written, each by itself, and what it does once the write is acknowledged.
    struct Report {
        var changes: [Change]
        /// The hold that is forgotten when the write succeeds.
        var forgets: String?
    }

    /// Looks at everything that is granted to this node and does the next step of each.
    mutating func act(on view: AgentView, at now: Instant, random: inout SeededGenerator) -> [Report] {
        guard isConnected, isAccepted else { return [] }
        var reports: [Report] = []
        let mine = view.slices.filter { $0.status.grant?.node == name }
        let seen = Set(mine.map(\.metadata.uid))
        for uid in holds.keys.sorted() where !seen.contains(uid) { holds[uid] = nil }
        for slice in mine.sorted(by: { $0.metadata.name < $1.metadata.name }) {
            reports += step(slice, view, at: now, random: &random)
        }
        return reports
    }

    private mutating func step(
        _ slice: Kinds.Slice, _ view: AgentView, at now: Instant, random: inout SeededGenerator
    ) -> [Report] {
        guard let member = slice.spec.member, let grant = slice.status.grant else { return [] }
        let uid = slice.metadata.uid
        let gang = view.gangs[member.jobUID]
        let task = view.tasks["\(slice.metadata.namespace)/\(slice.metadata.name)"]
        guard let hold = holds[uid] else { return take(slice, grant, member, gang, at: now) }
        let mustEnd =
            slice.metadata.isTerminating || [.releasing, .lost, .released].contains(slice.status.state)
            || (hold.phase == .prepared && (gang?.attempt != member.attempt || gang?.state == .abandoned))
        switch hold.phase {
        case .prepared where mustEnd:
            holds[uid]?.phase = .ended(nil)
            return []
        case .prepared where gang?.state == .started && slice.status.state == .prepared:
            let lasts = Duration.milliseconds(Int64(random.next() % 15_000))
            holds[uid]?.phase = .running(endsAt: now + lasts, succeeds: random.next() % 5 != 0)
            return active(slice, task, grant, now)
        case .prepared:
            return slice.status.state == .reserved ? [Report(changes: [.updateStatus(slice.with(.prepared))])] : []
        case .running where mustEnd:
            holds[uid]?.phase = .stopping(until: now + .milliseconds(Int64(random.next() % 6000)))
            return []
        case .stopping:
            return []
        case .running:
            return slice.status.state == .prepared ? active(slice, task, grant, now) : []
        case .ended(let state):
            return end(slice, task, grant, state, uid)
        }
    }

    /// A grant that is new to this node: prepared when there is room, refused when not, given back when it is too late.
    private mutating func take(
        _ slice: Kinds.Slice, _ grant: Kinds.Grant, _ member: Kinds.AttemptRef, _ gang: Kinds.GangRecord?,
        at now: Instant
    ) -> [Report] {
        switch slice.status.state {
        case .pending, .released:
            return []
        case .reserved where slice.status.refusedBy.contains { $0.node == name }:
            return []
        case .reserved
        where gang?.attempt == member.attempt && gang?.state == .committed && !slice.metadata.isTerminating:
            let asks = grant.shares.reduce(0) { $0 + ($1.cpu?.milliValue ?? 0) }
            guard grant.bootID == bootID, runningMilliCPU + asks <= Self.capacityMilliCPU else {
                var next = slice
                next.status.refusedBy.append(
                    Kinds.Refusal(node: name, reason: "Occupied", until: Timestamp(seconds: 0), times: 1))
                return [Report(changes: [.updateStatus(next)])]
            }
            holds[slice.metadata.uid] = Hold(
                namespace: slice.metadata.namespace, name: slice.metadata.name, grant: grant, member: member,
                phase: .prepared)
            return [Report(changes: [.updateStatus(slice.with(.prepared))])]
        case .reserved where gang?.attempt == member.attempt && gang?.state == .drafting:
            return []
        case .reserved, .prepared, .active, .releasing, .scrubbing, .lost:
            return [Report(changes: [.updateStatus(slice.with(.released))])]
        }
    }

    private func active(_ slice: Kinds.Slice, _ task: Kinds.Task?, _ grant: Kinds.Grant, _ now: Instant) -> [Report] {
        var changes: [Change] = [.updateStatus(slice.with(.active))]
        if var task, !task.status.state.isFinal {
            task.status.state = .running
            task.status.token = grant.token
            changes.append(.updateStatus(task))
        }
        return [Report(changes: changes)]
    }

    private func end(
        _ slice: Kinds.Slice, _ task: Kinds.Task?, _ grant: Kinds.Grant, _ state: Kinds.TaskState?, _ uid: String
    ) -> [Report] {
        if var task, let state, !task.status.state.isFinal {
            task.status.state = state
            task.status.end = Kinds.TaskEnd(reason: state.rawValue, token: grant.token)
            return [Report(changes: [.updateStatus(task)])]
        }
        if slice.status.state == .released { return [Report(changes: [], forgets: uid)] }
        return [Report(changes: [.updateStatus(slice.with(.released))], forgets: uid)]
    }
}

extension Kinds.Slice {
    func with(_ state: Kinds.SliceState) -> Kinds.Slice {
        var next = self
        next.status.state = state
        return next
    }
}
