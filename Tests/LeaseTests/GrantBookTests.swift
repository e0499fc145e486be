import Testing
import TidemillLease
import TidemillSeams

@Suite struct GrantBookTests {
    private let domain = DeviceID("n1-cpu0")
    private let card = DeviceID("n1-gpu0")

    private func book() -> GrantBook {
        GrantBook(
            boot: BootID("b1"),
            devices: [
                domain: DeviceCapacity(milliCPU: 4_000, memoryBytes: 1_000, computeBillionths: 0),
                card: DeviceCapacity(memoryBytes: 80),
            ])
    }

    private func grant(
        _ slice: String, _ epoch: Int64, milliCPU: Int64 = 1_000, memory: Int64 = 100, boot: String = "b1",
        policy: FencePolicy = .keep, shares: [GrantShare]? = nil
    ) -> NodeGrant {
        NodeGrant(
            sliceUID: SliceUID(slice), boot: BootID(boot), epoch: Epoch(epoch), token: Token(1), policy: policy,
            shares: shares ?? [GrantShare(device: domain, milliCPU: milliCPU, memoryBytes: memory)])
    }

    private func whole(_ slice: String, _ epoch: Int64) -> NodeGrant {
        grant(slice, epoch, shares: [GrantShare(device: card, memoryBytes: 80, isExclusive: true)])
    }

    /// The answer without its sentence.
    private func answer(_ book: inout GrantBook, _ grant: NodeGrant, renewedAt: Instant? = at(0), now: Instant = at(0))
        -> String
    {
        switch book.accept(grant, renewedAt: renewedAt, timeToKill: .milliseconds(20), at: now) {
        case .accepted: "accepted"
        case .alreadyHeld: "alreadyHeld"
        case .refused(let refusal, _): refusal.rawValue
        }
    }

    private func released(_ book: inout GrantBook, _ slice: String, _ epoch: Int64) -> Bool {
        book.release(SliceUID(slice), epoch: Epoch(epoch))
    }

    @Test func `parts of a device fit until they exceed it`() {
        var book = book()
        #expect(answer(&book, grant("a", 1, milliCPU: 3_000)) == "accepted")
        #expect(answer(&book, grant("b", 2, milliCPU: 1_001)) == "Occupied")
        #expect(answer(&book, grant("b", 3, milliCPU: 1_000)) == "accepted")
        #expect(answer(&book, grant("c", 4, milliCPU: 0, memory: 801)) == "Occupied")
        #expect(book.held.keys.sorted() == [SliceUID("a"), SliceUID("b")])
    }

    @Test func `a refusal names the device and the numbers`() {
        var book = book()
        let got = book.accept(grant("a", 1, milliCPU: 5_000), renewedAt: nil, timeToKill: .zero, at: at(0))
        #expect(got == .refused(.occupied, message: "n1-cpu0 has 4000 of 4000 milli-CPUs left, 5000 are granted"))
    }

    @Test func `absurd amounts do not overflow`() {
        var book = book()
        #expect(answer(&book, grant("a", 1, memory: 900)) == "accepted")
        #expect(answer(&book, grant("b", 2, memory: .max)) == "Occupied")
        #expect(answer(&book, grant("c", 3, memory: -1)) == "Occupied")
    }

    @Test func `the same grant twice is held once`() {
        var book = book()
        #expect(answer(&book, grant("a", 1)) == "accepted")
        #expect(answer(&book, grant("a", 1)) == "alreadyHeld")
        #expect(book.drawn(from: domain).milliCPU == 1_000)
    }

    @Test func `a slice that still holds refuses its next grant, and an older one is old`() {
        var book = book()
        #expect(answer(&book, grant("a", 5)) == "accepted")
        #expect(answer(&book, grant("a", 6)) == "Occupied")
        #expect(answer(&book, grant("a", 4)) == "OldEpoch")
    }

    @Test func `after a release only a newer epoch of the slice is taken`() {
        var book = book()
        #expect(answer(&book, grant("a", 5)) == "accepted")
        #expect(!released(&book, "a", 4))
        #expect(released(&book, "a", 5))
        #expect(answer(&book, grant("a", 5)) == "OldEpoch")
        #expect(answer(&book, grant("a", 6)) == "accepted")
    }

