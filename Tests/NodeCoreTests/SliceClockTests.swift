import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

/// Jumps of the clock, and how long tasks are known to have lived.
@Suite("SliceCore and the clocks")
struct SliceClockTests {
    /// Its margin is six seconds.
    static let stop = Scene.grant(stopAfter: .seconds(60))

    @Test(arguments: [(5, false), (7, true), (-7, true)] as [(Int64, Bool)])
    func `a jump beyond the margin freezes a stop slice, until a renewal that was sent after it`(
        jump: Int64, freezes: Bool
    ) {
        var scene = Scene.ready()
        scene.runToActive(Self.stop)
        scene.now = 1010
        let active = Scene.held(.active(Scene.task), grant: Self.stop)
        #expect(scene.on(.clockJumped(by: .seconds(jump))) == (freezes ? [.freeze(active)] : []))
        #expect(scene.core.isFrozen(Scene.key) == freezes)
        scene.now = 1011
        #expect(scene.renew(sentAt: 1009) == [], "sent before the jump was noticed")
        #expect(scene.core.isFrozen(Scene.key) == freezes)
        #expect(scene.renew(sentAt: 1010) == (freezes ? [.thaw(active)] : []))
        #expect(!scene.core.isFrozen(Scene.key))
    }

    @Test func `a keep slice has no deadline that a jump could make doubtful`() {
        var scene = Scene.ready()
        scene.runToActive()
        #expect(scene.on(.clockJumped(by: .seconds(3600))) == [])
    }

