import Testing
import TidemillSeams
import TidemillWire

@testable import TidemillClient

@Suite struct BackoffTests {
    @Test func `waits between a half and the whole of a time that doubles up to the most`() {
        var backoff = Backoff(first: .milliseconds(100), most: .milliseconds(450))
        var generator = SeededGenerator(seed: 7)
        for whole in [100, 200, 400, 450, 450, 450] {
            let wait = backoff.next(generator.next())
            #expect(wait >= .milliseconds(whole) / 2)
            #expect(wait <= .milliseconds(whole))
        }
    }

    @Test func `begins again after a reset`() {
        var backoff = Backoff(first: .milliseconds(100), most: .seconds(10))
        for _ in 0..<5 { _ = backoff.next(.max) }
        backoff.reset()
        #expect(backoff.next(.max) <= .milliseconds(100))
    }

    @Test func `stays at the most after any number of failures`() {
        var backoff = Backoff(first: .seconds(1), most: .seconds(5))
        for _ in 0..<500 { _ = backoff.next(3) }
        let wait = backoff.next(.max)
        #expect(wait >= .milliseconds(2500) && wait <= .seconds(5))
    }
}

@Suite struct `Repeating a call` {
    @Test(arguments: [
        (ClientError.unreachable("refused"), true, true),
        (.api(.unavailable("disk full")), true, true),
        (.api(.tooManyRequests(retryAfterSeconds: 1)), true, true),
        (.interrupted("closed"), true, false),
        (.timedOut, true, false),
        (.api(.notFound(resource: "jobs.tidemill.dev", name: "x")), false, false),
        (.cancelled, false, false),
        (.badAnswer("?"), false, false),
    ])
    func `happens only when nothing is done twice`(error: ClientError, read: Bool, write: Bool) {
        #expect(error.mayRepeat(isSafe: true) == read)
        #expect(error.mayRepeat(isSafe: false) == write)
    }
}
