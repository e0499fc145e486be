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
    /// The revision at which nothing was left to do, and until when that holds.
    private var settled: (at: Revision, until: Timestamp?)?

    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "job-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info], period: .seconds(1),
            sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once; returns at once when nothing has changed since nothing was to be done, and
    /// while a restore is under way.
    package func tick() async {
        let revision = await resources.store.currentRevision()
        let now = Timestamp(resources.time.wall())
        if let settled, settled.at == revision, settled.until.map({ now < $0 }) ?? true { return }
        settled = nil
        if await resources.isResting() { return }
        do throws(APIError) {
            var until: Timestamp?
            var isSettled = true
            for seen in try await observe() {
                let plan = JobPlan.plan(seen)
                if let wakeAt = plan.wakeAt { until = min(until ?? wakeAt, wakeAt) }
                guard !plan.transactions.isEmpty else { continue }
                isSettled = false
                let name = "job \(seen.job.metadata.namespace)/\(seen.job.metadata.name)"
                logger.debug("planned", metadata: ["subject": "\(name)", "plan": "\(plan)"])
                await writer.write(plan.transactions, events: plan.events, about: name)
            }
            if isSettled { settled = (revision, until) }
        } catch {
            logger.warning("jobs cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Jobs are read before what they own: a job that names an attempt is seen with all of it.
    private func observe() async throws(APIError) -> [JobObservation] {
        let jobs = try await mirror.all(Kinds.Job.self).objects.values
        let slices = Dictionary(grouping: try await mirror.all(Kinds.Slice.self).objects.values) {
            $0.spec.member?.jobUID ?? ""
        }
        let tasks = Dictionary(grouping: try await mirror.all(Kinds.Task.self).objects.values) {
            $0.spec.member?.jobUID ?? ""
        }
        let uids = Set(jobs.map(\.metadata.uid))
        let orphans =
            slices.filter { !uids.contains($0.key) }.values.joined().map(\.metadata)
            + tasks.filter { !uids.contains($0.key) }.values.joined().map(\.metadata)
        let taken = Dictionary(grouping: orphans, by: \.namespace).mapValues { Set($0.map(\.name)) }
        let now = Timestamp(resources.time.wall())
        return jobs.map { job in
            JobObservation(
                job: job, slices: slices[job.metadata.uid] ?? [], tasks: tasks[job.metadata.uid] ?? [],
                namesTaken: taken[job.metadata.namespace] ?? [], now: now, jitter: resources.randomness.next())
        }
    }
}
