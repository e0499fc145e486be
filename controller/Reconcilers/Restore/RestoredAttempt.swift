import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// The attempt of a job that was found whole on its nodes and goes on.
struct RestoredAttempt {
    let job: Kinds.Job
    let number: Int64
    /// How many members it has, as its nodes say: the job may have been resized since.
    let size: Int64
    /// What the nodes hold of it, by rank.
    let members: [Claim]
    private let slices: [String: Kinds.Slice]
    private let tasks: [String: Kinds.Task]

    /// The reported attempt with the highest token; nil when it is not to go on: the job is over or has moved on, its
    /// members differ on their number, or a member is neither held nor known to have ended.
    init?(_ job: Kinds.Job, _ claims: [Claim], _ seen: RestoreObservation) {
        guard !job.status.state.isFinal, !job.metadata.isTerminating,
            !seen.endingNamespaces.contains(job.metadata.namespace)
        else { return nil }
        let newest = claims.max { ($0.token, $0.attempt) < ($1.token, $1.attempt) }
        guard let newest, newest.attempt == claims.map(\.attempt).max(), newest.attempt >= job.attempt,
            newest.token > job.status.lastToken ?? Int64.min,
            newest.attempt > job.attempt || job.status.gang?.state != .abandoned,
            let size = newest.report.member?.size, Kinds.Gang.sizes.contains(size)
        else { return nil }
        self.job = job
        number = newest.attempt
        self.size = size
        slices = Self.byName(seen.slices, in: job.metadata.namespace)
        tasks = Self.byName(seen.tasks, in: job.metadata.namespace)
        let attempt = Attempt(job: job, number: number, size: size)
        var members: [Claim] = []
        for index in 0..<attempt.size {
            let name = attempt.name(index)
            let found = claims.filter {
                $0.attempt == newest.attempt && $0.token == newest.token && $0.report.member?.index == index
            }
            let stored = slices[name]
            if let best = found.max(by: { $0.epoch < $1.epoch }) {
                guard best.report.name == name, best.report.member?.size == attempt.size,
                    best.report.grant.node == best.node.rawValue, !best.report.grant.shares.isEmpty,
                    stored.map({ $0.metadata.uid == best.report.uid.rawValue }) ?? true,
                    tasks[name].map({ $0.spec.member?.jobUID == job.metadata.uid }) ?? true
                else { return nil }
                members.append(best)
            } else {
                guard let stored, stored.spec.member?.jobUID == job.metadata.uid, stored.hasEnded else { return nil }
            }
        }
        self.members = members
    }

    private static func byName<Object: WireObject>(_ objects: [Object], in namespace: String) -> [String: Object] {
        Dictionary(
            objects.filter { $0.metadata.namespace == namespace }.map { ($0.metadata.name, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Names of the nodes that hold members.
    var nodes: [String] { Set(members.map(\.node.rawValue)).sorted() }

    /// Whether any member runs or ran: then all may.
    private var hasStarted: Bool { members.contains(where: \.hasStarted) }

    /// What the store lacks of it; the job, which decides, comes last.
    var changes: [PlannedChange] {
        var changes: [PlannedChange] = []
        for member in members {
            if let change = slice(member) { changes.append(change) }
            if let change = task(member) { changes.append(change) }
        }
        if let job = record { changes.append(.status(job)) }
        return changes
    }

    private func slice(_ member: Claim) -> PlannedChange? {
        let report = member.report
        guard let stored = slices[report.name] else {
            var slice = Attempt(job: job, number: number, size: size).slice(report.member?.index ?? 0, refusedBy: [])
            slice.metadata.uid = report.uid.rawValue
            // The copy in the grant counts; the job's own may have been changed since.
            slice.spec.onDisconnect = Kinds.OnDisconnect(policy: report.grant.policy, after: report.grant.after)
            slice.status = Kinds.SliceStatus(state: report.state, grant: report.grant, activeAt: report.startedAt)
            return .recreate(slice)
        }
        var next = stored
        if stored.status.grant?.epoch == report.grant.epoch, stored.status.grant?.node == report.grant.node {
            // The store may know more than the report: that the slice was asked to end, or that it is Lost.
            guard report.state.place > stored.status.state.place else { return nil }
            next.status.state = report.state
        } else {
            next.status = Kinds.SliceStatus(
                observedGeneration: stored.status.observedGeneration, state: report.state, grant: report.grant,
                refusedBy: stored.status.refusedBy, conditions: stored.status.conditions)
        }
        if let startedAt = report.startedAt { next.status.activeAt = startedAt }
        return .status(next)
    }

    private func task(_ member: Claim) -> PlannedChange? {
        let report = member.report
        let stored = tasks[report.name]
        var task = stored ?? Attempt(job: job, number: number, size: size).task(report.member?.index ?? 0)
        if let startedAt = report.startedAt, task.status.state == .pending {
            task.status.state = .running
            task.status.node = report.grant.node
            task.status.token = report.grant.token
            task.status.startedAt = startedAt
        }
        guard let stored else { return .create(task) }
        return task == stored ? nil : .status(task)
    }

    /// The job with its gang record; nil when that stands already.
    private var record: Kinds.Job? {
        var next = job
        if number > job.attempt {
            next.status.succeeded = 0
            next.status.reason = nil
            next.status.message = nil
        } else if job.status.gang?.state == .started || (job.status.gang?.state == .committed && !hasStarted) {
            return nil
        }
        next.status.gang = Kinds.GangRecord(attempt: number, state: hasStarted ? .started : .committed, nodes: nodes)
        next.status.state = hasStarted ? .running : .queued
        next.status.members = size
        next.status.nextAttemptAt = nil
        if job.status.startedAt == nil { next.status.startedAt = members.compactMap(\.report.startedAt).min() }
        return next == job ? nil : next
    }
}

extension Claim {
    var attempt: Int64 { report.member?.attempt ?? 0 }
}

extension HeldReport {
    /// Where the slice is in its life, as far as the report goes; its agent reports what follows.
    var state: Kinds.SliceState {
        switch phase {
        case .prepared: .prepared
        case .running: startedAt == nil ? .prepared : .active
        case .ending, .ended: startedAt == nil ? .releasing : .active
        }
    }
}

extension Kinds.SliceState {
    /// How far along it is.
    var place: Int {
        switch self {
        case .pending: 0
        case .reserved: 1
        case .prepared: 2
        case .active: 3
        case .releasing: 4
        case .scrubbing: 5
        case .lost: 6
        case .released: 7
        }
    }
}

extension Kinds.Slice {
    /// The store knows that nothing more comes of it.
    var hasEnded: Bool { status.state == .released || status.state == .lost }
}
