import Testing
import TidemillLease
import TidemillSeams

@Suite struct LeasePageTests {
    private let renewal = Renewal(
        boot: BootID("76d954b6-acfa-44a4-8cc5-11c4f87f9a98"), incarnation: IncarnationID("i-1"), sentAt: at(123_456))

    @Test func `says what was written`() throws {
        let image = try LeasePage.encode(renewal)
        #expect(image.count == LeasePage.size)
        #expect(try LeasePage.decode(image) == renewal)
    }

    @Test func `ignores the sequence counter, which the mapping owns`() throws {
        var image = try LeasePage.encode(renewal)
        image[LeasePage.sequenceOffset] = 42
        #expect(try LeasePage.decode(image) == renewal)
    }

    @Test func `every other flipped byte is noticed`() throws {
        let image = try LeasePage.encode(renewal)
        for index in 0..<168 where !(16..<24).contains(index) {
            var damaged = image
            damaged[index] ^= 0x10
            #expect(throws: LeasePageError.self, "byte \(index)") { try LeasePage.decode(damaged) }
        }
    }

    @Test func `a mixture of two images is torn`() throws {
        let old = try LeasePage.encode(renewal)
        var newer = renewal
        newer.sentAt = at(987_654)
        let new = try LeasePage.encode(newer)
        #expect(throws: LeasePageError.torn) { try LeasePage.decode(Array(new[..<32] + old[32...])) }
    }

    @Test func `an empty file, a short one and a later version are told apart`() throws {
        #expect(throws: LeasePageError.notAPage) { try LeasePage.decode([UInt8](repeating: 0, count: 4096)) }
        #expect(throws: LeasePageError.short) { try LeasePage.decode([1, 2, 3]) }
        var later = try LeasePage.encode(renewal)
        later[8] = 2
        #expect(throws: LeasePageError.version(2)) { try LeasePage.decode(later) }
    }

    @Test func `a name that does not fit is refused`() {
        var long = renewal
        long.incarnation = IncarnationID(String(repeating: "x", count: 65))
        #expect(throws: LeasePageError.tooLong) { try LeasePage.encode(long) }
    }
}
