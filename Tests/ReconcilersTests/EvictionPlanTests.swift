import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

@Suite struct EvictionPlanTests {
    typealias S = EvictionScene

    @Test func `without a measure nothing is evicted and nothing is said`() {
        var scene = S()
        scene.node("a")
        scene.job("j", on: ["a"])
        #expect(scene.plan.description.isEmpty)
        #expect(scene.plan.wakeAt == nil)
    }

    @Test func `a drain evicts a gang whole, with its entry in one transaction`() throws {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.node("b")
        scene.job("j", on: ["a", "b"])
        scene.job("other", on: ["b"])
        #expect(
            scene.evictions == """
                set Job lab/j Running, attempt 1 Started
                set Slice lab/j-1-0 Releasing (Drained)
                set Slice lab/j-1-1 Releasing (Drained)
                """)
        #expect(scene.plan.transactions.first?.changes.count == 3)
        #expect(scene.plan.transactions.first?.events.map(\.reason) == ["Evicted"])
        #expect(scene.after("j")?.status.evictedAt == [scene.now])
        #expect(scene.told == "Node a Draining=True Evicting: evicts 1 of 1")
    }

    @Test func `maintenance empties a node as a drain does`() {
        var scene = S()
        scene.node("a", maintenance: true)
        scene.job("j", on: ["a"])
        scene.job("k", on: ["a"], .started, .nonPreemptible)
        #expect(scene.evictions.contains("set Slice lab/j-1-0 Releasing (Drained)"))
        #expect(!scene.evictions.contains("lab/k"))
        #expect(
            scene.told == """
                Node a Draining=True Evicting: evicts 1 of 2; waits for 1 nonPreemptible slice: lab/k-1-0; \
                `tidemill drain a --force` evicts them
                """)
    }

    @Test func `nonPreemptible slices are left until the timeout, and only force goes beyond it`() {
        var scene = S()
        scene.node("a", drain: S.drain(force: true))
        scene.job("j", on: ["a"], .started, .nonPreemptible)
        scene.job("k", on: ["a"], .started, .nonPreemptible)
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told == """
                Node a Draining=True WaitingForNonPreemptible: waits for 2 nonPreemptible slices: lab/j-1-0, lab/k-1-0; \
                forced at 00:20:50Z
                """)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1250))
        scene.now = Timestamp(seconds: 1249)
        #expect(scene.evictions.isEmpty)
        scene.now = Timestamp(seconds: 1250)
        #expect(scene.evictions.contains("set Slice lab/j-1-0 Releasing (Drained)"))
        #expect(scene.evictions.contains("set Slice lab/k-1-0 Releasing (Drained)"))
    }

    @Test func `without force a drain waits for ever and says what would help`() {
        var scene = S()
        scene.node("a", drain: S.drain(timeout: .seconds(60)))
        scene.job("j", on: ["a"], .started, .nonPreemptible)
        #expect(scene.told.hasSuffix("`tidemill drain a --force` evicts them at 00:16:50Z"))
        scene.now = Timestamp(seconds: 99_000)
        #expect(scene.evictions.isEmpty)
        #expect(scene.told.hasSuffix("lab/j-1-0; `tidemill drain a --force` evicts them"))
    }

    @Test func `a timeout counts from when the controller saw the drain`() {
        var scene = S()
        scene.node("a", drain: S.drain(timeout: .zero, force: true, startedAt: nil))
        scene.job("j", on: ["a"], .started, .nonPreemptible)
        #expect(scene.evictions.isEmpty)
        scene.nodes[0].spec.drain?.startedAt = scene.now
        #expect(!scene.evictions.isEmpty)
    }

    @Test func `a budget is respected, and says until when`() throws {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job(
            "j", on: ["a"], budget: Kinds.DisruptionBudget(evictions: 2, per: APIDuration(.seconds(100))),
            evictedAt: [899, 901, 950])
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told == """
                Node a Draining=True WaitingForBudget: waits for the disruption budget of 1 slice: lab/j-1-0, \
                until 00:16:41Z; `tidemill drain a --force` evicts them at 00:20:50Z
                """)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1001))
        scene.now = Timestamp(seconds: 1001)
        #expect(!scene.evictions.isEmpty)
        // What no budget counts any more is gone.
        #expect(scene.after("j")?.status.evictedAt.map(\.seconds) == [950, 1001])
    }

    @Test func `a budget of nothing holds until force goes beyond it`() {
        var scene = S()
        scene.node("a", drain: S.drain(force: true))
        scene.job("j", on: ["a"], budget: Kinds.DisruptionBudget(evictions: 0))
        #expect(scene.evictions.isEmpty)
        scene.now = Timestamp(seconds: 1250)
        #expect(!scene.evictions.isEmpty)
    }

    @Test func `entries of evictions never grow without bound`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job("j", on: ["a"], evictedAt: Array(900..<964))
        #expect(scene.after("j")?.status.evictedAt.count == 64)
        #expect(scene.after("j")?.status.evictedAt.last == scene.now)
    }

    @Test func `so many slices go at once as maxConcurrent allows`() {
        var scene = S()
        scene.node("a", drain: S.drain(maxConcurrent: 2))
        for name in ["j", "k", "l"] { scene.job(name, on: ["a"]) }
        #expect(!scene.evictions.contains("lab/l"))
        #expect(scene.told == "Node a Draining=True Evicting: evicts 2 of 3; 1 slice is waiting, 2 at once")
        for index in 0...1 {
            scene.held[index].status.state = .releasing
            scene.held[index].status.reason = "Drained"
        }
        #expect(scene.evictions.isEmpty)
        scene.held.remove(at: 0)
        #expect(scene.evictions.contains("set Slice lab/l-1-0 Releasing (Drained)"))
    }

    @Test func `a gang with more members than may go at once goes alone, whole`() {
        var scene = S()
        scene.node("a", drain: S.drain(maxConcurrent: 1))
        scene.job("j", on: ["a", "a"])
        scene.job("k", on: ["a"])
        #expect(scene.evictions.contains("set Slice lab/j-1-1 Releasing (Drained)"))
        #expect(!scene.evictions.contains("lab/k"))
    }

    @Test(arguments: [Kinds.NodeState.suspect, .disconnected, .lost, .initializing])
    func `nothing is evicted from a node that is not heard`(_ state: Kinds.NodeState) {
        var scene = S()
        scene.node("a", state, drain: S.drain(timeout: .zero, force: true))
        scene.job("j", on: ["a"])
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told
                == "Node a Draining=True Node\(state.rawValue): 1 slice is held; nothing is evicted while the node is \(state.rawValue)."
        )
    }

    @Test func `a gang with a member on a silent node stays whole`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.node("b", .disconnected)
        scene.job("j", on: ["a", "b"])
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told == """
                Node a Draining=True Waiting: waits for lab/j-1-0, a member of whose gang is on node b, which is not heard
                """)
    }

    @Test func `nothing is evicted while the controller suspects itself`() {
        var scene = S()
        scene.node("a", drain: S.drain(timeout: .zero, force: true))
        scene.job("j", on: ["a"])
        scene.job("k", on: ["a"], .committed)
        scene.hold = GrantPermission.Hold(reason: "ControllerSuspect", message: "3 of 9 nodes fell silent.")
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told
                == "Node a Draining=True ControllerSuspect: 2 slices are held; nothing is evicted: 3 of 9 nodes fell silent."
        )
        scene.hold = nil
        #expect(!scene.evictions.isEmpty)
    }

    @Test func `an attempt that has not started is abandoned, whatever protects it`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job(
            "j", on: ["a"], .committed, .nonPreemptible, slices: .prepared,
            budget: Kinds.DisruptionBudget(evictions: 0))
        #expect(scene.evictions == "set Job lab/j Queued (Drained), attempt 1 Abandoned")
        #expect(scene.after("j")?.status.evictedAt == [])
        #expect(scene.after("j")?.status.gang?.reason == "Drained")
    }

    @Test(arguments: [Kinds.GangState.drafting, .abandoned])
    func `what is on its way is left alone`(_ state: Kinds.GangState) {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job("j", on: ["a"], state, slices: .reserved)
        #expect(scene.evictions.isEmpty)
    }

    @Test func `a gang that ends for another reason is left alone`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job("j", on: ["a", "a"])
        scene.held[0].status.state = .releasing
        scene.held[0].status.reason = "GangEnded"
        #expect(scene.evictions.isEmpty)
    }

    @Test func `an eviction that was written in part is completed without being counted again`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job("j", on: ["a", "a"], budget: Kinds.DisruptionBudget(evictions: 1), evictedAt: [999])
        scene.held[0].status.state = .releasing
        scene.held[0].status.reason = "Drained"
        #expect(scene.evictions == "set Slice lab/j-1-1 Releasing (Drained)")
    }

    @Test func `a slice of nobody goes by its own preemptibility`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.slice("s", on: "a")
        scene.slice("t", on: "a", .active, .nonPreemptible)
        #expect(scene.evictions == "set Slice lab/s Releasing (Drained)")
    }

    @Test func `an empty node is drained, and one that is drained no more says so`() {
        var scene = S()
        scene.node("a", drain: S.drain(), told: .true)
        #expect(scene.told == "Node a Draining=False Drained: Nothing is held on the node.")
        #expect(scene.plan.transactions.first?.events.map(\.reason) == ["Drained"])
        scene.nodes[0].spec.drain = nil
        #expect(scene.told == "Node a Draining=False NotDraining: Nothing empties the node.")
    }

    @Test func `a lost slice on a heard node is held still`() {
        var scene = S()
        scene.node("a", drain: S.drain())
        scene.job("j", on: ["a"], slices: .lost)
        #expect(scene.evictions.isEmpty)
        #expect(scene.told == "Node a Draining=True Evicting: evicts 1 of 1")
    }

    @Test func `the condition of another writer is left as it is`() throws {
        var scene = S()
        scene.node("a", drain: S.drain())
        let node = try #require(scene.plan.transactions.last?.changes.first?.object as? Kinds.Node)
        #expect(node.status.conditions.map(\.type) == ["Ready", "Draining"])
        #expect(node.status.state == .ready)
        scene.nodes = [node]
        #expect(scene.plan.transactions.isEmpty)
    }
}
