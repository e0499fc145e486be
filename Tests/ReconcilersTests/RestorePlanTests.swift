import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

/// What was reported and stored, and what the restore does next.
struct RestoreCase: Sendable, CustomTestStringConvertible {
    var name: String
    var scene: String
    var plan: String

    init(_ name: String, _ scene: String, gives plan: String) {
        self.name = name
        self.scene = scene
        self.plan = plan
    }

    var testDescription: String { name }
}

private let cases: [RestoreCase] = [
    RestoreCase(
        "nothing is decided before every node has reported",
        """
        waits a b
        node a
        node b
        job j 1 Started@1
        slice j-1-0 Active a@3 token 50
        holds a nothing
        """, gives: "wait for b"),
    RestoreCase(
        "a node that joined after the backup gets a Node object and is waited for",
        """
        waits a b
        node a
        holds a nothing
        """,
        gives: """
            wait for b
            create Node b
            """),
    RestoreCase(
        "a node confirmed dead counts as reported, and its slices are released",
        """
        waits a b
        node a
        node b lost
        job j 1 Started@1
        slice j-1-0 Active b@3 token 50
        holds a nothing
        """,
        gives: """
            set Slice lab/j-1-0 Released (NodeLost)
            set Task lab/j-1-0 Lost (NodeLost)
            """),
    RestoreCase(
        "what the store knows and the node holds stays as it is",
        """
        waits a
        node a
        job j 1 Started@1
        slice j-1-0 Active a@3 token 50
        holds a j-1-0 Running @3 token 50
        record a @4 j-1-0@3
        """, gives: "over"),
    RestoreCase(
        "an attempt newer than the store's is re-created with its uids, and the gang goes on",
        """
        waits a b
        node a
        node b
        job j 2 Started@1 lastToken 40
        slice j-1-0 Released a@3 token 50 task Failed
        slice j-1-1 Released b@3 token 50 task Preempted
        holds a j-2-0 Running @5 token 90
        holds b j-2-1 Running @4 token 90
        """,
        gives: """
            re-create Slice lab/j-2-0 uid-j-2-0 Active
            create Task lab/j-2-0
            re-create Slice lab/j-2-1 uid-j-2-1 Active
            create Task lab/j-2-1
            set Job lab/j Running, attempt 2 Started
            """),
    RestoreCase(
        "an attempt of which no member has started is Committed, not Started",
        """
        waits a
        node a
        job j 2
        holds a j-1-0 Prepared @1 token 9
        holds a j-1-1 Prepared @2 token 9
        """,
        gives: """
            re-create Slice lab/j-1-0 uid-j-1-0 Prepared
            create Task lab/j-1-0
            re-create Slice lab/j-1-1 uid-j-1-1 Prepared
            create Task lab/j-1-1
            set Job lab/j Queued, attempt 1 Committed
            """),
    RestoreCase(
        "one member that runs makes the gang Started",
        """
        waits a
        node a
        job j 2 Committed@1
        slice j-1-0 Reserved a@1 token 9
        slice j-1-1 Reserved a@2 token 9
        holds a j-1-0 Prepared @1 token 9
        holds a j-1-1 Running @2 token 9
        """,
        gives: """
            set Slice lab/j-1-0 Prepared
            set Slice lab/j-1-1 Active
            set Task lab/j-1-1 Running
            set Job lab/j Running, attempt 1 Started
            """),
    RestoreCase(
        "a gang that is not whole is first given up in the store",
        """
        waits a
        node a
        job j 2 Started@1
        holds a j-2-0 Running @5 token 90
        """, gives: "set Job lab/j Queued (Restored), attempt 2 Abandoned"),
    RestoreCase(
        "… and only then told to end",
        """
        waits a
        node a
        job j 2 Abandoned@2 lastToken 90
        holds a j-2-0 Running @5 token 90
        """, gives: "stop uid-j-2-0@5 on a"),
    RestoreCase(
        "a member that the store knows to have ended is no gap",
        """
        waits a
        node a
        job j 2 Started@1
        slice j-1-0 Released a@1 token 9 task Succeeded
        slice j-1-1 Active a@2 token 9
        holds a j-1-1 Running @2 token 9
        record a @5 j-1-1@2
        """, gives: "over"),
    RestoreCase(
        "the highest token wins, and is written down only when the others have ended",
        """
        waits a b
        node a
        node b
        job j 1 Started@1
        slice j-1-0 Active a@3 token 50
        holds a j-1-0 Running @3 token 50
        holds b j-2-0 Running @4 token 90
        """, gives: "stop uid-j-1-0@3 on a"),
    RestoreCase(
        "a later number with an older token: neither goes on, and the next attempt is above both",
        """
        waits a b
        node a
        node b
        job j 1
        holds a j-1-0 Running @3 token 90
        holds b j-2-0 Running @4 token 50
        """, gives: "set Job lab/j Queued (Restored), attempt 2 Abandoned"),
    RestoreCase(
        "what belongs to no job, to a final job, or to one of another size ends",
        """
        waits a
        node a
        job done 1 Succeeded
        job grown 3 Abandoned@1 lastToken 50
        holds a gone-1-0 Running @3 token 50
        holds a done-1-0 Running @4 token 50
        holds a grown-1-0 Running @5 token 50 size 1
        """,
        gives: """
            stop uid-done-1-0@4 on a
            stop uid-gone-1-0@3 on a
            stop uid-grown-1-0@5 on a
            """),
    RestoreCase(
        "an older epoch in the store is replaced by what the node holds",
        """
        waits a
        node a
        job j 1 Drafting@1
        slice j-1-0 Pending
        holds a j-1-0 Running @7 token 70
        """,
        gives: """
            set Slice lab/j-1-0 Active
            set Task lab/j-1-0 Running
            set Job lab/j Running, attempt 1 Started
            """),
    RestoreCase(
        "an end that waits to be reported belongs to its attempt",
        """
        waits a
        node a
        job j 1 Started@1
        slice j-1-0 Released a@1 token 9 task Failed
        holds a j-2-0 Ended @5 token 90 started
        """,
        gives: """
            re-create Slice lab/j-2-0 uid-j-2-0 Active
            create Task lab/j-2-0
            set Job lab/j Running, attempt 2 Started
            """),
    RestoreCase(
        "an end that the store has yet to hear is told by its agent, not ordered",
        """
        waits a
        node a
        job done 1 Succeeded
        slice done-1-0 Active a@3 token 50 task Succeeded
        job j 2 Started@2
        slice j-1-0 Lost a@4 token 60 task Fenced
        slice j-2-0 Active a@5 token 70
        slice j-2-1 Active a@6 token 70
        holds a done-1-0 Ended @3 token 50 started
        holds a j-1-0 Ended @4 token 60 started
        holds a j-2-0 Running @5 token 70
        holds a j-2-1 Running @6 token 70
        record a @7 done-1-0@3 j-1-0@4 j-2-0@5 j-2-1@6
        """, gives: "over"),
    RestoreCase(
        "what the store thinks granted and nobody holds is released, and its task is Lost",
        """
        waits a
        node a
        job j 2 Started@1
        slice j-1-0 Active a@3 token 50
        slice j-1-1 Releasing a@4 token 50 task Succeeded
        holds a nothing
        record a @4 j-1-0@3 j-1-1@4
        """,
        gives: """
            set Slice lab/j-1-0 Released (Restored)
            set Task lab/j-1-0 Lost (Restored)
            set Slice lab/j-1-1 Released (Restored)
            """),
    RestoreCase(
        "the records come last: above every reported epoch, with what was adopted",
        """
        waits a b
        node a
        node b
        job j 1 Started@2
        slice j-1-0 Released a@3 token 50 task Failed
        slice j-2-0 Active a@9 token 90
        holds a j-2-0 Running @9 token 90
        holds b nothing
        record a @4 j-1-0@3
        record b @7
        """, gives: "a at epoch 10 holds lab/j-2-0@9"),
    RestoreCase(
        "an epoch that was reported is never granted again",
        """
        waits a
        node a
        job j 1 Started@1
        slice j-1-0 Active a@3 token 50
        holds a j-1-0 Running @3 token 50
        record a @3 j-1-0@3
        """, gives: "a at epoch 4 holds lab/j-1-0@3"),
    RestoreCase(
        "a stray whose slice the store knows is that slice; any other ends",
        """
        waits a
        node a
        job j 1 Started@1
        slice j-1-0 Active a@3 token 50
        stray a uid-j-1-0 @3
        stray a uid-other @4
        """, gives: "stop uid-other@4 on a"),
    RestoreCase(
        "a job that has no attempt yet is told what it waits for",
        """
        waits a
        node a
        job j 1
        """,
        gives: """
            wait for a
            set Job lab/j Pending (RestoreIncomplete)
            """),
]

