import Testing
import TidemillModel
import TidemillWire

@testable import tidemill

@Suite struct NodeNamesTests {
    @Test(arguments: ["a", "node/a", "nodes/a", "nd/a"])
    func `a node is named as kubectl names it`(_ word: String) throws {
        #expect(try NodeNames.parse(word) == "a")
    }

    @Test(arguments: ["", "node/", "job/a", "a/b/c"])
    func `anything else is refused`(_ word: String) {
        #expect(throws: Failure.self) { try NodeNames.parse(word) }
    }
}

@Suite struct NodeChangeTests {
    private func node(
        cordoned: Bool = false, drain: Kinds.Drain? = nil, maintenance: Bool = false
    ) -> Kinds.Node {
        Kinds.Node(
            metadata: ObjectMeta(name: "a"),
            spec: Kinds.NodeSpec(unschedulable: cordoned, drain: drain, maintenance: maintenance))
    }

    @Test func `a cordon is set once`() {
        #expect(NodeChange.cordon(node()).patch == ["spec": ["unschedulable": true]])
        #expect(NodeChange.cordon(node(cordoned: true)).patch == nil)
        #expect(NodeChange.cordon(node(cordoned: true)).message == "node.tidemill.dev/a already cordoned")
    }

    @Test func `uncordon ends a drain too, and tells of a maintenance`() {
        let patch: JSON = ["spec": ["unschedulable": false, "drain": .null]]
        #expect(NodeChange.uncordon(node(cordoned: true)).patch == patch)
        #expect(NodeChange.uncordon(node(drain: Kinds.Drain())).patch == patch)
        #expect(NodeChange.uncordon(node()).patch == nil)
        #expect(
            NodeChange.uncordon(node(maintenance: true)).note
                == "node.tidemill.dev/a is in maintenance still: `tidemill maintenance a --off` ends it")
    }

    @Test func `a drain sets what was asked for and nothing else`() {
        #expect(NodeChange.drain(node()).patch == ["spec": ["drain": [:]]])
        #expect(
            NodeChange.drain(node(), timeout: .seconds(90), force: true, maxConcurrent: 2).patch
                == ["spec": ["drain": ["timeout": "1m30s", "force": true, "maxConcurrent": 2]]])
        let running = node(drain: Kinds.Drain(timeout: APIDuration(.seconds(60))))
        #expect(NodeChange.drain(running).patch == nil)
        #expect(NodeChange.drain(running, force: true).patch == ["spec": ["drain": ["force": true]]])
    }

    @Test func `a drain is undone, and a cordon beneath it is told`() {
        #expect(NodeChange.undoDrain(node(drain: Kinds.Drain())).patch == ["spec": ["drain": .null]])
        #expect(NodeChange.undoDrain(node(drain: Kinds.Drain())).note == nil)
        #expect(NodeChange.undoDrain(node(cordoned: true, drain: Kinds.Drain())).note?.contains("uncordon a") == true)
        #expect(NodeChange.undoDrain(node()).patch == nil)
    }

    @Test(arguments: [Kinds.NodeState.suspect, .disconnected])
    func `who empties a silent node hears what else there is to do`(_ state: Kinds.NodeState) {
        var node = node()
        node.status.state = state
        #expect(NodeChange.drain(node).note?.contains("`tidemill node confirm-dead a`") == true)
        #expect(NodeChange.maintenance(node, isOn: true).note == NodeChange.drain(node).note)
        node.status.state = .ready
        #expect(NodeChange.drain(node).note == nil)
        node.status.conditions = [
            Kinds.Condition(type: "Ready", status: .unknown, reason: "ControllerRolledBack", message: "An older copy.")
        ]
        #expect(NodeChange.drain(node).note == "nothing is evicted: An older copy.")
    }

    @Test func `maintenance is switched on and off`() {
        #expect(NodeChange.maintenance(node(), isOn: true).patch == ["spec": ["maintenance": true]])
        #expect(NodeChange.maintenance(node(maintenance: true), isOn: false).patch == ["spec": ["maintenance": false]])
        #expect(NodeChange.maintenance(node(), isOn: false).patch == nil)
    }
}

