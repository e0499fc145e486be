import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite("SliceCore")
struct SliceCoreTests {
    @Test func `a slice is prepared on Committed, started on Started, and released with its end`() {
        var scene = Scene.ready()
        #expect(scene.on(.seen(Scene.view(.reserved))) == [.prepare(Scene.held(.preparing))])
        #expect(scene.on(.prepared(Scene.key)) == [.report(Scene.held(.prepared))])
        #expect(scene.on(.seen(Scene.view(.prepared))) == [])
        #expect(scene.on(.gangSeen(Scene.gang(.started))) == [.start(Scene.held(.starting), nil)])
        let active = Scene.held(.active(Scene.task))
        #expect(scene.on(.started(Scene.key, Scene.task)) == [.watch(active), .report(active)])
        let emptying = Scene.held(.emptying(startedAt: Scene.wall(5000), outcome: Scene.completed))
        #expect(scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed))) == [.empty(emptying)])
        let release = HeldSlice.Release(
            startedAt: Scene.wall(5000), releasedAt: Scene.wall(5008), outcome: Scene.completed)
        let released = Scene.held(.released(release))
        #expect(scene.on(.emptied(Scene.key, at: Scene.wall(6000))) == [.report(released)])
        #expect(released.cardSeconds == "2.000", "8 s of a quarter of a card")
        #expect(scene.on(.releaseAcknowledged(Scene.key)) == [.forget(released)])
        #expect(scene.core.held.isEmpty)
    }

    @Test(arguments: [Kinds.GangState.drafting, .abandoned])
    func `nothing is prepared before the gang is committed`(state: Kinds.GangState) {
        var scene = Scene.ready(gang: .drafting)
        #expect(scene.on(.seen(Scene.view(.reserved))) == [])
        let effects = scene.on(.gangSeen(Scene.gang(state)))
        #expect(!effects.contains { if case .prepare = $0 { true } else { false } })
        #expect(!effects.contains { if case .start = $0 { true } else { false } })
    }

    @Test func `a gang of another attempt prepares nothing`() {
        var scene = Scene.ready(gang: .drafting)
        scene.on(.seen(Scene.view(.reserved, attempt: 2)))
        #expect(scene.on(.gangSeen(Scene.gang(.committed, attempt: 1))) == [])
        #expect(scene.on(.gangSeen(Scene.gang(.committed, attempt: 2))).count == 1)
    }

    @Test func `nothing is prepared without an acknowledged renewal`() {
        var scene = Scene()
        scene.on(.scanned)
        scene.on(.gangsListed([Scene.gang(.committed)]))
        #expect(scene.on(.listed([Scene.view(.reserved)])) == [])
        // No renewal has confirmed the list, but what it says counts.
        let effects = scene.renew(sentAt: 1000)
        #expect(effects == [.relist(1)])
        #expect(scene.on(.listed([Scene.view(.reserved)], under: 1)) == [.prepare(Scene.held(.preparing))])
    }

    @Test func `an end is untold until its release is acknowledged, and before the machine was looked through`() {
        var scene = Scene()
        #expect(scene.core.hasUntoldEnds)
        scene = Scene.ready()
        #expect(!scene.core.hasUntoldEnds)
        scene.runToActive()
        #expect(!scene.core.hasUntoldEnds)
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        #expect(scene.core.hasUntoldEnds)
        scene.on(.emptied(Scene.key, at: Scene.wall(5009)))
        #expect(scene.core.hasUntoldEnds)
        scene.on(.releaseAcknowledged(Scene.key))
        #expect(!scene.core.hasUntoldEnds)
    }

