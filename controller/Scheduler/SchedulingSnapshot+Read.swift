import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

extension SchedulingSnapshot {
    /// Reads what a cycle looks at.
    ///
    /// The listings are taken one after another; the token is the revision of the first, so whatever happened later is
    /// newer than it, and every write compares what it was planned on.
    static func read(_ mirror: ObjectMirror, _ permission: GrantPermission) async throws(APIError) -> SchedulingSnapshot
    {
        let jobs = try await mirror.all(Kinds.Job.self)
        let now = Timestamp(mirror.resources.time.wall())
        let drafting = jobs.objects.filter {
            $0.status.gang?.state == .drafting && !$0.status.state.isFinal && !$0.metadata.isTerminating
        }
        let nodes = try await mirror.all(Kinds.Node.self).objects
        let silent = Set(
            nodes.filter { $0.status.state == .suspect || $0.status.state == .disconnected }.map(\.metadata.name))
        let threatened = silent.isEmpty ? [] : jobs.objects.filter { isThreatened($0, by: silent) }
        if drafting.isEmpty, threatened.isEmpty {
            return SchedulingSnapshot(
                cluster: ClusterSnapshot(revision: jobs.revision, nodes: [], classes: []), ledger: Ledger(), gangs: [],
                now: now)
        }
        let slices = try await mirror.all(Kinds.Slice.self).objects
        let ledger = try await ledger(mirror.resources)
        let cluster = ClusterSnapshot(
            revision: jobs.revision, nodes: nodes,
            devices: try await mirror.all(Kinds.Device.self).objects,
            classes: try await mirror.all(Kinds.DeviceClass.self).objects, held: ledger.held)
        return SchedulingSnapshot(
            cluster: cluster, ledger: ledger, gangs: gangs(drafting, slices: slices),
            threatened: gangs(threatened, slices: slices), permission: permission, now: now)
    }

    /// A running attempt that a silent node may cost its life.
    private static func isThreatened(_ job: Kinds.Job, by silent: Set<String>) -> Bool {
        guard let gang = job.status.gang, !job.status.state.isFinal, !job.metadata.isTerminating else { return false }
        return gang.state == .started && gang.nodes.contains(where: silent.contains)
    }

    private static func ledger(_ resources: Resources) async throws(APIError) -> Ledger {
        var ledger = Ledger()
        for stored in try await resources.records(prefix: NodeAllocation.prefix) {
            // What cannot be read may hold anything: nothing is granted until someone looks.
            guard let record = NodeAllocation(stored: stored.value) else {
                throw .internalError("the record \(stored.key) cannot be read")
            }
            ledger.pages[record.node] = Ledger.Page(record: record, revision: stored.revision)
        }
        return ledger
    }

    private static func gangs(_ jobs: [Kinds.Job], slices: [Kinds.Slice]) -> [DraftingGang] {
        let members = Dictionary(grouping: slices) { $0.spec.member?.jobUID ?? "" }
        return jobs.map { job in
            let attempt = job.status.gang?.attempt
            return DraftingGang(
                job: job, slices: (members[job.metadata.uid] ?? []).filter { $0.spec.member?.attempt == attempt })
        }
    }
}
