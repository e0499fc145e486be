import Testing
import TidemillSeams
import TidemillWire

@testable import TidemillClient

@Suite struct ReflectorCoreTests {
    private func listed(at revision: Int64 = 10) -> ReflectorCore {
        var core = ReflectorCore(backoff: Backoff(first: .seconds(1), most: .seconds(8)))
        core.listed(at: Revision(revision))
        return core
    }

    @Test func `lists first and then watches from the list's revision`() {
        var core = ReflectorCore(backoff: Backoff())
        #expect(core.next == .list)
        core.listed(at: Revision(10))
        #expect(core.next == .watch(Revision(10)))
    }

    @Test func `goes on from the last event after a lost connection`() {
        var core = listed()
        core.received(at: Revision(15))
        core.failed(.interrupted("closed"), randomness: 0)
        guard case .wait = core.next else {
            Issue.record("it must wait, not \(core.next)")
            return
        }
        core.waited()
        #expect(core.next == .watch(Revision(15)))
    }

    @Test(arguments: [
        ClientError.api(.expired("too old")), .api(.futureRevision(requested: 9, current: 3)), .badAnswer("?"),
    ])
    func `lists anew when the revision cannot be gone on from`(error: ClientError) {
        var core = listed()
        core.failed(error, randomness: 0)
        core.waited()
        #expect(core.next == .list)
    }

    @Test(arguments: [
        ClientError.unreachable("refused"), .timedOut, .api(.unavailable("full")),
        .api(.tooManyRequests(retryAfterSeconds: 1)),
    ])
    func `keeps its place while the server is only busy or away`(error: ClientError) {
        var core = listed()
        core.failed(error, randomness: 0)
        core.waited()
        #expect(core.next == .watch(Revision(10)))
    }

    @Test func `never goes back to an earlier revision`() {
        var core = listed()
        core.received(at: Revision(20))
        core.received(at: Revision(18))
        #expect(core.next == .watch(Revision(20)))
    }

    @Test func `waits longer with each failure and shortly again after an event`() {
        var core = listed()
        func pause() -> Duration {
            if case .wait(let duration) = core.next { duration } else { .zero }
        }
        core.failed(.timedOut, randomness: 0)
        let first = pause()
        core.failed(.timedOut, randomness: 0)
        let second = pause()
        #expect(first > .zero && second > first)
        core.waited()
        core.received(at: Revision(11))
        core.failed(.timedOut, randomness: 0)
        #expect(pause() == first)
    }
}

@Suite struct `Watch events` {
    private func event(_ text: String) throws(ClientError) -> ObjectEvent<JSON> {
        try WatchStream<JSON>.event(Array(text.utf8)) { tree throws(ClientError) in tree }
    }

    @Test func `carry the object`() throws {
        let object: JSON = ["metadata": ["resourceVersion": "7"]]
        #expect(try event(#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"7"}}}"#) == .added(object))
        #expect(try event(#"{"type":"MODIFIED","object":{"metadata":{"resourceVersion":"7"}}}"#) == .modified(object))
        #expect(try event(#"{"type":"DELETED","object":{"metadata":{"resourceVersion":"7"}}}"#) == .deleted(object))
    }

    @Test func `say how far the server has come`() throws {
        #expect(
            try event(#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}"#) == .bookmark(Revision(12))
        )
    }

    @Test func `an ERROR is the error that its Status names`() {
        let text =
            #"{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","message":"too old","code":410}}"#
        #expect(throws: ClientError.api(.expired("too old"))) { try event(text) }
    }

    @Test(arguments: ["{}", "[]", #"{"type":"NOISE","object":{}}"#, "{", #"{"type":"ERROR","object":{}}"#])
    func `anything else is a bad answer`(text: String) {
        #expect { try event(text) } throws: { error in
            if case ClientError.badAnswer = error { true } else { false }
        }
    }
}