@Suite struct TaintEditTests {
    private func change(_ words: [String], to taints: [Kinds.Taint] = [], overwrites: Bool = false) throws -> NodeChange
    {
        let node = Kinds.Node(
            metadata: ObjectMeta(name: "a", resourceVersion: "7"), spec: Kinds.NodeSpec(taints: taints))
        return try TaintEdit(parsing: words).change(node, overwrites: overwrites)
    }

    private func texts(_ change: NodeChange) -> [String]? {
        change.patch?.at(["spec", "taints"])?.array?.map {
            "\($0["key"]?.string ?? "")=\($0["value"]?.string ?? ""):\($0["effect"]?.string ?? "")"
        }
    }

    private let old = Kinds.Taint(key: "old", value: "x", effect: .noExecute, timeAdded: nil)

    @Test func `taints are added, and hold only for what was seen`() throws {
        let change = try change(["k=v:NoSchedule", "e:NoExecute"], to: [old])
        #expect(texts(change) == ["old=x:NoExecute", "k=v:NoSchedule", "e=:NoExecute"])
        #expect(change.patch?.at(["metadata", "resourceVersion"])?.string == "7")
        #expect(change.message == "node.tidemill.dev/a tainted")
    }

    @Test(arguments: ["old-", "old:NoExecute-"])
    func `a taint is removed by its key`(_ word: String) throws {
        let change = try change([word], to: [old])
        #expect(texts(change) == [])
        #expect(change.message == "node.tidemill.dev/a untainted")
    }

    @Test func `the same taint again changes nothing`() throws {
        #expect(try change(["old=x:NoExecute"], to: [old]).patch == nil)
    }

    @Test func `another taint of the same key needs a word`() throws {
        #expect { try change(["old=y:NoSchedule"], to: [old]) } throws: { error in
            (error as? Failure)?.message == "node a has the taint old=x:NoExecute already: --overwrite changes it"
        }
        #expect(texts(try change(["old=y:NoSchedule"], to: [old], overwrites: true)) == ["old=y:NoSchedule"])
    }

    @Test(
        arguments: [
            ("k", "has no effect: write key=value:EFFECT"), ("k=v", "has no effect"),
            ("k=v:NoSuch", "\"NoSuch\" is no effect: write NoSchedule, PreferNoSchedule or NoExecute"),
            ("k=v:NoSchedule:x", "is no taint"), ("-", "is no taint"), ("k=v-", "removed by its key"),
            ("gone-", "node a has no taint gone"), ("old:NoSchedule-", "node a has no taint old:NoSchedule"),
            ("b@d:NoSchedule", "its key name part must consist of"),
        ])
    func `mistakes are told in a sentence`(_ word: String, _ part: String) {
        #expect { try change([word], to: [old]) } throws: { error in
            (error as? Failure)?.message.contains(part) == true
        }
    }

    @Test func `a key is named once`() {
        #expect { try TaintEdit(parsing: ["k:NoSchedule", "k-"]) } throws: { error in
            (error as? Failure)?.message == "\"k\" is named twice: a node has one taint of each key"
        }
    }
}

@Suite struct DrainProgressTests {
    private func node(_ condition: JSON?, drain: JSON? = [:], generation: Int64 = 2) -> JSON {
        var spec: JSON = [:]
        if let drain { spec["drain"] = drain }
        return [
            "metadata": ["name": "a", "generation": .integer(generation)], "spec": spec,
            "status": ["conditions": .array(condition.map { [$0] } ?? [])],
        ]
    }

    private func judged(_ object: JSON?) -> String {
        let (verdict, message) = DrainProgress.judge(object, name: "a")
        return switch verdict {
        case .goOn: "goOn \(message ?? "")"
        case .holds: "holds"
        case .never(let why): why
        }
    }

    @Test func `only what was said of this drain counts`() {
        let drained: JSON = ["type": "Draining", "status": "False", "reason": "Drained", "observedGeneration": 2]
        #expect(judged(node(drained)) == "holds")
        #expect(judged(node(drained, generation: 3)) == "goOn ")
        #expect(judged(node(nil)) == "goOn ")
    }

