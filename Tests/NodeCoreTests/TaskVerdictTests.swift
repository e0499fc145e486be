import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

@Suite("TaskVerdict")
struct TaskVerdictTests {
    static func record(_ reason: EndReason, exitCode: Int32? = nil, signal: Int32? = nil) -> TaskOutcome {
        TaskOutcome(
            EndRecord(
                sliceUID: SliceUID("u"), epoch: Epoch(1), token: Token(2), exitCode: exitCode, signal: signal,
                reason: reason, message: "m", startedAt: WallTime(nanosecondsSince1970: 1),
                finishedAt: WallTime(nanosecondsSince1970: 9), startedInstant: Instant(nanoseconds: 100),
                finishedInstant: Instant(nanoseconds: 350)))
    }

    @Test(arguments: [
        (EndReason.completed, Kinds.TaskState.succeeded, "Completed"), (.error, .failed, "Error"),
        (.memoryLimitExceeded, .failed, "MemoryLimitExceeded"), (.fenced, .fenced, "Fenced"),
        (.startError, .failed, "StartError"), (.stopped, .failed, "Error"),
    ])
    func `a record says what it says`(reason: EndReason, state: Kinds.TaskState, word: String) {
        let outcome = Self.record(reason, exitCode: 3)
        #expect(outcome.state == state)
        #expect(outcome.reason == word)
        #expect(outcome.exitCode == 3)
        #expect(outcome.ranFor == .nanoseconds(250))
        #expect(TaskVerdict.judge(outcome, stop: nil) == outcome)
    }

    @Test func `a command that was never let go ran for no time`() {
        let record = EndRecord(
            sliceUID: SliceUID("u"), epoch: Epoch(1), token: Token(2), reason: .fenced, message: "m",
            finishedAt: WallTime(nanosecondsSince1970: 9), finishedInstant: Instant(nanoseconds: 350))
        #expect(TaskOutcome(record).ranFor == .zero)
    }

    @Test(arguments: [
        (EndReason.stopped, "Preempted", Kinds.TaskState.preempted, "Preempted"),
        (.stopped, "Drained", .preempted, "Drained"), (.error, "TaintNoExecute", .preempted, "TaintNoExecute"),
        (.completed, "Reclaimed", .preempted, "Reclaimed"), (.stopped, "GangEnded", .preempted, "GangEnded"),
        (.error, "Deleted", .preempted, "Deleted"), (.stopped, "Restored", .preempted, "Restored"),
        (.error, "Unheard", .failed, "Unheard"), (.memoryLimitExceeded, "Preempted", .failed, "MemoryLimitExceeded"),
        (.fenced, "NodeDisconnected", .fenced, "Fenced"),
    ])
    func `a request to stop explains an end, but no limit and no fence`(
        reason: EndReason, asked: String, state: Kinds.TaskState, word: String
    ) {
        let judged = TaskVerdict.judge(Self.record(reason, signal: 15), stop: StopRequest(reason: asked))
        #expect(judged.state == state)
        #expect(judged.reason == word)
        #expect(judged.signal == 15)
    }
}
