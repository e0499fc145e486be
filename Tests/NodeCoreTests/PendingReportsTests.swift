import Testing
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite("PendingReports")
struct PendingReportsTests {
    static let active = Scene.held(.active(Scene.task))
    static let released = Scene.held(.released(.init(startedAt: nil, releasedAt: Scene.wall(1), outcome: nil)))

    @Test func `one writer writes the newest report of a grant`() {
        var pending = PendingReports()
        #expect(pending.offer(Self.active) == true)
        #expect(pending.offer(Self.released) == false, "the writer of the first takes it over")
        #expect(pending.offer(Self.active) == false, "it comes late")
        #expect(pending.wrote(Self.active, .acknowledged) == nil)
        #expect(pending.next(Scene.key) == Self.released)
        #expect(pending.wrote(Self.released, .acknowledged) == .releaseAcknowledged(Scene.key))
        #expect(pending.next(Scene.key) == nil)
        pending.stopped(Scene.key)
        #expect(pending.offer(Self.released) == true)
    }

    @Test func `the core is told of releases only, and whether they were heard`() {
        var pending = PendingReports()
        _ = pending.offer(Self.active)
        #expect(pending.wrote(Self.active, .unheard) == nil)
        _ = pending.offer(Self.released)
        #expect(pending.wrote(Self.released, .unheard) == .unheard(Scene.key))
    }

    @Test(
        arguments: [
            ("u1", 1, nil), ("u1", 2, .acknowledged), ("u1", nil, .unheard), ("another", 1, .unheard),
        ] as [(String, Int64?, PendingReports.Heard?)])
    func `a report is heard by its own grant, overtaken by a later one, and unknown to any other`(
        uid: String, epoch: Int64?, heard: PendingReports.Heard?
    ) {
        var slice = Kinds.Slice(
            metadata: ObjectMeta(name: "job-1-0", uid: uid),
            spec: Kinds.SliceSpec(request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: .keep)))
        slice.status.grant = epoch.map { Scene.grant(epoch: $0).wire(for: Scene.uid, on: NodeID("n")) }
        #expect(StatusPatch.heard(Self.released, by: slice) == heard)
        let newer = Scene.held(Self.released.phase, grant: Scene.grant(epoch: 3))
        if uid == "u1", epoch == 2 { #expect(StatusPatch.heard(newer, by: slice) == .unheard) }
    }
}
