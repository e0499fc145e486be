import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite("SliceCore at the agent's start")
struct SliceRecoveryTests {
    @Test func `a running task is adopted under its pid and goes on holding its shares`() {
        var scene = Scene()
        let active = Scene.held(.active(Scene.task))
        #expect(scene.on(.recovered(active, Remains(running: Scene.task))) == [.watch(active), .keep(active)])
        #expect(scene.core.book.held[Scene.uid]?.epoch == Epoch(1))
    }

    @Test func `the true end of what ended meanwhile is learnt from its record`() {
        var scene = Scene()
        let effects = scene.on(.recovered(Scene.held(.active(Scene.task)), Remains(outcome: Scene.completed)))
        #expect(effects == [.empty(Scene.held(.emptying(startedAt: Scene.wall(5000), outcome: Scene.completed)))])
    }

    @Test func `what was launched and left neither process nor record is Lost`() {
        var scene = Scene()
        let effects = scene.on(.recovered(Scene.held(.starting), Remains()))
        #expect(effects == [.empty(Scene.held(.emptying(startedAt: nil, outcome: TaskVerdict.lost(startedAt: nil))))])
    }

    @Test func `what was surely not launched is prepared again and started as if nothing had happened`() {
        var scene = Scene()
        #expect(scene.on(.recovered(Scene.held(.starting), .nothing)) == [.prepare(Scene.held(.preparing))])
        scene.renew(sentAt: 1000)
        scene.on(.listed([Scene.view(.prepared)]))
        scene.on(.gangsListed([Scene.gang(.started)]))
        #expect(scene.on(.prepared(Scene.key)) == [.start(Scene.held(.starting), nil)])
    }

