import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite("SliceCore and its plans")
struct SlicePlanningTests {
    /// As `Scene.ready()`, on a machine of four cores.
    static func ready(omitted: Set<String> = []) -> Scene {
        var scene = Scene()
        var abilities = SlicePlanTests.version1(omitted: omitted)
        abilities.domains = [
            DeviceID("n-cpu0"): CPUDomain(number: 0, cores: [[0], [1], [2], [3]], allocatableMilliCPU: 4000)
        ]
        scene.core = SliceCore(
            bootID: Scene.boot,
            devices: [DeviceID("n-cpu0"): DeviceCapacity(milliCPU: 4000, memoryBytes: 8 << 30)], abilities: abilities,
            memory: SliceMemory(incarnation: Scene.life))
        return scene
    }

    static func begun(omitted: Set<String> = []) -> Scene {
        var scene = ready(omitted: omitted)
        scene.on(.scanned)
        scene.renew()
        scene.on(.listed([]))
        scene.on(.gangsListed([Scene.gang(.committed)]))
        return scene
    }

    static func see(_ scene: inout Scene, _ uid: String, epoch: Int64, milliCPU: Int64) -> [SliceEffect] {
        scene.on(.seen(Scene.view(.reserved, uid: SliceUID(uid), grant: Scene.grant(epoch: epoch, milliCPU: milliCPU))))
    }

    static func key(_ uid: String, _ epoch: Int64) -> SliceKey { SliceKey(uid: SliceUID(uid), epoch: Epoch(epoch)) }

    @Test func `the plan is there before anything is prepared, and gone once it is undone`() throws {
        var scene = Self.begun()
        guard case .prepare(let slice)? = Self.see(&scene, "a", epoch: 1, milliCPU: 1000).first else {
            Issue.record("nothing is prepared")
            return
        }
        let plan = try #require(slice.plan)
        #expect(scene.core.held[slice.uid]?.plan == plan && plan.cut.isWhole && plan.cut.cpus == [3])
        scene.on(.prepareFailed(slice.key, message: "no"))
        #expect(scene.core.held[slice.uid]?.plan == plan, "what was begun is still to be undone")
        scene.on(.emptied(slice.key, at: Scene.wall(1), scrub: ScrubRecord(groups: 14, cacheBytes: 9)))
        #expect(scene.core.held[slice.uid]?.plan == nil)
        guard case .released(let release)? = scene.core.held[slice.uid]?.phase else {
            Issue.record("not released")
            return
        }
        #expect(release.scrub == ScrubRecord(groups: 14, cacheBytes: 9))
    }

    @Test func `a core that is given away is taken from those who share, and comes back to them`() {
        var scene = Self.begun()
        _ = Self.see(&scene, "a", epoch: 1, milliCPU: 500)
        scene.on(.prepared(Self.key("a", 1)))
        _ = Self.see(&scene, "b", epoch: 2, milliCPU: 2000)
        let file = "/cpuset/t/slices/a.1/cpuset.cpus"
        let bound = CPUBindings.Entry(key: Self.key("a", 1), file: file, cpus: "0-1")
        #expect(
            scene.core.bindings(preparing: Self.key("b", 2)).entries == [bound], "whole cores are bound by their plan")
        // A third one that is just being prepared may have no file yet.
        _ = Self.see(&scene, "c", epoch: 3, milliCPU: 300)
        let before = scene.core.bindings()
        #expect(before.entries == [bound])
        #expect(scene.core.bindings(preparing: Self.key("c", 3)).entries.map(\.key.uid.rawValue) == ["a", "c"])
        // Of two that are prepared at once the bindings of either may come last.
        #expect(scene.core.bindings(preparing: Self.key("b", 2)).entries.map(\.key.uid.rawValue) == ["a", "c"])

