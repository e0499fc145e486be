import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

/// A restore written down as lines, so that a test shows what was reported, what the store says, and what follows.
///
///     waits a b                                 the roster
///     node a [lost]                             a Node of the store; lost: confirmed dead
///     job j 2 [Started@1] [lastToken 40]        a job with two members
///     slice j-1-0 Active a@3 token 50 [task Succeeded]
///     holds a nothing                           node a reports
///     holds a j-1-0 Running @3 token 50 [size 3] [started]
///     stray a uid-j-1-0 @3                      only its cgroup is known
///     record a @7 j-1-0@3                       a NodeAllocation
struct RestoreScene {
    var seen = RestoreObservation(
        record: RestoreRecord(
            incarnation: IncarnationID("new"), waitsFor: [], since: Timestamp(seconds: 1_795_231_029)),
        now: Timestamp(seconds: 1_795_231_129))
    private var sizes: [String: Int64] = [:]

    init(_ text: String) throws {
        for line in text.split(separator: "\n") { try take(line.split(separator: " ").map(String.init)) }
    }

    var plan: RestorePlan { RestorePlan.plan(seen) }

    private mutating func take(_ words: [String]) throws {
        switch words[0] {
        case "waits": seen.record.waitsFor = words.dropFirst().map { NodeID($0) }
        case "node": seen.nodes.append(Self.node(words))
        case "job": try job(words)
        case "slice": slice(words)
        case "holds": holds(words)
        case "stray": stray(words)
        case "record": record(words)
        default: throw Unreadable(line: words.joined(separator: " "))
        }
    }

    struct Unreadable: Error { var line: String }

    private static func node(_ words: [String]) -> Kinds.Node {
        var node = Kinds.Node(metadata: ObjectMeta(name: words[1], resourceVersion: "2"))
        node.status.bootID = "boot"
        node.status.machineID = "machine-\(words[1])"
        node.status.state = .ready
        if words.contains("lost") {
            node.spec.confirmedDead = Kinds.ConfirmedDead(bootID: "boot")
            node.status.state = .lost
        }
        return node
    }

    private mutating func job(_ words: [String]) throws {
        let size = Int64(words[2]) ?? 1
        sizes[words[1]] = size
        var job = Kinds.Job(
            metadata: ObjectMeta(name: words[1], namespace: "lab", uid: "uid-\(words[1])", resourceVersion: "3"),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: size),
                slice: Kinds.SliceRequest(cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
                template: Kinds.TaskTemplate(command: ["true"])))
        for (place, word) in words.enumerated() {
            let parts = word.split(separator: "@").map(String.init)
            if parts.count == 2, let state = Kinds.GangState(rawValue: parts[0]) {
                job.status.gang = Kinds.GangRecord(attempt: Int64(parts[1]) ?? 0, state: state)
                job.status.state = state == .started ? .running : .queued
            }
            if let state = Kinds.JobState(rawValue: word) { job.status.state = state }
            if word == "lastToken" { job.status.lastToken = Int64(words[place + 1]) }
        }
        seen.jobs.append(job)
    }

    /// `j-2-0` is member 0 of attempt 2 of job j.
    private func member(_ name: String, size: Int64?) -> Kinds.AttemptRef {
        let parts = name.split(separator: "-").map(String.init)
        return Kinds.AttemptRef(
            job: parts[0], jobUID: "uid-\(parts[0])", index: Int64(parts[2]) ?? 0, attempt: Int64(parts[1]) ?? 0,
            size: size ?? sizes[parts[0]] ?? 1)
    }

    private func grant(_ name: String, node: String, epoch: String, words: [String]) -> Kinds.Grant {
        let token = words.firstIndex(of: "token").flatMap { Int64(words[$0 + 1]) } ?? 0
        return Kinds.Grant(
            node: node, bootID: "boot", epoch: Int64(epoch) ?? 0, token: token, sliceUID: "uid-\(name)",
            shares: [Kinds.Share(device: "\(node)-cpu0", cardUnits: "1/8")], policy: .keep)
    }

    private mutating func slice(_ words: [String]) {
        let name = words[1]
        let state = Kinds.SliceState(rawValue: words[2]) ?? .pending
        var status = Kinds.SliceStatus(state: state)
        if words.count > 3 {
            let place = words[3].split(separator: "@").map(String.init)
            status.grant = grant(name, node: place[0], epoch: place[1], words: words)
        }
        seen.slices.append(
            Kinds.Slice(
                metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-\(name)", resourceVersion: "4"),
                spec: Kinds.SliceSpec(
                    request: Kinds.SliceRequest(), member: member(name, size: nil),
                    onDisconnect: Kinds.OnDisconnect(policy: .keep)), status: status))
        var task = Kinds.Task(
            metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-t-\(name)", resourceVersion: "5"),
            spec: Kinds.TaskSpec(
                slice: name, member: member(name, size: nil), template: Kinds.TaskTemplate(command: ["true"])))
        if state == .active { task.status.state = .running }
        if let place = words.firstIndex(of: "task") {
            task.status.state = Kinds.TaskState(rawValue: words[place + 1]) ?? .pending
        }
        seen.tasks.append(task)
    }

    private mutating func holds(_ words: [String]) {
        guard words[2] != "nothing" else { return report(words[1], nil) }
        let name = words[2]
        let phase = HeldReport.Phase(rawValue: words[3]) ?? .prepared
        let size = words.firstIndex(of: "size").flatMap { Int64(words[$0 + 1]) }
        let hasStarted = words.contains("started") || phase == .running
        report(
            words[1],
            HeldReport(
                uid: SliceUID("uid-\(name)"), namespace: "lab", name: name, member: member(name, size: size),
                grant: grant(name, node: words[1], epoch: String(words[4].dropFirst()), words: words), phase: phase,
                startedAt: hasStarted ? Timestamp(seconds: 1_795_000_000) : nil))
    }

    private mutating func stray(_ words: [String]) {
        var bare = grant("", node: words[1], epoch: String(words[3].dropFirst()), words: [])
        bare.sliceUID = words[2]
        bare.shares = []
        report(
            words[1],
            HeldReport(
                uid: SliceUID(words[2]), namespace: "", name: "", member: nil, grant: bare, phase: .running,
                startedAt: Timestamp(seconds: 1_795_000_000)))
    }

    private mutating func report(_ node: String, _ held: HeldReport?) {
        let id = NodeID(node)
        var inventory =
            seen.inventories[id]
            ?? Inventory(
                node: id, bootID: BootID("boot"), machineID: "machine-\(node)", agentStart: "start",
                highestEpoch: Epoch(0), held: [])
        if let held {
            inventory.held.append(held)
            inventory.highestEpoch = max(inventory.highestEpoch, Epoch(held.grant.epoch))
        }
        seen.inventories[id] = inventory
    }

    private mutating func record(_ words: [String]) {
        var record = NodeAllocation(
            node: NodeID(words[1]), bootID: BootID("boot"), epoch: Epoch(Int64(words[2].dropFirst()) ?? 0))
        for word in words.dropFirst(3) {
            let parts = word.split(separator: "@").map(String.init)
            record.held.append(
                NodeAllocation.Holding(
                    sliceUID: SliceUID("uid-\(parts[0])"), namespace: "lab", slice: parts[0],
                    epoch: Epoch(Int64(parts[1]) ?? 0),
                    shares: [Kinds.Share(device: "\(words[1])-cpu0", cardUnits: "1/8")]))
        }
        seen.allocations[NodeID(words[1])] = .init(record: record, revision: Revision(9))
    }
}
