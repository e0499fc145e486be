import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Moves every job through its life: makes the slices and tasks of each attempt, keeps the gang record, counts failures,
/// and writes the one final state (invariants 2 and 5).
package actor JobReconciler: Service {
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    private var jobs = ObjectCache<Kinds.Job>()
    private var slices = ObjectCache<Kinds.Slice>()
    private var tasks = ObjectCache<Kinds.Task>()

    package init(resources: Resources, sleep: @escaping Sleep, logger: Logger) {
        self.resources = resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "job-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info], period: .seconds(1),
            sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once.
    package func tick() async {
        do throws(APIError) {
            for seen in try await observe() {
                let plan = JobPlan.plan(seen)
                guard !plan.transactions.isEmpty else { continue }
                let name = "job \(seen.job.metadata.namespace)/\(seen.job.metadata.name)"
                logger.debug("planned", metadata: ["subject": "\(name)", "plan": "\(plan)"])
                await writer.write(plan.transactions, events: plan.events, about: name)
            }
        } catch {
            logger.warning("jobs cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Jobs are read before what they own: a job that names an attempt is seen with all of it.
    private func observe() async throws(APIError) -> [JobObservation] {
        let jobList = try await resources.list(Kinds.Job.info)
        let sliceList = try await resources.list(Kinds.Slice.info)
        let taskList = try await resources.list(Kinds.Task.info)
        let jobs = try self.jobs.objects(of: jobList)
        let slices = Dictionary(grouping: try self.slices.objects(of: sliceList)) { $0.spec.member?.jobUID ?? "" }
        let tasks = Dictionary(grouping: try self.tasks.objects(of: taskList)) { $0.spec.member?.jobUID ?? "" }
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
