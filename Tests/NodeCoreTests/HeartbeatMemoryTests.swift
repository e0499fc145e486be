import Testing
import TidemillNodeCore
import TidemillSeams
import TidemillWire

@Suite("What heartbeats remember")
struct HeartbeatMemoryTests {
    static let seen = HeartbeatMemory.Seen(incarnation: IncarnationID("i"), startID: StartID("s"), revision: 70)

    static func core(_ memory: HeartbeatMemory) -> HeartbeatCore {
        HeartbeatCore(node: NodeID("n"), bootID: BootID("b"), machineID: "m", agentStart: "a9", memory: memory)
    }

    static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    static func reply(_ revision: Int64, start: String = "s", accepted: Bool = true) -> HeartbeatReply {
        HeartbeatReply(
            accepted: accepted, intervalMilliseconds: 2000, incarnation: IncarnationID("i"), startID: StartID(start),
            revision: revision)
    }

    @Test func `a restarted agent still says what it last saw, and whose successor it is`() {
        var core = Self.core(HeartbeatMemory(seen: Self.seen, starts: ["a8"]))
        let beat = core.beat(at: Self.at(1), applied: Revision(0))
        #expect(beat.incarnation == IncarnationID("i") && beat.startID == StartID("s") && beat.lastRevision == 70)
        #expect(beat.previousStart == "a8" && beat.agentStart == "a9")
    }

    @Test func `a first start has no predecessor`() {
        var core = Self.core(HeartbeatMemory())
        #expect(core.beat(at: Self.at(1), applied: Revision(0)).previousStart == nil)
    }

    @Test func `predecessors of which none knows whether they were accepted are named in turn, until this one is`() {
        var core = Self.core(HeartbeatMemory(seen: Self.seen, starts: ["a8", "a7"]))
        var named: [String?] = []
        for tick in 1...3 {
            let beat = core.beat(at: Self.at(Int64(tick)), applied: Revision(0))
            named.append(beat.previousStart)
            _ = core.answered(Self.reply(80, accepted: tick == 2), to: beat)
        }
        #expect(named == ["a8", "a7", "a7"])
        #expect(
            core.beat(at: Self.at(9), applied: Revision(0)).previousStart == "a7",
            "accepted, it names the same for good")
    }

    @Test func `the journal keeps every start that may have been accepted, and the last that surely was`() {
        var memory = HeartbeatMemory(starts: ["a0"])
        for number in 1...20 { memory = memory.beginning("a\(number)") }
        #expect(memory.starts.count == 8)
        #expect(memory.starts.first == "a20" && memory.starts.last == "a0")
    }

    @Test func `the journal is written at once after a change of start, and seldom for a revision`() throws {
        var core = Self.core(HeartbeatMemory(seen: Self.seen, starts: ["a8"]))
        func beat(_ revision: Int64, _ start: String, at time: Int64) -> HeartbeatMemory? {
            let beat = core.beat(at: Self.at(time), applied: Revision(0))
            _ = core.answered(Self.reply(revision, start: start), to: beat)
            return core.toSave(at: Self.at(time))
        }
        let first = try #require(beat(71, "s", at: 1000))
        #expect(first.starts == ["a9"] && first.seen?.revision == 71)
        #expect(beat(72, "s", at: 3000) == nil)
        #expect(beat(73, "s", at: 6000)?.seen?.revision == 73)
        #expect(beat(73, "s", at: 20_000) == nil, "nothing new")
        #expect(beat(74, "t", at: 20_001)?.seen?.startID == StartID("t"))
    }

    @Test(arguments: [HeartbeatMemory(), HeartbeatMemory(seen: seen, starts: ["a", "b"])])
    func `it reads back as it was written`(memory: HeartbeatMemory) {
        #expect(HeartbeatMemory(json: memory.json) == memory)
    }
}
