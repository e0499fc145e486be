import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams
import TidemillWire

/// What an agent does when its controller's store was restored, or has given the node up.
@Suite("SliceCore and a store that has forgotten")
struct SliceIncarnationTests {
    static let identity = NodeIdentity(node: NodeID("n"), bootID: Scene.boot, machineID: "m", agentStart: "a")

    /// A slice runs under `life`; then `other` answers a heartbeat. A minute has passed.
    static func restored() -> Scene {
        var scene = Scene.ready()
        scene.runToActive()
        scene.now = 1060
        scene.renew(by: Scene.other)
        return scene
    }

    static func reply(_ stop: [InventoryReply.Stop] = [], isSettled: Bool = false) -> SliceEvent {
        .inventoryAnswered(InventoryReply(incarnation: Scene.other, stop: stop, isSettled: isSettled))
    }

    /// Everything between the controller's word and the moment from which its lists count.
    static func settle(_ scene: inout Scene, _ views: [SliceView]) -> [SliceEffect] {
        guard case .relist(let demand)? = scene.on(reply(isSettled: true)).first else { return [] }
        scene.on(.listed(views, under: demand))
        scene.on(.gangsListed([], under: demand))
        scene.now += 1
        return scene.renew(by: Scene.other)
    }

    @Test func `a list of a restored store that comes before its first heartbeat ends nothing`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.now = 1060
        #expect(scene.on(.listed([])) == [])
        let effects = scene.renew(by: Scene.other)
        #expect(effects == [.relist(1), .sendInventory])
        #expect(scene.on(.listed([], under: 1)) == [])
        #expect(scene.core.held[Scene.uid]?.stop == nil)
    }

    @Test func `the same list of the known store ends what it does not name, once a renewal confirms it`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.now = 1060
        #expect(scene.on(.listed([])) == [])
        guard case .stop(let slice)? = scene.renew().first else {
            Issue.record("not stopped")
            return
        }
        #expect(slice.stop?.reason == "Deleted")
    }

    @Test func `after a restore what the settled store knows goes on, and what it does not know is ended`() {
        var adopted = Self.restored()
        #expect(Self.settle(&adopted, [Scene.view(.active)]) == [.remember, .report(Scene.held(.active(Scene.task)))])
        #expect(adopted.core.memory.incarnation == Scene.other)
        var unknown = Self.restored()
        let effects = Self.settle(&unknown, [])
        #expect(effects.contains { if case .stop = $0 { true } else { false } })
    }

    @Test func `nothing is taken, started or given back before the store has settled`() {
        var scene = Self.restored()
        let (second, third) = (SliceUID("u2"), SliceUID("u3"))
        let views = [
            Scene.view(.active), Scene.view(.reserved, uid: second, grant: Scene.grant(epoch: 2)),
            Scene.view(.active, uid: third, grant: Scene.grant(epoch: 3), activeAt: Scene.wall(5000)),
        ]
        scene.on(.gangsListed([Scene.gang(.committed)], under: 1))
        #expect(scene.on(.listed(views, under: 1)) == [])
        scene.now += 1
        scene.on(.inventoryUnanswered)
        #expect(scene.renew(by: Scene.other) == [.sendInventory])
        #expect(scene.core.held.keys.sorted() == [Scene.uid])
        let effects = Self.settle(&scene, views)
        #expect(effects.contains { if case .empty(let slice) = $0 { slice.uid == third } else { false } })
    }

    @Test func `a view of an older grant, as a restored store shows it, ends nothing before it has settled`() {
        var scene = Scene.ready()
        scene.runToActive(Scene.grant(epoch: 5))
        scene.now = 1060
        scene.renew(by: Scene.other)
        let old = Scene.view(.releasing, grant: Scene.grant(epoch: 4), reason: "Preempted")
        #expect(scene.on(.listed([old], under: 1)) == [])
        #expect(scene.core.held[Scene.uid]?.stop == nil)
    }

    @Test func `an end that a restored store does not know of is told again once it has settled`() throws {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        let released = scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        scene.now = 1060
        // The report met the restored store before a heartbeat did.
        #expect(scene.on(.unheard(Scene.key)) == [])
        scene.renew(by: Scene.other)
        #expect(scene.on(.unheard(Scene.key)) == [])
        let inventory = scene.core.inventory(of: Self.identity)
        #expect(inventory.held.map(\.phase) == [.ended])
        #expect(Self.settle(&scene, [Scene.view(.active)]) == [.remember] + released)
    }

    @Test func `a release of which the known controller knows nothing is forgotten when its list says so too`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        #expect(scene.on(.unheard(Scene.key)) == [], "the list still names it")
        guard case .forget? = scene.on(.gone(Scene.uid)).first else {
            Issue.record("not forgotten")
            return
        }
    }

    @Test func `an end that was acknowledged and is in no backup is remembered and told again`() {
        var scene = Scene.ready()
        scene.runToActive()
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        let released = scene.on(.emptied(Scene.key, at: Scene.wall(6000)))
        scene.on(.releaseAcknowledged(Scene.key))
        scene.now = 1060
        scene.renew(by: Scene.other)
        let effects = Self.settle(&scene, [Scene.view(.active, activeAt: Scene.wall(5000))])
        #expect(effects.filter { $0 != .remember } == released)
    }

    @Test func `an inventory names everything, with the highest epoch ever met`() throws {
        var scene = Scene()
        let stray = SliceKey(uid: SliceUID("s"), epoch: Epoch(30))
        scene.core.remember([
            Scene.held(
                .released(.init(startedAt: nil, releasedAt: Scene.wall(1), outcome: nil)), uid: SliceUID("old"),
                grant: Scene.grant(epoch: 40))
        ])
        let grant = Scene.grant(epoch: 7, stopAfter: .seconds(60))
        scene.on(.recovered(Scene.held(.active(Scene.task), grant: grant), Remains(running: Scene.task)))
        scene.on(.stray(stray, Remains(running: Scene.task, startedAt: Scene.wall(5000))))
        scene.on(.scanned)
        let inventory = scene.core.inventory(of: Self.identity)
        #expect(inventory.highestEpoch == Epoch(40))
        #expect(inventory.held.map(\.uid) == [SliceUID("s"), Scene.uid])
        #expect(inventory.held.map(\.phase) == [.running, .running])
        #expect(try Inventory(json: inventory.json) == inventory)
        // What was granted reads back from it, to the last share.
        #expect(SliceGrant(try #require(inventory.held.last).grant) == grant)
        #expect(inventory.held.last?.member?.index == 0 && inventory.held.first?.name == "")
    }

    @Test(arguments: ["0.5", "33%", "0.125", "1", "0.0001"])
    func `a share of compute reads back as it was granted`(text: String) throws {
        let compute = try Quantity(parsing: text).fraction
        let share = HeldShare(device: DeviceID("d"), compute: compute, cardUnits: compute)
        let grant = SliceGrant(bootID: Scene.boot, epoch: Epoch(1), token: Token(1), shares: [share])
        #expect(SliceGrant(grant.wire(for: Scene.uid, on: NodeID("n"))) == grant)
    }

    @Test func `inventories are sent when wanted, one at a time, and at most one a second`() {
        var scene = Scene.ready()
        #expect(scene.renew() == [])
        #expect(scene.renew(wantsInventory: true) == [.sendInventory])
        scene.now += 2
        #expect(scene.renew(wantsInventory: true) == [], "the last is under way")
        scene.on(.inventoryUnanswered)
        #expect(scene.renew(wantsInventory: true) == [.sendInventory])
        scene.on(Self.reply())
        #expect(scene.renew(wantsInventory: true) == [], "within the second")
        scene.now += 1
        #expect(scene.on(.turnedAway(wantsInventory: true)) == [.sendInventory])
    }

    @Test func `no inventory is sent before the machine was looked through`() {
        var scene = Scene()
        #expect(scene.renew(wantsInventory: true) == [])
        scene.on(.scanned)
        #expect(scene.renew(wantsInventory: true) == [.sendInventory])
    }

    @Test func `what a node that was given up is ordered to end leaves its inventory, and is not reported`() {
        var scene = Scene.ready()
        scene.runToActive()
        #expect(scene.on(.turnedAway(wantsInventory: true)) == [.sendInventory])
        let stop = InventoryReply.Stop(uid: Scene.uid, epoch: Epoch(1), reason: "NodeLost")
        let active = Scene.held(
            .active(Scene.task),
            stop: StopRequest(reason: "NodeLost", message: "The controller ordered its end: NodeLost."))
        #expect(scene.on(Self.reply([stop])) == [.stop(active)])
        #expect(scene.on(Self.reply([stop])) == [], "asked once")
        scene.on(.shimEnded(Scene.key, Remains(outcome: Scene.completed)))
        guard case .forget? = scene.on(.emptied(Scene.key, at: Scene.wall(6000))).first else {
            Issue.record("not forgotten")
            return
        }
        #expect(scene.core.inventory(of: Self.identity).held == [])
        #expect(scene.core.book.held.isEmpty)
    }

    @Test func `an order names one grant: another of the slice is left alone`() {
        var scene = Scene.ready()
        scene.runToActive()
        #expect(scene.on(Self.reply([.init(uid: Scene.uid, epoch: Epoch(2), reason: "Restored")])) == [])
        #expect(scene.core.held[Scene.uid]?.stop == nil)
    }

    @Test func `ordered ends reach strays and releases that nobody has heard of`() {
        var scene = Scene()
        let stray = SliceKey(uid: SliceUID("s"), epoch: Epoch(3))
        let released = Scene.held(.released(.init(startedAt: nil, releasedAt: Scene.wall(1), outcome: nil)))
        scene.on(.recovered(released, .nothing))
        scene.on(.stray(stray, Remains(running: Scene.task)))
        scene.on(.scanned)
        scene.renew(by: Scene.other)
        let effects = scene.on(
            Self.reply([
                .init(uid: stray.uid, epoch: stray.epoch, reason: "Restored"),
                .init(uid: Scene.uid, epoch: Epoch(1), reason: "Restored"),
            ]))
        guard case .empty(let slice)? = effects.first, case .forget? = effects.last else {
            Issue.record("\(effects)")
            return
        }
        #expect(slice.key == stray)
        guard case .forget? = scene.on(.emptied(stray, at: Scene.wall(6000))).first else {
            Issue.record("the stray is not forgotten")
            return
        }
        #expect(scene.core.inventory(of: Self.identity).held == [])
    }

    @Test func `an order while a task is being started is carried out as soon as it runs`() {
        var scene = Scene.ready()
        scene.on(.seen(Scene.view(.reserved)))
        scene.on(.prepared(Scene.key))
        scene.on(.gangSeen(Scene.gang(.started)))
        #expect(scene.on(Self.reply([.init(uid: Scene.uid, epoch: Epoch(1), reason: "NodeLost")])) == [])
        guard case .stop? = scene.on(.started(Scene.key, Scene.task)).last else {
            Issue.record("not stopped")
            return
        }
    }
}
