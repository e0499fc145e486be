import Testing
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams
import TidemillWire

@Suite("HeldSlice in the journal")
struct HeldSliceJSONTests {
    static let phases: [HeldSlice.Phase] = [
        .preparing, .prepared, .starting,
        .active(RunningTask(shim: Scene.task.shim, pid: 7, startedAt: Scene.wall(3), unenforced: ["no swap"])),
        .emptying(startedAt: nil, outcome: nil), .emptying(startedAt: Scene.wall(4), outcome: Scene.completed),
        .released(.init(startedAt: nil, releasedAt: Scene.wall(9), outcome: TaskVerdict.startError("why"))),
    ]

    @Test(arguments: phases, [nil, StopRequest(reason: "Preempted", message: "by b"), StopRequest(reason: "Deleted")])
    func `every phase reads back as it was written`(phase: HeldSlice.Phase, stop: StopRequest?) throws {
        for grant in [Scene.grant(), Scene.grant(epoch: 7, stopAfter: .milliseconds(1500))] {
            var slice = Scene.held(phase, grant: grant, stop: stop)
            #expect(HeldSlice(json: try JSON.parse(slice.json.text)) == slice)
            slice.member = nil
            #expect(HeldSlice(json: try JSON.parse(slice.json.text)) == slice)
        }
    }

    @Test(arguments: ["{}", "[]", #"{"uid":"u","namespace":"n","name":"m","grant":{},"phase":{"is":"prepared"}}"#])
    func `what this version did not write is not read`(text: String) throws {
        #expect(HeldSlice(json: try JSON.parse(text)) == nil)
    }

    @Test(arguments: ["", "u", "u.", ".1", "u.0", "u.-1", "u.x"])
    func `a name without uid and epoch is no key`(text: String) {
        #expect(SliceKey(parsing: text) == nil)
    }

    @Test func `a key reads back from its text`() {
        let key = SliceKey(uid: SliceUID("a.b-c"), epoch: Epoch(12))
        #expect(SliceKey(parsing: key.description) == key)
    }
}
