import Logging
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

/// Nodes, slices, jobs, heartbeats and time at random. Of two rosters that are told the same, one learns of what has changed
/// and the other of everything at each look; whatever can be seen of them must agree.
struct NodeHistory {
    /// What the two disagree on.
    struct Difference: Error, CustomStringConvertible {
        var description: String
    }

    /// What came to pass, by name: a history in which nothing does proves nothing.
    private(set) var happened: [String: Int] = [:]

    private let seed: UInt64
    private var step = 0
    private var dice: SeededGenerator
    let mirror: ObjectMirror
    private let writer: PlanWriter
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)

    private var view = GrantedView()
    private var partial: NodeRoster
    private var full: NodeRoster

    static let names = ["a", "b", "c", "d", "e"]
    private static let ids = names.map { NodeID($0) }
    var agents: [String: Agent] = [:]
    /// What is planned is written.
    private let writes: Bool

    /// The agent of one node, which need not know anything of what is granted.
    struct Agent {
        var boot = 1
        var start = 1
        var previous: String?
        var applied: Int64 = 0
        var speaks = true
        /// Its watches live.
        var follows = true
    }

    init(seed: UInt64) async throws {
        self.seed = seed
        dice = SeededGenerator(seed: seed)
        writes = seed.isMultiple(of: 2)
        let resources = Resources(
            store: MemoryStore(time: FixedTime()), time: FixedTime(), randomness: CountedRandomness())
        try await resources.bootstrap()
        mirror = ObjectMirror(resources)
        writer = PlanWriter(
            resources: resources, component: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let rollback = RollbackCheck(
            incarnation: IncarnationID("i"), ancestors: [],
            starts: [.init(id: StartID("s1"), firstRevision: Revision(1))])
        partial = NodeRoster(rollback: rollback)
        full = NodeRoster(rollback: rollback)
        for name in Self.names { agents[name] = Agent() }
    }

    mutating func run(steps: Int) async throws {
        try await look()
        while step < steps {
            step += 1
            for _ in 0..<below(3) { try await change() }
            moveVoices()
            for name in Self.names where agents[name]?.speaks ?? false && chance(80) { try await hear(name) }
            if chance(5) { try agree() }
            if chance(20) { try show() }
            try passTime()
            if chance(60) { try await look() }
            try compare()
        }
    }

    // MARK: Dice

    mutating func below(_ bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }
    private mutating func note(_ what: String) { happened[what, default: 0] += 1 }

    // MARK: What agents say

    /// Who is heard from now on. Now and then nobody is, so that the controller suspects itself, and then all are.
    private mutating func moveVoices() {
        switch below(100) {
        case 0, 1: for name in Self.names { agents[name]?.speaks = false }
        case 2, 3, 4: for name in Self.names { agents[name]?.speaks = true }
        case 5..<13: agents[one(of: Self.names)]?.speaks.toggle()
        case 13: agents[one(of: Self.names)]?.follows.toggle()
        case 14, 15:
            // The agent has started anew, or its machine has.
            let (name, reboots) = (one(of: Self.names), chance(30))
            guard var agent = agents[name] else { return }
            agent.previous = reboots ? nil : "p\(agent.start)"
            if reboots { agent.boot += 1 }
            agent.start += 1
            agent.applied = 0
            agents[name] = agent
        default: break
        }
    }

    private mutating func hear(_ name: String) async throws {
        guard var agent = agents[name] else { return }
        let newest = await mirror.resources.store.currentRevision().rawValue
        let before = agent.applied
        if chance(3) { agent.applied = Int64(below(Int(newest) + 1)) }
        if agent.follows, chance(70) { agent.applied = newest }
        agents[name] = agent
        // More than the store holds: in some histories, late.
        let saw = seed.isMultiple(of: 4) && step > 150 && chance(1) ? newest + 1 : newest
        let heartbeat = Heartbeat(
            node: NodeID(name), bootID: BootID("b\(agent.boot)"), machineID: "m-\(name)",
            incarnation: IncarnationID("i"), startID: StartID("s1"), lastRevision: saw,
            agentStart: "p\(agent.start)", previousStart: agent.previous, sentAt: now.nanoseconds,
            appliedRevision: agent.applied, hasUntoldEnds: chance(5))
        let (time, wasHalted) = (now, full.halt != nil)
        let answer = try both("hear") { $0.hear(heartbeat, current: Revision(newest), at: time) }
        if case .success = answer, agent.applied < before { note("applied goes backwards") }
        if !wasHalted, full.halt != nil { note("the controller halts") }
    }

    private mutating func agree() throws {
        let (name, after, time) = (NodeID(one(of: Self.names)), Duration.seconds(one(of: [2, 6, 20])), now)
        _ = try both("agree") { $0.agree(after: after, on: name, at: time) }
    }

    /// A node that was confirmed dead shows what it holds.
    private mutating func show() throws {
        let name = one(of: Self.names)
        guard let agent = agents[name], agent.speaks, full.wantsInventory(NodeID(name)) else { return }
        let inventory = Inventory(
            node: NodeID(name), bootID: BootID("b\(agent.boot)"), machineID: "m-\(name)",
            agentStart: "p\(agent.start)", highestEpoch: Epoch(1), held: [])
        if try both("take", { $0.take(inventory).isSettled }) { note("a dead node returns") }
    }

    // MARK: Time

    private mutating func passTime() throws {
        let late = chance(2) ? below(9_000) : 0
        now = now + .milliseconds(500 + late)
        let (time, wasSuspect) = (now, full.suspicion != nil)
        _ = try both("tick") { $0.tick(at: time) }
        if !wasSuspect, full.suspicion != nil { note("the guard trips") }
        if !full.lost.isEmpty { note("something has run out") }
        if !full.permission(at: now).nodes.isEmpty { note("a control path stalls") }
    }

    // MARK: Looks

    private mutating func look() async throws {
        let nodes = try await mirror.all(Kinds.Node.self).objects
        let slices = try await mirror.all(Kinds.Slice.self).objects
        let tasks = try await mirror.all(Kinds.Task.self).objects
        let jobs = try await mirror.all(Kinds.Job.self).objects
        let wall = WallTime(nanosecondsSince1970: now.nanoseconds)

        view.take(nodes)
        view.take(slices)
        view.take(jobs)
        let changed = view.due(and: partial.unlearned)
        partial.learn(nodes: nodes.values, holding: view.holding, changed: changed, at: now)
        let seen = NodeObservation(partial, view, nodes: nodes.values, tasks: tasks, at: now, wall: wall)

        let granted = slices.filter { $0.status.grant != nil && $0.status.state != .released }
        full.learn(
            nodes: nodes.values, granted: granted, written: Self.concerns(granted, jobs.values), others: Self.ids,
            at: now)
        let whole = NodeObservation(
            nodes: nodes.values, granted: granted,
            tasks: Dictionary(tasks.map { ("default/\($0.metadata.name)", $0) }, uniquingKeysWith: { $1 }),
            standings: full.standings(at: now, wall: wall), lost: full.lost,
            surelyActive: full.surelyActive(on: Set(Self.ids)), halt: full.halt, now: Timestamp(wall))
        if seen.granted.count < granted.count { note("only some slices are looked at") }
        try check(nodes.values, granted)
        try await plan(seen, whole)
        if chance(70) { try forget(nodes.values, granted) }
    }

    private static func concerns(_ slices: [Kinds.Slice], _ jobs: [Kinds.Job]) -> [NodeID: Revision] {
        var newest: [NodeID: Revision] = [:]
        let concerned =
            slices.map { ([$0.status.grant?.node ?? ""], $0.revision) }
            + jobs.filter { !$0.status.state.isFinal }.map { ($0.status.gang?.nodes ?? [], $0.revision) }
        for case (let nodes, let revision?) in concerned {
            for node in nodes { newest[NodeID(node)] = max(newest[NodeID(node)] ?? revision, revision) }
        }
        return newest
    }

    /// What must hold of each roster by itself, as the store is now.
    private func check(_ nodes: [Kinds.Node], _ granted: [Kinds.Slice]) throws {
        func uids(_ slices: [Kinds.Slice]) -> Set<SliceUID> { Set(slices.map { SliceUID($0.metadata.uid) }) }
        let held = granted.filter { $0.status.state != .lost }
        for roster in [partial, full] {
            try expect(roster.lost.isSubset(of: uids(held)), "what is Lost or gone has not run out")
            let active = uids(granted.filter { $0.status.activeAt != nil })
            try expect(
                Set(roster.surelyActive(on: Set(Self.ids)).keys) == active, "whatever was active lives, Lost or not")
            for node in orphans(nodes, held) { try expect(roster.knows(node), "\(node) is known by what it holds") }
        }
    }

    /// Nodes without objects that hold `stop` slices.
    private func orphans(_ nodes: [Kinds.Node], _ held: [Kinds.Slice]) -> Set<NodeID> {
        let grants = held.compactMap(\.status.grant).filter { $0.policy == .stop }
        return Set(grants.map { NodeID($0.node) }).subtracting(nodes.map { NodeID($0.metadata.name) })
    }

    private mutating func plan(_ seen: NodeObservation, _ whole: NodeObservation) async throws {
        let (partial, full) = (NodePlan.plan(seen), NodePlan.plan(whole))
        try same(partial.transactions.map(\.subject), full.transactions.map(\.subject), "plans")
        for (one, other) in zip(partial.transactions, full.transactions) {
            try same(one.changes.map(\.description), other.changes.map(\.description), "changes")
            for (change, wanted) in zip(one.changes, other.changes) {
                try expect(Self.isSame(change.object, wanted.object), "changes differ: \(change.object)")
            }
            try same(one.events, other.events, "events")
        }
        if !orphans(whole.nodes, whole.granted).isEmpty { note("a deleted node holds something") }
        if full.transactions.contains(where: { $0.subject.hasPrefix("slice") }) { note("slices are written") }
        guard writes, chance(50) else { return }
        for transaction in partial.transactions {
            await writer.write([transaction.changes], events: transaction.events, about: transaction.subject)
        }
    }

    private static func isSame(_ one: any WireObject, _ other: any WireObject) -> Bool {
        func equals<Object: WireObject>(_ object: Object) -> Bool { object == other as? Object }
        return equals(one)
    }

    private mutating func forget(_ nodes: [Kinds.Node], _ granted: [Kinds.Slice]) throws {
        let existing = Set(nodes.map { NodeID($0.metadata.name) })
        let gone = try both("forget") { $0.forgetDeleted(existing: existing) }
        if !gone.isEmpty { note("a node is forgotten") }
        let orphans = orphans(nodes, granted.filter { $0.status.state != .lost })
        for (node, state) in full.states where state == .disconnected || state == .initializing {
            try expect(existing.contains(node) || orphans.contains(node), "\(node) holds nothing and is forgotten")
        }
    }

    // MARK: Comparing

    private mutating func compare() throws {
        let (now, wall) = (now, WallTime(nanosecondsSince1970: now.nanoseconds))
        _ = try both("states") { $0.states }
        _ = try both("lost") { $0.lost }
        _ = try both("renewals") { $0.renewals }
        _ = try both("intervals") { roster in Self.ids.map { roster.interval(of: $0) } }
        _ = try both("permission") { $0.permission(at: now) }
        _ = try both("standings") { $0.standings(at: now, wall: wall) }
        _ = try both("surelyActive") { $0.surelyActive(on: Set(Self.ids)) }
        _ = try both("inventories") { roster in Self.ids.map { roster.wantsInventory($0) } }
    }

    @discardableResult
    private mutating func both<Answer: Equatable>(
        _ what: String, _ ask: (inout NodeRoster) -> Answer
    ) throws -> Answer {
        let (partial, full) = (ask(&partial), ask(&full))
        try same(partial, full, what)
        return full
    }

    private func same<Answer: Equatable>(_ partial: Answer, _ full: Answer, _ what: String) throws {
        try expect(partial == full, "\(what) differ.\nchanged: \(partial)\nall:     \(full)")
    }

    private func expect(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw Difference(description: "seed \(seed), step \(step): \(what())") }
    }
}