    @Test(arguments: [HeldSlice.Phase.preparing, .prepared, .starting])
    func `a slice of policy stop is never started without its deadline`(phase: HeldSlice.Phase) {
        var scene = Scene(lastRenewal: 990)
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.recovered(Scene.held(phase, grant: grant), .nothing))
        scene.renew(sentAt: 1000)
        scene.on(.listed([Scene.view(.reserved, grant: grant)]))
        scene.on(.gangsListed([Scene.gang(.started)]))
        guard case .start(_, let deadline)? = scene.on(.prepared(Scene.key)).first else {
            Issue.record("not started")
            return
        }
        #expect(deadline?.at == Scene.instant(1054))
    }

    @Test(arguments: [HeldSlice.Phase.preparing, .prepared])
    func `what was launched before the journal said so is adopted and not launched again`(phase: HeldSlice.Phase) {
        var scene = Scene()
        let active = Scene.held(.active(Scene.task))
        let found = Remains(running: Scene.task, startedAt: Scene.wall(5000))
        #expect(scene.on(.recovered(Scene.held(phase), found)) == [.watch(active), .keep(active)])

        var later = Scene()
        let effects = later.on(.recovered(Scene.held(phase), Remains(startedAt: Scene.wall(5000))))
        let lost = TaskVerdict.lost(startedAt: Scene.wall(5000))
        #expect(effects == [.empty(Scene.held(.emptying(startedAt: Scene.wall(5000), outcome: lost)))])
    }

    @Test func `work of another boot is over`() {
        var scene = Scene()
        let grant = Scene.grant(boot: BootID("boot-0"))
        let effects = scene.on(.recovered(Scene.held(.active(Scene.task), grant: grant), Remains(running: Scene.task)))
        guard case .empty(let slice)? = effects.first, case .emptying(_, let outcome?) = slice.phase else {
            Issue.record("not ended")
            return
        }
        #expect(outcome.state == .lost)
    }

    @Test func `a release that was not acknowledged is reported again`() {
        var scene = Scene()
        let release = HeldSlice.Release(
            startedAt: Scene.wall(5000), releasedAt: Scene.wall(5008), outcome: Scene.completed)
        let released = Scene.held(.released(release))
        #expect(scene.on(.recovered(released, .nothing)) == [.keep(released)])
        #expect(scene.renew() == [.report(released)])
        #expect(scene.core.book.held.isEmpty)
    }

    @Test func `a stop that was asked for before is asked for again`() {
        var scene = Scene()
        let active = Scene.held(.active(Scene.task), stop: StopRequest(reason: "Deleted"))
        let effects = scene.on(.recovered(active, Remains(running: Scene.task)))
        #expect(effects == [.watch(active), .keep(active), .stop(active)])
    }

    @Test func `a prepared slice keeps the deadline of the page's last renewal`() {
        var scene = Scene(lastRenewal: 900)
        let grant = Scene.grant(stopAfter: .seconds(60))
        scene.on(.recovered(Scene.held(.prepared, grant: grant), .nothing))
        scene.on(.listed([Scene.view(.prepared, grant: grant)]))
        scene.on(.gangsListed([Scene.gang(.started)]))
        scene.renew(sentAt: 1000)
        let effects = scene.on(.prepared(Scene.key))
        guard case .empty(let slice)? = effects.first, case .emptying(_, let outcome?) = slice.phase else {
            Issue.record("started past its deadline: \(effects)")
            return
        }
        #expect(outcome.state == .fenced)
    }

    @Test func `while a stray is not explained nothing new is taken`() {
        var scene = Scene()
        scene.on(.stray(SliceKey(uid: SliceUID("s"), epoch: Epoch(3)), Remains(running: Scene.task)))
        scene.on(.gangsListed([Scene.gang(.committed)]))
        scene.renew(sentAt: 1000, by: Scene.other)
        #expect(scene.on(.listed([Scene.view(.reserved)])) == [])
    }

    @Test func `a stray that the list names is adopted under its grant`() {
        var scene = Scene()
        scene.on(.stray(Scene.key, Remains(running: Scene.task, startedAt: Scene.wall(5000))))
        let active = Scene.held(.active(Scene.task))
        #expect(scene.on(.listed([Scene.view(.active)])) == [.watch(active), .keep(active)])
    }

    @Test func `a stray that is known to have started is not started again when its files are gone`() {
        var scene = Scene()
        scene.on(.stray(Scene.key, .nothing))
        let effects = scene.on(.listed([Scene.view(.active, activeAt: Scene.wall(5000))]))
        guard case .empty(let slice)? = effects.first, case .emptying(_, let outcome?) = slice.phase else {
            Issue.record("not ended: \(effects)")
            return
        }
        #expect(outcome.state == .lost)
    }

    @Test func `while a stray that nobody claims is being ended, its unknown shares are given to no one`() {
        var scene = Scene.ready()
        let key = SliceKey(uid: SliceUID("s"), epoch: Epoch(3))
        scene.on(.stray(key, Remains(running: Scene.task)))
        scene.renew(sentAt: 1000)
        #expect(scene.on(.seen(Scene.view(.reserved))) == [])
        scene.on(.emptied(key, at: Scene.wall(5001)))
        scene.on(.releaseAcknowledged(key))
        let effects = scene.renew(sentAt: 1001)
        #expect(effects == [.prepare(Scene.held(.preparing))])
    }

    @Test func `shares of a slice that is given back stay held until nothing is left of it`() {
        var scene = Scene.ready()
        let whole = Scene.grant(milliCPU: 4000)
        scene.on(.seen(Scene.view(.active, grant: whole, activeAt: Scene.wall(5000))))
        let other = SliceUID("u2")
        let effects = scene.on(.seen(Scene.view(.reserved, uid: other, grant: Scene.grant(epoch: 2))))
        guard case .refuse(_, .occupied, _)? = effects.first else {
            Issue.record("not refused: \(effects)")
            return
        }
        scene.on(.emptied(Scene.key, at: Scene.wall(5001)))
        #expect(scene.core.book.held.isEmpty)
    }

    @Test func `a stray that no list names is ended`() {
        var scene = Scene()
        let key = SliceKey(uid: SliceUID("s"), epoch: Epoch(3))
        scene.on(.stray(key, Remains(running: Scene.task)))
        scene.renew(sentAt: 1000)
        let effects = scene.on(.listed([]))
        #expect(effects.count == 1)
        guard case .empty(let slice)? = effects.first else {
            Issue.record("not emptied")
            return
        }
        #expect(slice.key == key)
    }
}
