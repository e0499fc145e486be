import TidemillModel
import TidemillSeams
import TidemillStore

/// What the reconciler knows of jobs from one tick to the next, and which of them are to be planned. A value: what was read
/// goes in, and only what changed is looked at.
struct JobsView: Sendable {
    private var jobs = Copies<Kinds.Job>()
    private var slices = Copies<Kinds.Slice>()
    private var tasks = Copies<Kinds.Task>()

    private var jobsByUID: [String: Copies<Kinds.Job>.Item] = [:]
    /// By the uid of the job, then by key.
    private var members: [String: Members] = [:]
    /// Jobs that something has happened to since a plan of them had nothing to do.
    private var stale: Set<String> = []
    /// When jobs want to be looked at though nothing changes.
    private var wakes: [String: Timestamp] = [:]
    /// Jobs that wait for names which objects of an earlier job have.
    private var blocked: Set<String> = []
    /// Names by namespace of slices and tasks that belong to no job that is there; nil until someone asks.
    private var namesTaken: [String: Set<String>]?

    private struct Members: Sendable {
        var slices: [String: Copies<Kinds.Slice>.Item] = [:]
        var tasks: [String: Copies<Kinds.Task>.Item] = [:]

        var isEmpty: Bool { slices.isEmpty && tasks.isEmpty }
        var metadata: [ObjectMeta] { slices.values.map(\.value.metadata) + tasks.values.map(\.value.metadata) }
    }

    /// Whether nothing is to be planned before anything changes.
    func isSettled(at now: Timestamp) -> Bool { stale.isEmpty && wakes.values.allSatisfy { now < $0 } }

    mutating func take(_ new: Copies<Kinds.Job>) {
        for change in new.differences(from: jobs) {
            if let uid = change.old?.value.metadata.uid, uid != change.new?.value.metadata.uid {
                forget(uid)
            }
            guard let job = change.new else { continue }
            let uid = job.value.metadata.uid
            if jobsByUID.updateValue(job, forKey: uid) == nil, members[uid] != nil { namesTaken = nil }
            if job.value.status.reason == JobPlan.namesTaken { blocked.insert(uid) } else { blocked.remove(uid) }
            stale.insert(uid)
        }
        jobs = new
    }

    private mutating func forget(_ uid: String) {
        jobsByUID[uid] = nil
        stale.remove(uid)
        blocked.remove(uid)
        wakes[uid] = nil
        if members[uid] != nil { released() }
    }

    mutating func take(_ new: Copies<Kinds.Slice>) {
        for change in new.differences(from: slices) {
            let (old, new) = (change.old?.value.spec.member?.jobUID, change.new?.value.spec.member?.jobUID)
            if change.old != nil, change.new == nil || old != new { touch(old) { $0.slices[change.key] = nil } }
            if let slice = change.new { touch(new) { $0.slices[change.key] = slice } }
        }
        slices = new
    }

    mutating func take(_ new: Copies<Kinds.Task>) {
        for change in new.differences(from: tasks) {
            let (old, new) = (change.old?.value.spec.member?.jobUID, change.new?.value.spec.member?.jobUID)
            if change.old != nil, change.new == nil || old != new { touch(old) { $0.tasks[change.key] = nil } }
            if let task = change.new { touch(new) { $0.tasks[change.key] = task } }
        }
        tasks = new
    }

    /// - Parameter job: the uid of the job that the object works for; nil for one that is nobody's.
    private mutating func touch(_ job: String?, _ change: (inout Members) -> Void) {
        let uid = job ?? ""
        change(&members[uid, default: Members()])
        if members[uid]?.isEmpty ?? false { members[uid] = nil }
        if jobsByUID[uid] == nil { released() } else { stale.insert(uid) }
    }

    /// Names may have come free, or been taken.
    private mutating func released() {
        namesTaken = nil
        stale.formUnion(blocked)
    }

    /// The last new job that was to be begun: those that can never be written must not keep the others waiting.
    private var lastBegun = ""

    /// Jobs that are begun in one tick: members of others that wait to be started wait no longer than that.
    private static let mostBegun = 100

    /// The jobs to be planned now, by namespace and name: what is begun comes before what is new. And whether more new ones
    /// wait, whose turn is next.
    mutating func due(at now: Timestamp) -> (jobs: [JobObservation], isMore: Bool) {
        let due = stale.union(wakes.filter { $0.value <= now }.keys).compactMap { jobsByUID[$0] }
        let new = due.filter { $0.value.status.gang == nil }
        let (earlier, later) = (new.filter { $0.key <= lastBegun }, new.filter { $0.key > lastBegun })
        let begun = (later.sorted { $0.key < $1.key } + earlier.sorted { $0.key < $1.key }).prefix(Self.mostBegun)
        lastBegun = begun.count < new.count ? begun.last?.key ?? "" : ""
        let jobs = due.filter { $0.value.status.gang != nil }.sorted { $0.key < $1.key } + begun
        return (observations(of: jobs, at: now), new.count > begun.count)
    }

    private mutating func observations(of jobs: [Copies<Kinds.Job>.Item], at now: Timestamp) -> [JobObservation] {
        jobs.map { job in
            let metadata = job.value.metadata
            let own = members[metadata.uid]
            return JobObservation(
                job: job.value, slices: own?.slices.sorted { $0.key < $1.key }.map(\.value.value) ?? [],
                tasks: own?.tasks.sorted { $0.key < $1.key }.map(\.value.value) ?? [],
                namesTaken: taken(in: metadata.namespace), now: now)
        }
    }

    private mutating func taken(in namespace: String) -> Set<String> {
        if let namesTaken { return namesTaken[namespace] ?? [] }
        var taken: [String: Set<String>] = [:]
        for (uid, orphans) in members where jobsByUID[uid] == nil {
            for metadata in orphans.metadata { taken[metadata.namespace, default: []].insert(metadata.name) }
        }
        namesTaken = taken
        return taken[namespace] ?? []
    }

    /// Takes note of what a job's plan came to. One that asks for something is made again at the next tick, which sees
    /// whether it was written.
    mutating func note(_ plan: JobPlan, of seen: JobObservation) {
        let uid = seen.job.metadata.uid
        wakes[uid] = plan.wakeAt.flatMap { $0 > seen.now ? $0 : nil }
        if plan.transactions.isEmpty { stale.remove(uid) } else { stale.insert(uid) }
    }
}
