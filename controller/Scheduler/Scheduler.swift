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
    private(set) var view: SchedulingView

    /// Decisions of each of two generations that are kept with all that they were made on.
    private static let remembered = 1024

    /// - Parameter bell: rung by whoever knows that a cycle is worth while, such as a node that has agreed.
    package init(
        mirror: ObjectMirror, authority: any GrantAuthority, settings: PlacementSettings = PlacementSettings(),
        sleep: @escaping Sleep, logger: Logger, bell: Bell = Bell()
    ) {
        view = SchedulingView(settings: settings, remembering: Self.remembered)
        self.mirror = mirror
        resources = mirror.resources
        self.authority = authority
        self.logger = logger
        events = EventRecorder(component: "scheduler", time: resources.time, randomness: resources.randomness)
        wakeups = Wakeups(
            resources: resources,
            kinds: [
                Kinds.Job.info, Kinds.Slice.info, Kinds.Node.info, Kinds.Device.info, Kinds.DeviceClass.info,
            ], period: .seconds(1), sleep: sleep, bell: bell, rest: .moment)
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
            let outcomes = snapshot.plan(on: &view.placement)
            view.settle(outcomes.flatMap(\.nodes))
            var batch = GrantBatch(snapshot)
            // What is granted does not wait until others have been told why they wait.
            for outcome in outcomes where outcome.isGrant {
                logger.debug("planned", metadata: ["outcome": "\(outcome)"])
                try await attempt(outcome.description) { () throws(APIError) in
                    try await write(outcome, snapshot, &batch)
                }
            }
            try await write(&batch)
            for outcome in outcomes where !outcome.isGrant {
                logger.debug("planned", metadata: ["outcome": "\(outcome)"])
                try await attempt(outcome.description) { () throws(APIError) in
                    try await write(outcome, snapshot, &batch)
                }
            }
        } catch {
            logger.warning("a cycle ended early", metadata: ["error": "\(error)"])
        }
    }

    /// What the store refuses to everyone ends the cycle; what is wrong with one gang is its own.
    private func attempt(
        _ outcome: @autoclosure () -> String, _ body: () async throws(APIError) -> Void
    ) async throws(APIError) {
        do throws(APIError) {
            try await body()
        } catch {
            if case .unavailable = error { throw error }
            logger.warning("an outcome was not written", metadata: ["outcome": "\(outcome())", "error": "\(error)"])
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
        _ outcome: GangOutcome, _ snapshot: SchedulingSnapshot, _ batch: inout GrantBatch
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
            if members.count > GrantBatch.room {
                // Its parts are several commits: those before it go first, so that records are written in turn.
                try await write(&batch)
                return try await commit(gang, members, &batch)
            }
            if !batch.hasRoom(for: members) { try await write(&batch) }
            batch.add(gang, members)
        }
    }

    /// Grants the gangs of a batch together. Where one of them stands in the way, each is granted by itself.
    private func write(_ batch: inout GrantBatch) async throws(APIError) {
        let gangs = batch.gangs
        guard !gangs.isEmpty else { return }
        do throws(APIError) {
            batch.granted(at: try await resources.transact(batch.changes(events)))
        } catch {
            if case .unavailable = error { throw error }
            logger.debug("gangs are granted one by one", metadata: ["gangs": "\(gangs.count)", "error": "\(error)"])
            batch.drop()
            for (gang, members) in gangs {
                try await attempt("place \(gang.name)") { () throws(APIError) in
                    try await commit(gang, members, &batch)
                }
            }
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

    /// Writes the parts of a gang's draft; the last one commits the gang. A conflict half-way abandons the attempt.
    private func commit(
        _ gang: DraftingGang, _ members: [PlannedMember], _ batch: inout GrantBatch
    ) async throws(APIError) {
        let draft = GangDraft(gang, members: members, ledger: batch.ledger, token: batch.token, now: batch.now)
        var next = draft.ledger
        for (index, part) in draft.parts.enumerated() {
            let changes = part.changes(of: gang, on: next, events)
            guard let revision = try await transact(changes, of: gang) else {
                if index > 0 { try await abandon(gang, reason: "Conflict") }
                return
            }
            next.written(part.records.keys, at: revision)
        }
        batch.granted(alone: next)
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