@Suite struct RestorePlanTests {
    @Test(arguments: cases)
    func `what was reported gives this plan`(example: RestoreCase) throws {
        #expect(try RestoreScene(example.scene).plan.description == example.plan)
    }

    @Test func `another machine under the node's name has not reported`() throws {
        var scene = try RestoreScene("waits a\nnode a\nholds a nothing")
        #expect(scene.plan.isOver)
        scene.seen.inventories[NodeID("a")]?.machineID = "stranger"
        #expect(scene.plan.description == "wait for a")
    }

    @Test func `nothing is created in a namespace that ends`() throws {
        var scene = try RestoreScene("waits a\nnode a\njob j 1\nholds a j-1-0 Running @3 token 50")
        scene.seen.endingNamespaces = ["lab"]
        #expect(scene.plan.description == "set Job lab/j Queued (Restored), attempt 1 Abandoned")
    }

    @Test func `a name that another slice has taken is not written over`() throws {
        var scene = try RestoreScene(
            """
            waits a
            node a
            job j 1 Drafting@1
            slice j-1-0 Pending
            holds a j-1-0 Running @7 token 70
            """)
        scene.seen.slices[0].metadata.uid = "uid-of-another"
        #expect(scene.plan.description == "set Job lab/j Queued (Restored), attempt 1 Abandoned")
        guard case .write(_, let changes, _) = scene.plan.steps.first, case .status(let object) = changes.first else {
            Issue.record("nothing is written")
            return
        }
        #expect((object as? Kinds.Job)?.status.lastToken == 70)
    }