        scene.on(.prepareFailed(Self.key("b", 2), message: "no"))
        #expect(scene.core.bindings().entries[0].cpus == "0-1", "its cores are held until they are empty")
        #expect(scene.on(.emptied(Self.key("b", 2), at: Scene.wall(1))).contains(.bind))
        let after = scene.core.bindings()
        #expect(after.entries[0].cpus == "0-3" && after.number > before.number)
    }

    @Test func `where nothing binds slices to cores a quota holds a whole number of CPUs`() {
        var scene = Self.begun(omitted: ["cpuset"])
        guard case .prepare(let slice)? = Self.see(&scene, "a", epoch: 1, milliCPU: 1000).first else {
            Issue.record("nothing is prepared")
            return
        }
        #expect(slice.plan?.cut.isWhole == false && slice.plan?.cut.quotaMilliCPU == 1000)
        scene.on(.prepared(slice.key))
        #expect(scene.core.bindings().entries.isEmpty)
    }

    @Test func `a slice that shares nothing frees nothing`() {
        var scene = Self.begun()
        _ = Self.see(&scene, "a", epoch: 1, milliCPU: 500)
        scene.on(.prepareFailed(Self.key("a", 1), message: "no"))
        #expect(!scene.on(.emptied(Self.key("a", 1), at: Scene.wall(1))).contains(.bind))
    }

    @Test func `an agent that restarts does the journaled plan again, and makes none of its own`() {
        var scene = Self.ready()
        var slice = Scene.held(.preparing)
        slice.plan = SlicePlan.make(
            slice.key, SliceCut(cpus: [2], isWhole: true), SlicePlanTests.version1(omitted: ["pids"]))
        #expect(scene.on(.recovered(slice, .nothing)) == [.prepare(slice)])
        #expect(scene.on(.scanned).contains(.bind))
    }

    @Test func `nothing is given whole before all that is held is known`() {
        var scene = Self.ready()
        guard case .prepare(let slice)? = scene.on(.recovered(Scene.held(.preparing), .nothing)).first else {
            Issue.record("nothing is prepared")
            return
        }
        #expect(slice.plan?.cut.isWhole == false && slice.plan?.cut.quotaMilliCPU == 1000)
    }

    @Test func `a running slice without a plan is bound to what is shared`() {
        var scene = Self.ready()
        scene.on(.recovered(Scene.held(.active(Scene.task)), Remains(running: Scene.task)))
        #expect(scene.core.bindings().entries.map(\.cpus) == ["0-3"])
    }

    @Test func `a canary that gets out later is told once, and so is one that no longer does`() {
        var scene = Self.begun()
        _ = Self.see(&scene, Scene.uid.rawValue, epoch: 1, milliCPU: 500)
        let good = SliceProof(holds: true, evidence: ["a"])
        scene.on(.prepared(Scene.key, proof: good))
        scene.on(.gangSeen(Scene.gang(.started)))
        scene.on(.started(Scene.key, Scene.task))
        #expect(scene.on(.probed(Scene.key, SliceProof(holds: true, evidence: ["b"]))).isEmpty)
        let bad = SliceProof(holds: false, evidence: ["c"])
        #expect(scene.on(.probed(Scene.key, bad)).count == 1)
        #expect(scene.core.held[Scene.uid]?.proof == bad)
        #expect(scene.on(.probed(Scene.key, bad)).isEmpty)
        let empty = SliceProof(holds: true, isComplete: false, evidence: ["It tried nothing."])
        #expect(scene.on(.probed(Scene.key, empty)).isEmpty, "who tried nothing clears nobody")
        #expect(scene.on(.probed(Scene.key, good)).count == 1)
    }

    @Test func `what the first canary did not try stays unproven, whatever later ones find`() {
        var scene = Self.begun()
        _ = Self.see(&scene, Scene.uid.rawValue, epoch: 1, milliCPU: 500)
        scene.on(.prepared(Scene.key, proof: SliceProof(holds: true, isComplete: false, evidence: ["a"])))
        scene.on(.gangSeen(Scene.gang(.started)))
        scene.on(.started(Scene.key, Scene.task))
        let good = SliceProof(holds: true, evidence: ["b"])
        #expect(scene.on(.probed(Scene.key, good)).isEmpty)
        scene.on(.probed(Scene.key, SliceProof(holds: false, evidence: ["c"])))
        #expect(scene.on(.probed(Scene.key, good)).count == 1)
        #expect(scene.core.held[Scene.uid]?.proof == SliceProof(holds: true, isComplete: false, evidence: ["b"]))
    }

    @Test func `a slice that a canary gets out of is undone, refused, and not taken again`() throws {
        var scene = Self.begun()
        _ = Self.see(&scene, Scene.uid.rawValue, epoch: 1, milliCPU: 500)
        let bad = SliceProof(holds: false, evidence: ["It saw the agent."])
        guard case .empty(let left)? = scene.on(.unproven(Scene.key, bad)).first else {
            Issue.record("not undone")
            return
        }
        #expect(left.plan != nil && left.refusal == nil, "nothing is refused while something is left")
        #expect(HeldSlice(json: left.json) == left, "an agent that starts anew knows why")
        guard case .report(let undone)? = scene.on(.emptied(Scene.key, at: Scene.wall(1))).first else {
            Issue.record("not told")
            return
        }
        #expect(undone.refusal?.hasSuffix("It saw the agent.") == true && HeldSlice(json: undone.json) == undone)
        scene.on(.releaseAcknowledged(Scene.key))
        #expect(scene.core.held.isEmpty)
        #expect(Self.see(&scene, Scene.uid.rawValue, epoch: 1, milliCPU: 500).isEmpty, "the controller withdraws it")

        // Another agent, or this one: whoever asks for its end gets it.
        var later = Self.begun()
        later.core.remember([undone])
        #expect(Self.see(&later, Scene.uid.rawValue, epoch: 1, milliCPU: 500).isEmpty)
        for var scene in [scene, later] {
            let asked = Scene.view(.releasing, grant: Scene.grant(milliCPU: 500))
            guard case .report(let told)? = scene.on(.seen(asked)).first, case .released = told.phase else {
                Issue.record("its end is not told")
                return
            }
        }
    }

    @Test func `a running slice that a canary gets out of is no refusal`() {
        var scene = Self.begun()
        _ = Self.see(&scene, Scene.uid.rawValue, epoch: 1, milliCPU: 500)
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.started)))
        scene.on(.started(Scene.key, Scene.task))
        scene.on(.probed(Scene.key, SliceProof(holds: false, evidence: ["c"])))
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.emptied(Scene.key, at: Scene.wall(5009)))
        #expect(scene.core.held[Scene.uid]?.refusal == nil)
        #expect(scene.on(.unproven(Scene.key, SliceProof(holds: false, evidence: []))).isEmpty)
    }
}
