import Testing
import TidemillLease
import TidemillSeams

@Suite struct DeadlineTests {
    private let boot = BootID("b1")

    private func deadline() -> Deadline {
        Deadline(boot: boot, epoch: Epoch(7), after: .seconds(10), margin: .seconds(1), sentAt: at(1_000))
    }

    private func renewal(_ milliseconds: Int64, boot: String = "b1") -> Renewal {
        Renewal(boot: BootID(boot), incarnation: IncarnationID("i"), sentAt: at(milliseconds))
    }

    @Test func `counts from the send, less the margin, and the kernel acts half a margin later`() {
        #expect(deadline().at == at(10_000))
        #expect(deadline().kernelAt == at(10_500))
    }

    @Test func `has passed at its very instant`() {
        #expect(!deadline().hasPassed(at: at(9_999)))
        #expect(deadline().hasPassed(at: at(10_000)))
    }

    @Test(arguments: [
        (sent: 3_000, now: 4_000, boot: "b1", want: Deadline.Extension.extended, at: 12_000),
        (sent: 1_000, now: 4_000, boot: "b1", want: .unchanged, at: 10_000),
        (sent: 500, now: 4_000, boot: "b1", want: .unchanged, at: 10_000),
        (sent: 9_999, now: 10_000, boot: "b1", want: .refusedPassed, at: 10_000),
        (sent: 3_000, now: 4_000, boot: "b2", want: .refusedOtherBoot, at: 10_000),
        (sent: 4_001, now: 4_000, boot: "b1", want: .refusedFuture, at: 10_000),
        (sent: 4_000, now: 4_000, boot: "b1", want: .extended, at: 13_000),
    ]) func `only grows, on its own boot, and never once passed`(
        sent: Int64, now: Int64, boot: String, want: Deadline.Extension, expected: Int64
    ) {
        var deadline = deadline()
        #expect(deadline.extend(renewal(sent, boot: boot), at: at(now)) == want)
        #expect(deadline.at == at(expected))
    }

    @Test func `any sequence of renewals leaves it where the latest acknowledged send put it`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var deadline = deadline()
            var now: Int64 = 1_000
            var newest: Int64 = 1_000
            for _ in 0..<50 {
                now += Int64.random(in: 0...400, using: &generator)
                let sent = Int64.random(in: 0...now, using: &generator)
                let before = deadline.at
                if deadline.extend(renewal(sent), at: at(now)) == .extended { newest = sent }
                #expect(deadline.at >= before)
            }
            #expect(deadline.at == at(newest + 9_000))
        }
    }

    @Test func `is looked at by halves and finally at the instant itself`() {
        var now = at(1_000)
        var looks = 0
        while now < deadline().at {
            let next = deadline().nextLook(at: now)
            #expect(next > now)
            #expect(next <= deadline().at)
            now = next
            looks += 1
        }
        #expect(now == deadline().at)
        #expect(looks < 20)
    }
}
