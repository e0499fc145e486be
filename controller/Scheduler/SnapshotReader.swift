import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

/// Reads what a cycle looks at; decodes only what changed since the last one.
actor SnapshotReader {
    private var nodes = ObjectCache<Kinds.Node>()
    private var devices = ObjectCache<Kinds.Device>()
    private var classes = ObjectCache<Kinds.DeviceClass>()
    private var jobs = ObjectCache<Kinds.Job>()
    private var slices = ObjectCache<Kinds.Slice>()

    /// The listings are taken one after another; the token is the revision of the first, so whatever happened later is
    /// newer than it, and every write compares what it was planned on.
    func read(_ resources: Resources) async throws(APIError) -> SchedulingSnapshot {
        let jobList = try await resources.list(Kinds.Job.info)
        let sliceList = try await resources.list(Kinds.Slice.info)
        let records = try await resources.records(prefix: NodeAllocation.prefix)
        let nodeList = try await resources.list(Kinds.Node.info)
        let deviceList = try await resources.list(Kinds.Device.info)
        let classList = try await resources.list(Kinds.DeviceClass.info)

        var ledger = Ledger()
        for stored in records {
            guard let record = NodeAllocation(stored: stored.value) else {
                throw .internalError("the record \(stored.key) cannot be read")
            }
            ledger.pages[record.node] = Ledger.Page(record: record, revision: stored.revision)
        }
        let drafting = try jobs.objects(of: jobList).filter {
            $0.status.gang?.state == .drafting && !$0.status.state.isFinal && !$0.metadata.isTerminating
        }
        let members = Dictionary(grouping: try slices.objects(of: sliceList)) { slice in
            AttemptKey(jobUID: slice.spec.member?.jobUID ?? "", attempt: slice.spec.member?.attempt ?? 0)
        }
        let gangs = drafting.map { job in
            let key = AttemptKey(jobUID: job.metadata.uid, attempt: job.status.gang?.attempt ?? 0)
            return DraftingGang(job: job, slices: members[key] ?? [])
        }
        let cluster = ClusterSnapshot(
            revision: jobList.revision, nodes: try nodes.objects(of: nodeList), devices: try devices.objects(of: deviceList),
            classes: try classes.objects(of: classList), held: ledger.held)
        return SchedulingSnapshot(
            cluster: cluster, ledger: ledger, gangs: gangs, now: Timestamp(resources.time.wall()))
    }

    private struct AttemptKey: Hashable {
        var jobUID: String
        var attempt: Int64
    }
}
