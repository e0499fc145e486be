import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams

@Suite struct EvictionTaintTests {
    typealias S = EvictionScene

    private func taint(_ effect: Kinds.TaintEffect = .noExecute, added: Int64? = 990) -> Kinds.Taint {
        Kinds.Taint(key: "t", value: "x", effect: effect, timeAdded: added.map { Timestamp(seconds: $0) })
    }

    private func tolerated(_ seconds: Int64? = nil) -> Kinds.Toleration {
        Kinds.Toleration(key: "t", operator: .exists, effect: .noExecute, tolerationSeconds: seconds)
    }

    @Test(arguments: [Kinds.TaintEffect.noSchedule, .preferNoSchedule])
    func `only NoExecute ends what runs`(_ effect: Kinds.TaintEffect) {
        var scene = S()
        scene.node("a", taints: [taint(effect)])
        scene.job("j", on: ["a"])
        #expect(scene.plan.description.isEmpty)
    }

    @Test func `what does not tolerate the taint goes, also what is nonPreemptible`() {
        var scene = S()
        scene.node("a", taints: [taint()])
        scene.job("j", on: ["a"], .started, .nonPreemptible)
        scene.job("k", on: ["a"], tolerations: [tolerated()])
        #expect(
            scene.evictions
                == "set Job lab/j Running, attempt 1 Started\nset Slice lab/j-1-0 Releasing (TaintNoExecute)")
        let slice = scene.plan.transactions.first?.changes.last?.object as? Kinds.Slice
        #expect(slice?.status.message == "Node a is tainted t=x:NoExecute.")
        #expect(scene.told == "Node a Draining=True Evicting: evicts 1 of 2")
    }

    @Test func `a toleration for a time counts from when the taint appeared`() {
        var scene = S()
        scene.node("a", taints: [taint()])
        scene.job("j", on: ["a"], tolerations: [tolerated(60)])
        #expect(scene.plan.description.isEmpty)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1050))
        scene.now = Timestamp(seconds: 1049)
        #expect(scene.evictions.isEmpty)
        scene.now = Timestamp(seconds: 1050)
        #expect(scene.evictions.contains("lab/j-1-0 Releasing (TaintNoExecute)"))
    }

    @Test func `a slice that came to a tainted node has its time all the same`() {
        var scene = S()
        scene.node("a", taints: [taint(added: 100)])
        scene.job("j", on: ["a"], tolerations: [tolerated(200)])
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1100))
        #expect(scene.evictions.isEmpty)
    }

    @Test func `a taint whose time is not known yet ends nothing that tolerates it for a time`() {
        var scene = S()
        scene.node("a", taints: [taint(added: nil)])
        scene.job("j", on: ["a"], tolerations: [tolerated(0)])
        #expect(scene.evictions.isEmpty)
    }

    @Test func `the shortest toleration of several taints counts`() {
        var scene = S()
        let other = Kinds.Taint(key: "u", effect: .noExecute, timeAdded: Timestamp(seconds: 990))
        scene.node("a", taints: [taint(), other])
        let brief = Kinds.Toleration(key: "u", operator: .exists, effect: .noExecute, tolerationSeconds: 30)
        scene.job("j", on: ["a"], tolerations: [tolerated(60), brief])
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1020))
    }

    @Test func `a taint keeps to the budget, however long`() {
        var scene = S()
        scene.node("a", taints: [taint(added: 0)])
        scene.job("j", on: ["a"], budget: Kinds.DisruptionBudget(evictions: 0))
        #expect(scene.evictions.isEmpty)
        #expect(
            scene.told
                == "Node a Draining=True WaitingForBudget: waits for the disruption budget of 1 slice: lab/j-1-0")
    }

    @Test func `a taint ends what a drain would spare`() {
        var scene = S()
        scene.node("a", drain: S.drain(), taints: [taint()])
        scene.job("j", on: ["a"], .started, .nonPreemptible)
        #expect(scene.evictions.contains("lab/j-1-0 Releasing (TaintNoExecute)"))
    }
}
