import Testing
import TidemillLease
import TidemillSeams

@Suite struct RollbackCheckTests {
    private let check = RollbackCheck(
        incarnation: IncarnationID("now"), ancestors: [IncarnationID("before")],
        starts: [
            .init(id: StartID("s1"), firstRevision: Revision(2)), .init(id: StartID("s2"), firstRevision: Revision(50)),
        ])

    private func contradicts(_ incarnation: String, _ start: String?, _ revision: Int64?, current: Int64 = 90) -> Bool {
        check.contradiction(
            .init(
                incarnation: IncarnationID(incarnation), start: start.map { StartID($0) },
                revision: revision.map { Revision($0) }), current: Revision(current)) != nil
    }

    @Test func `what a start wrote before the next one began is known, and no more`() {
        #expect(!contradicts("now", "s1", 49))
        #expect(contradicts("now", "s1", 50))
    }

    @Test func `the running start reaches to the store's revision`() {
        #expect(!contradicts("now", "s2", 90))
        #expect(contradicts("now", "s2", 91))
    }

    @Test func `a start that the store does not know wrote what was lost`() {
        #expect(contradicts("now", "s3", 10))
        #expect(contradicts("now", "s3", nil))
    }

    @Test func `a store that was restored knows where it stems from, and from nowhere else`() {
        #expect(!contradicts("before", "gone", 1 << 40))
        #expect(contradicts("elsewhere", "s1", 3))
    }

    @Test func `an agent that saw nothing contradicts nothing`() {
        #expect(!contradicts("now", nil, nil))
    }

    @Test func `the halt names the node, the evidence and the way out`() {
        let halt = RollbackCheck.halt(node: NodeID("a"), contradiction: "saw revision 9")
        #expect(halt.reason == "ControllerRolledBack")
        #expect(halt.message.contains("node a saw revision 9") && halt.message.contains("tidemill restore"))
        #expect(!halt.message.contains("--after"))
    }

    @Test func `a life that nobody here knows is named with the word that lets it count`() {
        let check = RollbackCheck(incarnation: IncarnationID("now"), ancestors: [IncarnationID("before")], starts: [])
        func unknown(_ life: String) -> IncarnationID? {
            check.unknownLife(.init(incarnation: IncarnationID(life), start: nil, revision: nil))
        }
        #expect(unknown("now") == nil && unknown("before") == nil)
        let halt = RollbackCheck.halt(node: NodeID("a"), contradiction: "saw x", unknown: unknown("x"))
        #expect(halt.message.contains("--after x"))
    }
}
