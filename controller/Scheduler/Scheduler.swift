import Logging
import ServiceLifecycle
import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

/// Gives waiting gangs their grants: reads a snapshot, asks placement, writes what it decided.
///
/// There is one scheduler per store. A draft that is found half-written was left by an earlier life of it.
package actor Scheduler: Service {
    let mirror: ObjectMirror
    let resources: Resources
    let authority: any GrantAuthority
    private let wakeups: Wakeups
    private let events: EventRecorder
    private let logger: Logger
    private(set) var view = SchedulingView(remembering: 1024)

    /// - Parameter bell: rung by whoever knows that a cycle is worth while, such as a node that has agreed.
    package init(
        mirror: ObjectMirror, authority: any GrantAuthority, sleep: @escaping Sleep, logger: Logger,
        bell: Bell = Bell()
    ) {
        self.mirror = mirror
        resources = mirror.resources
        self.authority = authority
        self.logger = logger
        events = EventRecorder(component: "scheduler", time: resources.time, randomness: resources.randomness)
        wakeups = Wakeups(
            resources: resources,
            kinds: [
                Kinds.Job.info, Kinds.Slice.info, Kinds.Node.info, Kinds.Device.info, Kinds.DeviceClass.info,
            ], period: .seconds(1), sleep: sleep, bell: bell)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.cycle() } }
    }

    /// One cycle:
    ///
    /// 1. Ask what may be granted, and read what changed.
    /// 2. Plan every waiting gang, purely (`SchedulingSnapshot.plan`).
    /// 3. Write each outcome in its turn. One that conflicts or is refused holds up no other: each write compares what it
    ///    was planned on, and what changed meanwhile wakes the next cycle.
    package func cycle() async {
        do throws(APIError) {
            let permission = await authority.permission()
            guard let snapshot = try await read(permission) else { return }
            var ledger = snapshot.ledger
            let outcomes = snapshot.plan(on: &view.placement)
            view.settle(outcomes.flatMap(\.nodes))
            for outcome in outcomes {
                logger.debug("planned", metadata: ["outcome": "\(outcome)"])
                do throws(APIError) {
                    try await write(outcome, snapshot, &ledger)
                } catch {
                    // What the store refuses to everyone ends the cycle; what is wrong with one gang is its own.
                    if case .unavailable = error { throw error }
                    logger.warning(
                        "an outcome was not written", metadata: ["outcome": "\(outcome)", "error": "\(error)"])
                }
            }
        } catch {
            logger.warning("a cycle ended early", metadata: ["error": "\(error)"])
        }
    }

    /// What the cycle looks at; nil when no gang waits.
    ///
    /// The kinds are read one after another; the token is the revision of the first, so whatever happened later is newer
    /// than it, and every write compares what it was planned on.
    private func read(_ permission: GrantPermission) async throws(APIError) -> SchedulingSnapshot? {
        let (jobs, revision) = try await mirror.all(Kinds.Job.self)
        let now = Timestamp(resources.time.wall())
        view.take(jobs)
        view.take(try await mirror.all(Kinds.Node.self).objects)
        guard !view.isIdle else { return nil }
        view.take(try await holdings())
        view.refresh(at: revision, now)
        return view.snapshot(revision, permission, now: now)
    }

    /// What slices hold, and of what.
    func holdings() async throws(APIError) -> Holdings {
        Holdings(
            slices: try await mirror.all(Kinds.Slice.self).objects, allocations: try await mirror.allocations(),
            devices: try await mirror.all(Kinds.Device.self).objects,
            classes: try await mirror.all(Kinds.DeviceClass.self).objects)
    }

    private func write(
        _ outcome: GangOutcome, _ snapshot: SchedulingSnapshot, _ ledger: inout Ledger
    ) async throws(APIError) {
        switch outcome {
        case .wait:
            break
        case .abandon(let gang, let reason):
            try await abandon(gang, reason: reason)
        case .pending(let gang, let reason, let message):
            try await note(gang, reason.rawValue, message, snapshot.now)
        case .held(let gang, let hold):
            try await note(gang, hold.reason, hold.message, snapshot.now)
        case .expect(let gang, let members):
            if let after = gang.job.effectiveOnDisconnect.effectiveAfter {
                _ = await authority.agree(after: after, on: Set(members.map(\.node)).sorted())
            }
        case .place(let gang, let members):
            guard try await isAgreed(gang, members, snapshot.now) else { return }
            let draft = GangDraft(
                gang, members: members, ledger: ledger, token: Token(snapshot.revision.rawValue),
                now: snapshot.now)
            try await commit(draft, of: gang, members, &ledger)
        }
    }

    /// A `stop` grant relies on heartbeats that are frequent enough; the nodes agree to them first.
    private func isAgreed(
        _ gang: DraftingGang, _ members: [PlannedMember], _ now: Timestamp
    ) async throws(APIError) -> Bool {
        guard let after = gang.slices.compactMap({ $0.spec.onDisconnect.effectiveAfter }).min() else { return true }
        let nodes = Set(members.map(\.node)).sorted()
        if await authority.agree(after: after, on: nodes) { return true }
        let names = nodes.map(\.rawValue).joined(separator: ", ")
        try await note(
            gang, "GangNotReady", "Waiting for \(names) to renew often enough for after \(APIDuration(after)).", now)
        return false
    }

    /// Writes the parts of a draft; the last one commits the gang. A conflict half-way abandons the attempt.
    private func commit(
        _ draft: GangDraft, of gang: DraftingGang, _ members: [PlannedMember], _ ledger: inout Ledger
    ) async throws(APIError) {
        var next = draft.ledger
        var revisions = ledger.pages.mapValues(\.revision)
        for (index, part) in draft.parts.enumerated() {
            var changes: [Change] = part.slices.map { .updateStatus($0) }
            for (node, record) in part.records.sorted(by: { $0.key < $1.key }) {
                changes.append(
                    .putRecord(key: NodeAllocation.key(node), record.json, expected: revisions[node] ?? nil))
            }
            if let job = part.job {
                changes.append(.updateStatus(job))
                let nodes = job.status.gang?.nodes.joined(separator: ", ") ?? ""
                changes.append(
                    events.creation(
                        of: PlannedEvent(job, "Scheduled", "\(counted(members.count, "member")) granted on \(nodes)")))
            } else if let revision = gang.job.revision {
                // Members of an attempt that is over by now would hold their shares for nobody.
                changes.append(.require(gang.job.ref, revision: revision))
            }
            guard let revision = try await transact(changes, of: gang) else {
                if index > 0 { try await abandon(gang, reason: "Conflict") }
                return
            }
            for node in part.records.keys { revisions[node] = revision }
        }
        for node in next.pages.keys { next.pages[node]?.revision = revisions[node] ?? nil }
        ledger = next
    }

    /// Moves the gang to Abandoned; what it drafted is removed afterwards, by the job's reconciler.
    private func abandon(_ gang: DraftingGang, reason: String) async throws(APIError) {
        let seen = try await resources.read(
            Kinds.Job.self, namespace: gang.job.metadata.namespace, name: gang.job.metadata.name)
        guard var job = seen, job.metadata.uid == gang.job.metadata.uid, job.status.gang?.state == .drafting,
            job.status.gang?.attempt == gang.job.status.gang?.attempt
        else { return }
        job.status.gang?.state = .abandoned
        job.status.gang?.reason = reason
        try await transact([.updateStatus(job)], of: gang)
    }

    /// Writes why a gang waits, where it is not written already.
    private func note(
        _ gang: DraftingGang, _ reason: String, _ message: String, _ now: Timestamp
    ) async throws(APIError) {
        let objects = gang.waiting(reason, message, now: now)
        for start in stride(from: 0, to: objects.count, by: 100) {
            let part = objects[start..<min(start + 100, objects.count)]
            guard try await transact(part.map { .updateStatus($0) }, of: gang) != nil else { return }
        }
    }

    /// Nil when the transaction was based on something that has changed.
    @discardableResult
    private func transact(_ changes: [Change], of gang: DraftingGang) async throws(APIError) -> Revision? {
        do throws(APIError) {
            return try await resources.transact(changes)
        } catch {
            switch error {
            case .conflict, .alreadyExists, .notFound, .forbidden:
                logger.debug("the world moved first", metadata: ["gang": "\(gang.name)", "error": "\(error)"])
                return nil
            default:
                throw error
            }
        }
    }
}
