import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

/// What slices hold, and of what.
package struct Holdings: Sendable {
    package var slices: Copies<Kinds.Slice>
    package var allocations: Copies<NodeAllocation>
    package var devices: Copies<Kinds.Device>
    package var classes: Copies<Kinds.DeviceClass>
}

/// What the scheduler knows from one cycle to the next: nodes as placement sees them, what is held on each, and the gangs
/// that wait. A value: what was read goes in, and only what changed is looked at; what a cycle decides on comes out.
package struct SchedulingView: Sendable {
    private var jobs = Copies<Kinds.Job>()
    private var slices = Copies<Kinds.Slice>()
    private var nodes = Copies<Kinds.Node>()
    private var devices = Copies<Kinds.Device>()
    private var classes = Copies<Kinds.DeviceClass>()
    private var allocations = Copies<NodeAllocation>()

    /// Jobs whose gang record says Drafting, by key.
    private var drafting: [String: Copies<Kinds.Job>.Item] = [:]
    /// Jobs that hold slices, and those of them that keep others away, by key.
    private var holding: [String: JobPlace] = [:]
    private var repelling: Set<String> = []
    /// Slices by the uid of their job, then by key.
    private var members: [String: [String: Copies<Kinds.Slice>.Item]] = [:]
    private var nodesByName: [String: Kinds.Node] = [:]
    /// By node, then by name.
    private var devicesByNode: [String: [String: Kinds.Device]] = [:]
    /// Nodes that are silent and not yet lost.
    private var silent: Set<String> = []
    /// Nodes that placement has yet to see as they are now.
    private var stale: Set<String> = []
    /// How often it was refreshed.
    private var turn = 0

    /// What is held on which node.
    package private(set) var ledger = Ledger()
    /// Plans on the nodes as they are; what it planned is forgotten with `settle`.
    package var placement: Placement

    /// - Parameter remembering: decisions that are kept with all that they were made on.
    package init(settings: PlacementSettings = PlacementSettings(), remembering: Int = 0) {
        placement = Placement(
            ClusterSnapshot(revision: Revision(0), nodes: [], classes: []), settings: settings,
            remembering: remembering)
    }

    /// Whether any gang waits, or may soon have to.
    package var isIdle: Bool { drafting.isEmpty && silent.isEmpty }

    /// Forgets what was planned on these nodes: what of it was written comes back with the next records.
    package mutating func settle(_ planned: some Sequence<NodeID>) { stale.formUnion(planned.map(\.rawValue)) }

    package mutating func take(_ new: Copies<Kinds.Job>) {
        for change in new.differences(from: jobs) {
            let isDrafting = change.new.map { $0.value.isDrafting } ?? false
            drafting[change.key] = isDrafting ? change.new : nil
            let place = change.new.flatMap { JobPlace(holding: $0.value) }
            holding[change.key] = place
            if place?.repels ?? false { repelling.insert(change.key) } else { repelling.remove(change.key) }
        }
        jobs = new
    }

    package mutating func take(_ new: Copies<Kinds.Slice>) {
        for change in new.differences(from: slices) {
            if let job = change.old?.value.spec.member?.jobUID {
                members[job]?[change.key] = nil
                if members[job]?.isEmpty ?? false { members[job] = nil }
            }
            if let item = change.new, let job = item.value.spec.member?.jobUID {
                members[job, default: [:]][change.key] = item
            }
        }
        slices = new
    }

    package mutating func take(_ new: Copies<Kinds.Node>) {
        for change in new.differences(from: nodes) {
            if let old = change.old?.value.metadata.name, change.new == nil {
                nodesByName[old] = nil
                silent.remove(old)
                stale.insert(old)
            }
            guard let node = change.new?.value else { continue }
            let name = node.metadata.name
            nodesByName[name] = node
            stale.insert(name)
            let isSilent = node.status.state == .suspect || node.status.state == .disconnected
            if isSilent { silent.insert(name) } else { silent.remove(name) }
        }
        nodes = new
    }

    package mutating func take(_ new: Copies<Kinds.Device>) {
        for change in new.differences(from: devices) {
            if let old = change.old?.value, let node = old.status.node {
                devicesByNode[node]?[old.metadata.name] = nil
                stale.insert(node)
            }
            if let device = change.new?.value, let node = device.status.node {
                devicesByNode[node, default: [:]][device.metadata.name] = device
                stale.insert(node)
            }
        }
        devices = new
    }

    package mutating func take(_ new: Copies<Kinds.DeviceClass>) {
        let changes = new.differences(from: classes)
        classes = new
        guard changes.contains(where: { $0.old?.value.spec != $0.new?.value.spec }) else { return }
        stale.formUnion(nodesByName.keys)
        let prices = classes.compactMap { each in each.spec.price.map { (each.metadata.name, $0.fraction) } }
        placement.update(
            classes: Set(classes.map(\.metadata.name)), prices: Dictionary(prices) { first, _ in first })
    }

    package mutating func take(_ new: Copies<NodeAllocation>) {
        for change in new.differences(from: allocations) {
            if let old = change.old?.value, change.new == nil {
                ledger.pages[old.node] = nil
                stale.insert(old.node.rawValue)
            }
            if let item = change.new {
                ledger.pages[item.value.node] = Ledger.Page(record: item.value, revision: item.revision)
                stale.insert(item.value.node.rawValue)
            }
        }
        allocations = new
    }

    package mutating func take(_ new: Holdings) {
        take(new.slices)
        take(new.allocations)
        take(new.devices)
        take(new.classes)
    }

    /// Shows placement the nodes as they are at this revision.
    package mutating func refresh(at revision: Revision, _ now: Timestamp) {
        let classes = Array(self.classes)
        var changed: [NodeSnapshot] = []
        var removed: Set<NodeID> = []
        for name in stale {
            guard let node = nodesByName[name] else {
                removed.insert(NodeID(name))
                continue
            }
            changed.append(
                NodeSnapshot(
                    node, devices: (devicesByNode[name] ?? [:]).values, classes: classes,
                    held: ledger.pages[NodeID(name)]?.held ?? [:]))
        }
        stale = []
        turn += 1
        placement.update(changed.sorted { $0.name < $1.name }, removed: removed)
        placement.mark(revision: revision, time: now.text)
    }

    /// What the next cycle decides on. `revision` becomes the token of its grants.
    package func snapshot(_ revision: Revision, _ permission: GrantPermission, now: Timestamp) -> SchedulingSnapshot {
        let threatened = silent.isEmpty ? [] : jobs.filter { $0.isThreatened(by: silent) }
        let gangs = drafting.values.map { gang($0.value) }
        let threatenedGangs = threatened.map(gang)
        return SchedulingSnapshot(
            revision: revision, ledger: ledger, gangs: gangs, threatened: threatenedGangs,
            places: places(for: gangs + threatenedGangs), turn: turn, permission: permission, now: now)
    }

    /// The jobs on which the placement of these gangs may depend: all that hold slices when one of them looks around, else
    /// those that keep others away.
    func places(for gangs: [DraftingGang]) -> [JobPlace] {
        let keys = gangs.contains { $0.job.looksAround } ? Array(holding.keys) : Array(repelling)
        return keys.sorted().compactMap { holding[$0] }
    }

    func job(_ namespace: String, _ name: String) -> Kinds.Job? {
        jobs.first { $0.metadata.name == name && $0.metadata.namespace == namespace }
    }

    /// Where the members of a job's present attempt are.
    func grants(of job: Kinds.Job) -> [Kinds.PlacedMember] {
        gang(job).slices.compactMap { slice in
            slice.status.grant.map {
                Kinds.PlacedMember(index: slice.spec.member?.index ?? 0, node: $0.node, shares: $0.shares)
            }
        }
    }

    /// The preemptible jobs that hold slices, but for one.
    func victims(except uid: String) -> [Victim] {
        var units: [SliceUID: Rational] = [:]
        for page in ledger.pages.values {
            for holding in page.record.held {
                units[holding.sliceUID] = holding.shares.reduce(.zero) {
                    $0 + (Rational(parsing: $1.cardUnits) ?? .zero)
                }
            }
        }
        return jobs.filter { $0.spec.preemptibility == .preemptible && $0.metadata.uid != uid }.compactMap { job in
            let held = gang(job).slices.map { SliceUID($0.metadata.uid) }.filter { units[$0] != nil }
            guard !held.isEmpty else { return nil }
            return Victim(
                namespace: job.metadata.namespace, job: job.metadata.name, slices: Set(held),
                cardUnits: held.reduce(.zero) { $0 + (units[$1] ?? .zero) })
        }
    }

    /// A job with the slices of its present attempt.
    private func gang(_ job: Kinds.Job) -> DraftingGang {
        let attempt = job.status.gang?.attempt
        let slices = (members[job.metadata.uid] ?? [:]).values.map(\.value).filter {
            $0.spec.member?.attempt == attempt
        }
        return DraftingGang(job: job, slices: slices)
    }
}

extension Kinds.Job {
    fileprivate var isDrafting: Bool {
        status.gang?.state == .drafting && !status.state.isFinal && !metadata.isTerminating
    }

    /// A running attempt that a silent node may cost its life.
    fileprivate func isThreatened(by silent: Set<String>) -> Bool {
        guard let gang = status.gang, !status.state.isFinal, !metadata.isTerminating else { return false }
        return gang.state == .started && gang.nodes.contains(where: silent.contains)
    }
}