    @Test func `what it waits for is told`() {
        let waiting: JSON = [
            "type": "Draining", "status": "True", "reason": "Evicting", "observedGeneration": 2,
            "message": "evicts 3 of 8",
        ]
        #expect(judged(node(waiting)) == "goOn evicts 3 of 8")
    }

    @Test func `a drain that was taken back is not waited for`() {
        #expect(judged(node(nil, drain: nil)).hasSuffix("is no longer to be emptied: somebody took it back"))
        #expect(judged(nil) == "nodes.tidemill.dev \"a\" not found")
    }
}

@Suite struct DeathNoticeTests {
    private func notice(
        _ state: Kinds.NodeState?, boot: String? = "b-1", slices: [Kinds.Slice] = [], confirmed: String? = nil
    ) -> DeathNotice {
        DeathNotice(
            node: Kinds.Node(
                metadata: ObjectMeta(name: "a"),
                spec: Kinds.NodeSpec(confirmedDead: confirmed.map { Kinds.ConfirmedDead(bootID: $0) }),
                status: Kinds.NodeStatus(state: state, bootID: boot)), slices: slices)
    }

    private func slice(_ name: String, _ policy: Kinds.DisconnectPolicy) -> Kinds.Slice {
        var slice = Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "lab"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(),
                member: Kinds.AttemptRef(job: "j", jobUID: "u", index: 0, attempt: 1, size: 1),
                onDisconnect: Kinds.OnDisconnect(policy: policy)),
            status: Kinds.SliceStatus(state: .active))
        slice.status.grant = Kinds.Grant(
            node: "a", bootID: "b-1", epoch: 1, token: 1, sliceUID: "u", shares: [], policy: policy,
            after: policy == .stop ? APIDuration(.seconds(60)) : nil)
        return slice
    }

    @Test(arguments: [Kinds.NodeState.ready, .suspect, .draining, .cordoned])
    func `a node that is heard is not dead`(_ state: Kinds.NodeState) {
        #expect(notice(state).refusal?.message.hasPrefix("node a is \(state.rawValue), so its agent is heard") == true)
    }

    @Test func `a controller that has halted believes nobody, and says why`() {
        var halted = notice(.disconnected)
        halted.node.status.conditions = [
            Kinds.Condition(type: "Ready", status: .unknown, reason: "ControllerRolledBack", message: "An older copy.")
        ]
        #expect(halted.refusal?.message == "the controller believes no word about nodes now. An older copy.")
    }

    @Test(arguments: [Kinds.NodeState.disconnected, .lost, .maintenance, .initializing, nil])
    func `a silent node may be`(_ state: Kinds.NodeState?) {
        #expect(notice(state).refusal == nil)
    }

    @Test func `what it means is shown`() {
        #expect(
            notice(.disconnected, slices: [slice("j-1-0", .keep), slice("k-1-0", .stop)]).lines() == [
                "Node a is Disconnected, boot b-1.", "2 slices are given up; the work starts elsewhere:",
                "  NAMESPACE   SLICE   JOB   STATUS   ON DISCONNECT", "  lab         j-1-0   j     Active   keep",
                "  lab         k-1-0   j     Active   stop after 1m",
                "Nothing ends a `keep` slice on a machine that is only cut off: if it runs still, its work will run twice.",
                "Say so only when the machine is off, or will never run this boot again.",
            ])
        #expect(notice(.disconnected).lines().contains("Nothing is granted on it."))
        let stop = notice(.disconnected, slices: [slice("k-1-0", .stop)]).lines()
        #expect(!stop.contains { $0.contains("keep") })
    }

    @Test func `the word names the boot that was seen`() {
        #expect(
            notice(.disconnected).patch(reason: "burnt")
                == ["spec": ["confirmedDead": ["bootID": "b-1", "reason": "burnt"]]])
        #expect(notice(nil, boot: nil).patch(reason: nil) == ["spec": ["confirmedDead": ["bootID": "unknown"]]])
        #expect(notice(.lost, confirmed: "b-1").isConfirmed)
        #expect(!notice(.lost, confirmed: "b-0").isConfirmed)
    }
}