    @Test func `grants on parts of one device may come in either order`() {
        var book = book()
        #expect(answer(&book, grant("late", 9)) == "accepted")
        #expect(released(&book, "late", 9))
        #expect(answer(&book, grant("early", 8)) == "accepted")
    }

    @Test func `a whole device is not shared, and its older grants are refused`() {
        var book = book()
        let part = grant("part", 3, shares: [GrantShare(device: card, memoryBytes: 10)])
        #expect(answer(&book, part) == "accepted")
        #expect(answer(&book, whole("whole", 4)) == "Occupied")
        #expect(released(&book, "part", 3))
        #expect(answer(&book, whole("whole", 5)) == "accepted")
        #expect(answer(&book, grant("other", 6, shares: [GrantShare(device: card)])) == "Occupied")
        #expect(released(&book, "whole", 5))
        #expect(answer(&book, whole("stale", 2)) == "OldEpoch")
        #expect(answer(&book, whole("next", 7)) == "accepted")
    }

    @Test func `another boot's grant and an unknown device are refused`() {
        var book = book()
        #expect(answer(&book, grant("a", 1, boot: "b0")) == "WrongBoot")
        #expect(answer(&book, grant("a", 1, shares: [GrantShare(device: DeviceID("n1-gpu9"))])) == "UnknownDevice")
        #expect(
            answer(&book, grant("a", 1, shares: [GrantShare(device: card), GrantShare(device: card)])) == "Occupied")
        #expect(book.held.isEmpty)
    }

    @Test func `nothing is prepared past its deadline`() {
        var book = book()
        let stop = grant("a", 1, policy: .stop(after: .seconds(10)))
        #expect(answer(&book, stop, renewedAt: nil) == "PastDeadline")
        #expect(answer(&book, stop, renewedAt: at(0), now: at(9_000)) == "PastDeadline")
        #expect(answer(&book, stop, renewedAt: at(0), now: at(8_999)) == "accepted")
    }

    @Test func `the accepted deadline counts from the acknowledged send`() {
        var book = book()
        let stop = grant("a", 1, policy: .stop(after: .seconds(10)))
        let answer = book.accept(stop, renewedAt: at(500), timeToKill: .seconds(2), at: at(600))
        guard case .accepted(let deadline?) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(deadline.at == at(8_500))
        #expect(deadline.epoch == Epoch(1))
    }

    @Test func `what is found running holds its shares, and the higher epoch counts`() {
        var book = book()
        book.adopt(grant("a", 4, milliCPU: 4_000))
        book.adopt(grant("a", 3, milliCPU: 1_000))
        #expect(book.drawn(from: domain).milliCPU == 4_000)
        #expect(answer(&book, grant("b", 5)) == "Occupied")
    }

    @Test func `forgotten releases still refuse old epochs`() {
        var book = book()
        for epoch in 1...Int64(GrantBook.rememberedReleases + 1) {
            book.noteReleased(grant("s\(epoch)", epoch))
        }
        #expect(answer(&book, grant("s1", 1)) == "OldEpoch")
        #expect(answer(&book, grant("new", Int64(GrantBook.rememberedReleases) + 2)) == "accepted")
    }

    @Test func `no sequence of grants and releases exceeds a device or gives a whole one twice`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            var book = book()
            for epoch in 1...200 {
                let slice = "s\(Int.random(in: 0..<8, using: &generator))"
                if Bool.random(using: &generator), let held = book.held[SliceUID(slice)] {
                    book.release(held.sliceUID, epoch: held.epoch)
                } else if Bool.random(using: &generator) {
                    _ = answer(&book, whole(slice, Int64(epoch)))
                } else {
                    let milli = Int64.random(in: 0...3_000, using: &generator)
                    _ = answer(&book, grant(slice, Int64(epoch), milliCPU: milli))
                }
                #expect(book.drawn(from: domain).milliCPU <= 4_000)
                #expect(book.held.values.filter { $0.shares.contains { $0.device == card } }.count <= 1)
            }
        }
    }
}