    @Test func `a node that is turned away prepares and starts nothing`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved)))
        scene.on(.prepared(Scene.key))
        scene.on(.turnedAway())
        #expect(scene.on(.gangSeen(Scene.gang(.started))) == [])
        #expect(scene.on(.seen(Scene.view(.reserved, uid: SliceUID("u2")))) == [])
        let effects = scene.renew(sentAt: 1000)
        #expect(effects == [.relist(1), .start(Scene.held(.starting), nil)])
    }

    @Test func `a grant on a share that is still held is refused, and stays refused until a newer one`() {
        var scene = Scene.ready()
        scene.runToActive(Scene.grant(milliCPU: 3000))
        scene.on(.gangSeen(Scene.gang(.committed)))
        let second = SliceUID("u2")
        let view = Scene.view(.reserved, uid: second, grant: Scene.grant(epoch: 2, milliCPU: 2000))
        let effects = scene.on(.seen(view))
        guard case .refuse(let refused, .occupied, let message)? = effects.first else {
            Issue.record("not refused: \(effects)")
            return
        }
        #expect(refused == view)
        #expect(message.contains("1000 of 4000 milli-CPUs left"))
        #expect(scene.on(.seen(view)) == [], "said once")
        let smaller = Scene.view(.reserved, uid: second, grant: Scene.grant(epoch: 3, milliCPU: 1000))
        #expect(scene.on(.seen(smaller)).count == 1)
        #expect(scene.core.held[second]?.phase == .preparing)
    }

    @Test(arguments: [
        (Scene.grant(device: "n-cpu9"), GrantRefusal.unknownDevice),
        (Scene.grant(boot: BootID("boot-0")), GrantRefusal.wrongBoot),
    ])
    func `a grant that this node cannot honour is refused by its reason`(grant: SliceGrant, reason: GrantRefusal) {
        var scene = Scene.ready()
        guard case .refuse(_, let given, _)? = scene.on(.seen(Scene.view(.reserved, grant: grant))).first else {
            Issue.record("not refused")
            return
        }
        #expect(given == reason)
    }

    @Test func `a released grant is never taken again, whatever a late view says`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        scene.on(.releaseAcknowledged(Scene.key))
        #expect(scene.on(.seen(Scene.view(.active))) == [])
        #expect(scene.on(.gangSeen(Scene.gang(.committed))) == [])
        #expect(scene.on(.seen(Scene.view(.reserved))) == [])
    }

    @Test func `a prepared slice whose deadline passed is released without a start, also when renewals come again`() {
        var scene = Scene.ready()
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.seen(Scene.view(.reserved, grant: grant)))
        scene.on(.prepared(Scene.key))
        scene.now = 1055
        #expect(
            scene.on(.gangSeen(Scene.gang(.started))) == [
                .empty(Scene.held(.emptying(startedAt: nil, outcome: TaskVerdict.fencedBeforeStart), grant: grant))
            ])
    }

    @Test func `renewals extend the deadline of a prepared slice, and its shim is armed with it`() {
        var scene = Scene.ready()
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.seen(Scene.view(.reserved, grant: grant)))
        scene.on(.prepared(Scene.key))
        scene.now = 1050
        scene.renew(sentAt: 1049)
        scene.now = 1080
        guard case .start(_, let deadline?)? = scene.on(.gangSeen(Scene.gang(.started))).first else {
            Issue.record("not started with a deadline")
            return
        }
        #expect(deadline.at == Scene.instant(1049 + 60 - 6))
    }

    @Test func `a grant is not taken while the last renewal is older than its deadline, and is taken after the next`() {
        var scene = Scene.ready()
        scene.now = 1100
        let view = Scene.view(.reserved, grant: Scene.grant(stopAfter: .seconds(60)))
        #expect(scene.on(.seen(view)) == [])
        #expect(scene.renew(sentAt: 1100).count == 1)
    }

    @Test(arguments: [
        (Scene.view(.releasing, reason: "Preempted"), "Preempted"), (Scene.view(.active, isDeleting: true), "Deleted"),
        (Scene.view(.lost, reason: "NodeDisconnected"), "NodeDisconnected"), (Scene.view(.releasing), "Releasing"),
        (Scene.view(.reserved, grant: Scene.grant(epoch: 2)), "OldEpoch"),
    ])
    func `an active slice is asked to end once, with the reason`(view: SliceView, reason: String) {
        var scene = Scene.ready()
        scene.runToActive()
        guard case .stop(let slice)? = scene.on(.seen(view)).first else {
            Issue.record("not stopped")
            return
        }
        #expect(slice.stop?.reason == reason)
        #expect(scene.on(.seen(view)) == [], "asked once")
    }

    @Test func `a stop that comes while the task is being started is carried out as soon as it runs`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved)))
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.started)))
        #expect(scene.on(.seen(Scene.view(.releasing, reason: "GangEnded"))) == [])
        let effects = scene.on(.started(Scene.key, Scene.task))
        #expect(effects.count == 3)
        guard case .stop? = effects.last else {
            Issue.record("not stopped: \(effects)")
            return
        }
    }

    @Test func `a prepared slice of an abandoned attempt is emptied and released without a task`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved)))
        scene.on(.prepared(Scene.key))
        let effects = scene.on(.gangSeen(Scene.gang(.abandoned)))
        guard case .empty(let slice)? = effects.first else {
            Issue.record("not emptied: \(effects)")
            return
        }
        #expect(slice.phase == .emptying(startedAt: nil, outcome: nil))
        guard case .report(let released)? = scene.on(.emptied(Scene.key, at: Scene.wall(6000))).first else {
            Issue.record("not reported")
            return
        }
        #expect(released.cardSeconds == "0.000")
    }

    @Test func `a slice that the controller thinks is here and is not is given back, its task Lost when it was active`()
    {
        var scene = Scene.ready()
        let view = Scene.view(.active, activeAt: Scene.wall(5000))
        let lost = TaskVerdict.lost(startedAt: Scene.wall(5000))
        #expect(
            scene.on(.seen(view)) == [
                .empty(Scene.held(.emptying(startedAt: Scene.wall(5000), outcome: lost)))
            ])
    }

    @Test func `a machine that the controller refuses says nothing about slices of its name`() {
        var scene = Scene()
        scene.on(.scanned)
        scene.on(.turnedAway())
        let views = [Scene.view(.active, activeAt: Scene.wall(5000)), Scene.view(.releasing, uid: SliceUID("u2"))]
        #expect(scene.on(.listed(views)) == [])
        // Nor afterwards, of what was listed then.
        #expect(scene.renew(sentAt: 1000) == [.relist(1)])
        #expect(scene.on(.listed(views, under: 1)).count == 2)
    }

    @Test func `a slice asked to end that holds nothing here is released at once`() {
        var scene = Scene.ready()
        #expect(
            scene.on(.seen(Scene.view(.releasing))) == [.empty(Scene.held(.emptying(startedAt: nil, outcome: nil)))])
    }

    @Test func `shares are free again only when the slice is empty`() {
        var scene = Scene.ready()
        scene.runToActive(Scene.grant(milliCPU: 4000))
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.gangSeen(Scene.gang(.committed)))
        let next = Scene.view(.reserved, uid: SliceUID("u2"), grant: Scene.grant(epoch: 2, milliCPU: 4000))
        guard case .refuse(_, .occupied, _)? = scene.on(.seen(next)).first else {
            Issue.record("taken while held")
            return
        }
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        let later = Scene.view(.reserved, uid: SliceUID("u2"), grant: Scene.grant(epoch: 3, milliCPU: 4000))
        guard case .prepare? = scene.on(.seen(later)).first else {
            Issue.record("not taken once free")
            return
        }
    }

    @Test func `a process that does not end keeps the shares, and the controller is told`() throws {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        var slice = try #require(scene.core.held[Scene.uid])
        slice.obstacle = .process
        #expect(scene.on(.stuck(Scene.key)) == [.report(slice)])
        #expect(scene.core.book.held[Scene.uid] != nil)
        slice.obstacle = .memory(bytes: 63 << 30)
        #expect(scene.on(.stuck(Scene.key, .memory(bytes: 63 << 30))) == [.report(slice)])
        #expect(HeldSlice(json: slice.json) == slice)
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        #expect(scene.core.held[Scene.uid]?.obstacle == nil && scene.core.book.held[Scene.uid] == nil)
    }

    @Test func `an end without a record is Lost`() {
        var scene = Scene.ready()
        scene.runToActive()
        guard case .empty(let slice)? = scene.on(.shimEnded(Scene.key, .nothing)).first,
            case .emptying(_, let outcome?) = slice.phase
        else {
            Issue.record("not emptied")
            return
        }
        #expect(outcome.state == .lost)
    }

    @Test func `a slice that vanished from the controller is stopped`() {
        var scene = Scene.ready()
        scene.runToActive()
        guard case .stop(let slice)? = scene.on(.gone(Scene.uid)).first else {
            Issue.record("not stopped")
            return
        }
        #expect(slice.stop?.reason == "Deleted")
    }

    @Test func `events of another epoch change nothing`() {
        var scene = Scene.ready()
        scene.runToActive()
        let before = scene.core.held
        let other = SliceKey(uid: Scene.uid, epoch: Epoch(9))
        for event in [
            SliceEvent.prepared(other), .started(other, Scene.task), .shimEnded(other, .nothing),
            .emptied(other, at: Scene.wall(1)), .releaseAcknowledged(other),
        ] { #expect(scene.on(event) == []) }
        #expect(scene.core.held == before)
    }

    @Test func `a slice that cannot be prepared is released with a task that never started`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved)))
        guard case .empty(let slice)? = scene.on(.prepareFailed(Scene.key, message: "no space")).first,
            case .emptying(nil, let outcome?) = slice.phase
        else {
            Issue.record("not emptied")
            return
        }
        #expect(outcome.reason == "StartError")
        #expect(outcome.message.contains("no space"))
    }

    @Test func `while a task is being started its deadline goes on growing`() {
        var scene = Scene.ready()
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.seen(Scene.view(.reserved, grant: grant)))
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.started)))
        #expect(scene.core.held[Scene.uid]?.phase == .starting)
        scene.now = 1030
        scene.renew(sentAt: 1029)
        #expect(scene.core.deadline(of: Scene.key)?.at == Scene.instant(1083))
    }

    @Test func `a report of an earlier phase never takes the place of a later one`() {
        let released = HeldSlice.Phase.released(.init(startedAt: nil, releasedAt: Scene.wall(5001), outcome: nil))
        let phases: [HeldSlice.Phase] = [
            .preparing, .prepared, .starting, .active(Scene.task), .emptying(startedAt: nil, outcome: nil), released,
        ]
        for (before, after) in zip(phases, phases.dropFirst()) {
            #expect(before.isBefore(after) && !after.isBefore(before) && !after.isBefore(after))
        }
    }

    @Test(arguments: [Scene.view(.releasing, grant: grant9), Scene.view(.reserved, grant: grant9, isDeleting: true)])
    func `the end of a grant that was refused is acknowledged when it is asked for`(view: SliceView) {
        var scene = Scene.ready()
        let reserved = Scene.view(.reserved, grant: Self.grant9)
        guard case .refuse? = scene.on(.seen(reserved)).first else {
            Issue.record("not refused")
            return
        }
        guard view.state == .releasing else {
            #expect(scene.on(.seen(view)) == [], "the controller releases it itself")
            return
        }
        let key = SliceKey(uid: Scene.uid, epoch: Epoch(9))
        guard case .empty? = scene.on(.seen(view)).first,
            case .report? = scene.on(.emptied(key, at: Scene.wall(6000))).first
        else {
            Issue.record("nothing is said")
            return
        }
        scene.on(.releaseAcknowledged(key))
        #expect(scene.on(.seen(view)) == [], "said once")
    }

    /// Of a device that this node does not have.
    static let grant9 = Scene.grant(epoch: 9, device: "n-cpu9")

    @Test func `a newer grant of a slice whose old one is still being ended waits for it`() {
        var scene = Scene.ready()
        scene.runToActive(Scene.grant(milliCPU: 4000))
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.gangSeen(Scene.gang(.committed, attempt: 2)))
        let newer = Scene.view(.reserved, grant: Scene.grant(epoch: 2, milliCPU: 4000), attempt: 2)
        #expect(scene.on(.seen(newer)) == [])
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        let effects = scene.on(.releaseAcknowledged(Scene.key))
        #expect(effects.count == 2 && scene.core.held[Scene.uid]?.phase == .preparing)
        #expect(scene.core.held[Scene.uid]?.grant.epoch == Epoch(2))
    }

    @Test func `a slice that is stuck is told as stuck, and another that is being ended is not`() throws {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.turnedAway())
        #expect(scene.renew() == [.relist(1)])
        scene.on(.turnedAway())
        var slice = try #require(scene.core.held[Scene.uid])
        slice.obstacle = .process
        #expect(scene.on(.stuck(Scene.key)) == [.keep(slice)], "kept until it may be told")
        #expect(scene.renew() == [.relist(2), .report(slice)])
    }

    @Test func `a deadline that passes while a slice is being ended changes nothing`() {
        var scene = Scene.ready()
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.seen(Scene.view(.reserved, grant: grant)))
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.abandoned)))
        scene.now = 2000
        #expect(scene.renew() == [])
        #expect(scene.core.held[Scene.uid]?.phase == .emptying(startedAt: nil, outcome: nil))
    }
}