    @Test func `a prepared stop slice is not started on a doubtful deadline`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved, grant: Self.stop)))
        scene.on(.prepared(Scene.key))
        scene.now = 1010
        #expect(scene.on(.clockJumped(by: .seconds(30))) == [])
        #expect(scene.on(.gangSeen(Scene.gang(.started))) == [])
        guard case .start? = scene.renew().first else {
            Issue.record("not started after the renewal")
            return
        }
    }

    @Test func `a stop grant is not taken on a doubtful renewal, and a keep grant is`() {
        var scene = Scene.ready()
        scene.now = 1010
        scene.on(.clockJumped(by: .seconds(30)))
        let keep = Scene.view(.reserved, uid: SliceUID("u2"), grant: Scene.grant(epoch: 2))
        #expect(scene.on(.seen(Scene.view(.reserved, grant: Self.stop))) == [])
        #expect(scene.on(.seen(keep)).count == 1)
        #expect(scene.renew() == [.prepare(Scene.held(.preparing, grant: Self.stop))])
    }

    @Test func `a task that is being started when the clock jumps is frozen too`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved, grant: Self.stop)))
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.started)))
        #expect(scene.on(.clockJumped(by: .seconds(30))) == [.freeze(Scene.held(.starting, grant: Self.stop))])
        scene.on(.started(Scene.key, Scene.task))
        #expect(scene.core.isFrozen(Scene.key))
    }

    @Test func `a task that was adopted is thawed at the first acknowledged renewal`() {
        var scene = Scene(lastRenewal: 990)
        let active = Scene.held(.active(Scene.task), grant: Self.stop)
        scene.on(.recovered(active, Remains(running: Scene.task)))
        scene.on(.scanned)
        #expect(!scene.core.isFrozen(Scene.key), "adopting freezes nothing")
        #expect(scene.renew().contains(.thaw(active)))
        scene.now += 1
        #expect(!scene.renew().contains(.thaw(active)))
    }

    @Test func `a frozen slice that ends is not thawed by a later renewal`() {
        var scene = Scene.ready()
        scene.runToActive(Self.stop)
        scene.on(.clockJumped(by: .seconds(30)))
        scene.on(.shimEnded(Scene.key, .nothing))
        #expect(!scene.core.isFrozen(Scene.key))
        #expect(scene.renew() == [])
    }

    // MARK: Metering (invariant 6)

    static func cardSeconds(_ scene: inout Scene) -> String? {
        scene.on(.emptied(Scene.key, at: Scene.wall(90_000)))
        return scene.core.held[Scene.uid]?.cardSeconds
    }

    @Test func `an end without a record is metered until the task was last known alive`() {
        var scene = Scene.ready()
        scene.runToActive()
        #expect(
            scene.on(
                .alive(
                    [Scene.key, SliceKey(uid: Scene.uid, epoch: Epoch(9))], at: Scene.instant(1020),
                    wall: Scene.wall(5020)))
                == [.remember])
        #expect(scene.core.memory.alive?.slices == [Scene.key])
        scene.now = 1033
        scene.on(.shimEnded(Scene.key, .nothing))
        #expect(Self.cardSeconds(&scene) == "5.000", "20 s of a quarter of a card")
    }

    @Test func `an end without a record of a task that was never seen alive costs nothing`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.now = 1033
        scene.on(.shimEnded(Scene.key, .nothing))
        #expect(Self.cardSeconds(&scene) == "0.000")
    }

    @Test func `an end with a record is metered exactly, whatever was noted`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.alive([Scene.key], at: Scene.instant(1004), wall: Scene.wall(5004)))
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        #expect(Self.cardSeconds(&scene) == "2.000")
    }

    @Test(
        arguments: [
            (Scene.boot, [Scene.key], "5.000"), (Scene.boot, [], "0.000"), (BootID("boot-0"), [Scene.key], "0.000"),
        ] as [(BootID, Set<SliceKey>, String)])
    func `what a reboot ended is metered by the journal's note of that boot`(
        boot: BootID, slices: Set<SliceKey>, cost: String
    ) {
        let note = AliveNote(bootID: boot, instant: Scene.instant(1020), wall: Scene.wall(5020), slices: slices)
        var scene = Scene(memory: SliceMemory(incarnation: Scene.life, alive: note))
        scene.core = SliceCore(
            bootID: BootID("boot-2"), devices: [:], memory: SliceMemory(incarnation: Scene.life, alive: note))
        scene.on(.recovered(Scene.held(.active(Scene.task)), .nothing))
        #expect(Self.cardSeconds(&scene) == cost)
    }

    @Test func `a slice of which nothing is left is not metered until it is missed`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.active, activeAt: Scene.wall(5000))))
        #expect(Self.cardSeconds(&scene) == "0.000")
    }

    @Test func `shares of an older boot are held until the machine was looked at`() {
        var scene = Scene()
        let old = Scene.grant(boot: BootID("boot-0"))
        scene.on(.recovered(Scene.held(.active(Scene.task), grant: old), .nothing))
        #expect(scene.core.book.held[Scene.uid] != nil)
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        #expect(scene.core.book.held.isEmpty)
    }

    // MARK: Time to kill

    @Test func `deadlines reckon with the longest of the recent ends`() {
        var scene = Scene.ready()
        scene.runToActive()
        #expect(scene.core.timeToKill == .milliseconds(100))
        let effects = scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed, killTime: .milliseconds(900))))
        #expect(effects.last == .remember)
        let grant = Scene.grant(epoch: 2, stopAfter: .seconds(3))
        scene.on(.gangSeen(Scene.gang(.committed)))
        scene.on(.seen(Scene.view(.reserved, uid: SliceUID("u2"), grant: grant)))
        #expect(scene.core.deadline(of: SliceKey(uid: SliceUID("u2"), epoch: Epoch(2)))?.margin == .milliseconds(900))
    }

    @Test func `a grant that this machine is too slow for is refused and says so`() {
        let slow = SliceMemory(incarnation: Scene.life, killTimes: KillTimes(recent: [.seconds(2)]))
        var scene = Scene(memory: slow)
        scene.on(.scanned)
        scene.renew()
        scene.on(.listed([]))
        scene.on(.gangsListed([Scene.gang(.committed)]))
        let grant = Scene.grant(stopAfter: .seconds(3))
        guard case .refuse(_, .pastDeadline, let message)? = scene.on(.seen(Scene.view(.reserved, grant: grant))).first
        else {
            Issue.record("not refused")
            return
        }
        #expect(message.contains("2000 ms"))
    }

    @Test func `measured times are bounded below and above, and old ones are forgotten`() throws {
        var times = KillTimes()
        let hasChanged = [times.note(.milliseconds(20)), times.note(.seconds(60))]
        #expect(hasChanged == [false, true] && times.bound == .seconds(10))
        #expect(KillTimes().bound == .milliseconds(100))
        #expect(KillTimes(json: times.json) == times)
        for _ in 0..<KillTimes.kept { _ = times.note(.milliseconds(200)) }
        #expect(times.bound == .milliseconds(200))
    }
}
