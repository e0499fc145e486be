import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Moves every job through its life: makes the slices and tasks of each attempt, keeps the gang record, counts failures,
/// and writes the one final state (invariants 2 and 5).
package actor JobReconciler: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    private var view = JobsView()
    /// The revision that the view shows.
    private var seenAt: Revision?

    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "job-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info], period: .seconds(1),
            sleep: sleep, rest: .moment)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once; returns at once when nothing has changed since nothing was to be done, and
    /// while a restore is under way. Only jobs that something happened to, or whose time has come, are planned.
    package func tick() async {
        let revision = await resources.store.currentRevision()
        let now = Timestamp(resources.time.wall())
        if seenAt == revision, view.isSettled(at: now) { return }
        if await resources.isResting() { return }
        do throws(APIError) {
            try await observe()
            seenAt = revision
        } catch {
            logger.warning("jobs cannot be read", metadata: ["error": "\(error)"])
            return
        }
        var orders: [PlanWriter.Order] = []
        let due = view.due(at: Timestamp(resources.time.wall()))
        if due.isMore { wakeups.bell.ring() }
        for var seen in due.jobs {
            seen.jitter = resources.randomness.next()
            let plan = JobPlan.plan(seen)
            view.note(plan, of: seen)
            guard !plan.transactions.isEmpty else { continue }
            let name = "job \(seen.job.metadata.namespace)/\(seen.job.metadata.name)"
            logger.debug("planned", metadata: ["subject": "\(name)", "plan": "\(plan)"])
            orders.append(PlanWriter.Order(plan.transactions, events: plan.events, about: name))
        }
        await writer.write(orders)
    }

    /// Jobs are read before what they own: a job that names an attempt is seen with all of it.
    private func observe() async throws(APIError) {
        view.take(try await mirror.all(Kinds.Job.self).objects)
        view.take(try await mirror.all(Kinds.Slice.self).objects)
        view.take(try await mirror.all(Kinds.Task.self).objects)
    }
}
