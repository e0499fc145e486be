import Testing
import TidemillNodeCore
import TidemillSeams

@Suite("ControllerStanding")
struct ControllerStandingTests {
    static let first = IncarnationID("i1")
    static let second = IncarnationID("i2")

    static func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// One that knows `first`, and whose list of the second 10 was confirmed by a renewal of the second 11.
    static func settled() -> ControllerStanding {
        var standing = ControllerStanding(known: first)
        _ = standing.renewed(9, first)
        _ = standing.listedSlices(under: 0, at: instant(10))
        _ = standing.listedGangs(under: 0, at: instant(10))
        _ = standing.renewed(11, first)
        return standing
    }

    @Test(arguments: [(9, false), (10, true), (11, true)] as [(Int64, Bool)])
    func `absence counts only after a renewal that was sent after the list came`(sentAt: Int64, counts: Bool) {
        var standing = ControllerStanding(known: Self.first)
        _ = standing.renewed(8, Self.first)
        _ = standing.listedSlices(under: 0, at: Self.instant(10))
        #expect(!standing.mayConclude && standing.maySpeak)
        _ = standing.renewed(sentAt, Self.first)
        #expect(standing.mayConclude == counts && standing.maySpeak)
    }

    @Test func `a list that no renewal confirmed before another start answered is asked for again`() {
        var standing = Self.settled()
        // An older copy of the store lists, answers no heartbeat, and is gone again.
        #expect(standing.listedSlices(under: 0, at: Self.instant(20)) == true)
        let back = standing.renewed(30, Self.first, start: "s3")
        #expect(back == [.relist(1)] && !standing.mayConclude && standing.maySpeak)
        let again = standing.renewed(31, Self.first, start: "s3")
        #expect(again == [] && !standing.mayConclude)
    }

    @Test func `a list that the start before confirmed stays`() {
        var standing = Self.settled()
        let next = standing.renewed(30, Self.first, start: "s3")
        #expect(next == [] && standing.mayConclude)
    }

    @Test func `a list that comes from a restored store before a heartbeat does concludes nothing`() {
        var standing = Self.settled()
        #expect(standing.mayConclude)
        #expect(standing.listedSlices(under: 0, at: Self.instant(20)) == true)
        #expect(!standing.mayConclude)
        let changes = standing.renewed(21, Self.second)
        #expect(changes == [.relist(1)])
        #expect(!standing.mayConclude && !standing.maySpeak && !standing.hasList && standing.owesInventory)
    }

    @Test func `another incarnation is known after it settled, both lists are fresh, and a renewal came after them`() {
        var standing = Self.settled()
        _ = standing.renewed(20, Self.second)
        #expect(standing.settled(Self.first) == [], "the answer is of another life")
        #expect(standing.settled(Self.second) == [.relist(2)])
        #expect(!standing.owesInventory)
        #expect(standing.listedSlices(under: 1, at: Self.instant(21)) == false, "asked for before it settled")
        #expect(standing.listedSlices(under: 2, at: Self.instant(22)) == true)
        #expect(standing.renewed(23, Self.second) == [])
        #expect(standing.listedGangs(under: 2, at: Self.instant(24)) == true)
        #expect(standing.renewed(23, Self.second) == [])
        #expect(!standing.isKnown)
        let changes = standing.renewed(24, Self.second)
        #expect(changes == [.known(Self.second)])
        #expect(standing.mayConclude)
    }

    @Test func `a third life while the second settles starts it over`() {
        var standing = Self.settled()
        _ = standing.renewed(20, Self.second)
        _ = standing.settled(Self.second)
        _ = standing.listedSlices(under: 2, at: Self.instant(22))
        _ = standing.listedGangs(under: 2, at: Self.instant(22))
        let third = IncarnationID("i3")
        #expect(standing.renewed(23, third) == [.relist(3)])
        #expect(!standing.isKnown && standing.owesInventory)
        #expect(standing.renewed(25, third) == [])
    }

    @Test func `the known life that comes back is listed anew`() {
        var standing = Self.settled()
        _ = standing.renewed(20, Self.second)
        #expect(
            standing.renewed(21, Self.first) == [.relist(2)])
        #expect(standing.isKnown && !standing.mayConclude)
    }

    @Test(arguments: [true, false])
    func `a node that never knew a controller obeys the first one if it holds nothing`(holdsNothing: Bool) {
        var standing = ControllerStanding(known: nil)
        let changes = standing.renewed(1, Self.first, holdsNothing: holdsNothing)
        #expect(changes == (holdsNothing ? [.known(Self.first)] : []))
        #expect(standing.maySpeak == holdsNothing && standing.owesInventory != holdsNothing)
    }

    @Test func `a node that holds nothing does not obey a second one unasked`() {
        var standing = Self.settled()
        _ = standing.renewed(20, Self.second, holdsNothing: true)
        #expect(!standing.isKnown && standing.owesInventory)
    }

    @Test func `who is turned away concludes and says nothing`() {
        var standing = Self.settled()
        standing.turnedAway()
        #expect(!standing.mayConclude && !standing.maySpeak)
        _ = standing.renewed(12, Self.first)
        #expect(standing.maySpeak && !standing.mayConclude)
    }

    @Test func `what was listed while the node was refused is not concluded from`() {
        var standing = ControllerStanding(known: Self.first)
        _ = standing.renewed(9, Self.first)
        standing.turnedAway()
        // An older copy of the store, of the same life, that knows less.
        _ = standing.listedSlices(under: 0, at: Self.instant(12))
        let changes = standing.renewed(13, Self.first)
        #expect(changes == [.relist(1)])
        #expect(!standing.mayConclude)
        let old = standing.listedSlices(under: 0, at: Self.instant(14))
        let new = standing.listedSlices(under: 1, at: Self.instant(15))
        #expect(!old && new)
        #expect(standing.renewed(16, Self.first) == [])
        #expect(standing.mayConclude)
    }
}

extension ControllerStanding {
    fileprivate mutating func renewed(
        _ second: Int64, _ incarnation: IncarnationID, start: String = "s1", holdsNothing: Bool = false
    ) -> [Change] {
        renewed(
            sentAt: ControllerStandingTests.instant(second), incarnation: incarnation, start: StartID(start),
            holdsNothing: holdsNothing)
    }
}