    @Test func `an adopted slice carries the grant as its agent took it`() throws {
        let scene = try RestoreScene("waits a\nnode a\njob j 1\nholds a j-1-0 Running @3 token 50")
        guard case .write(_, let changes, let events) = scene.plan.steps.first, changes.count == 3,
            case .recreate(let object) = changes[0], case .create(let second) = changes[1]
        else {
            Issue.record("the slice is not re-created")
            return
        }
        let slice = try #require(object as? Kinds.Slice)
        #expect(slice.metadata.uid == "uid-j-1-0")
        #expect(slice.spec.member == Kinds.AttemptRef(job: "j", jobUID: "uid-j", index: 0, attempt: 1, size: 1))
        #expect(slice.status.grant == scene.seen.inventories[NodeID("a")]?.held.first?.grant)
        #expect(slice.status.activeAt == Timestamp(seconds: 1_795_000_000))
        let task = try #require(second as? Kinds.Task)
        #expect(task.status.state == .running && task.status.token == 50 && task.status.node == "a")
        #expect(events.map(\.reason) == ["Adopted"])
    }

    @Test func `the sentence names whom it waits for, and what gives them up`() throws {
        let scene = try RestoreScene("waits a b c d e f g\nholds b nothing")
        #expect(
            scene.plan.progress(of: scene.seen.record)
                == "The store was restored from a backup at 2026-11-21T03:17:09Z, and nothing is granted until every node "
                + "has said what it runs: waiting for 6 of 7 nodes (a, c, d, e, f and 1 more). A node that will not come "
                + "back is given up with `tidemill node confirm-dead NAME`.")
    }
}
