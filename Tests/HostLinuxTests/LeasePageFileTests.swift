import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillSeams

@Suite struct LeasePageFileTests {
    private func path() -> String { "/tmp/tidemill-page-test-\(KernelRandomness().uuid())" }

    private func image(_ sentAt: Int64) throws -> [UInt8] {
        try LeasePage.encode(
            Renewal(
                boot: BootID("b"), incarnation: IncarnationID("i"), sentAt: Instant(nanoseconds: sentAt)))
    }

    @Test func `what one process publishes another reads, also after the writer's restart`() throws {
        let path = path()
        defer { unlink(path) }
        do {
            var page = try LeasePageFile(
                path: path, fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
            page.publish(try image(1))
            page.publish(try image(2))
        }
        let again = try LeasePageFile(
            path: path, fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
        #expect(try LeasePage.decode(again.snapshot(count: LeasePage.size)).sentAt.nanoseconds == 2)
    }

    @Test func `a page whose writer died half-way is torn until the next write`() throws {
        let path = path()
        defer { unlink(path) }
        var page = try LeasePageFile(
            path: path, fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
        page.publish(try image(1))
        let raw = try #require(tm_page_map(path, LeasePage.fileSize, 1))
        defer { tm_page_unmap(raw, LeasePage.fileSize) }
        let sequence = raw.load(fromByteOffset: LeasePage.sequenceOffset, as: UInt64.self)
        #expect(sequence % 2 == 0)
        raw.storeBytes(of: sequence + 1, toByteOffset: LeasePage.sequenceOffset, as: UInt64.self)
        #expect(throws: HostError.self) { try page.snapshot(count: LeasePage.size) }
        page.publish(try image(3))
        #expect(try LeasePage.decode(page.snapshot(count: LeasePage.size)).sentAt.nanoseconds == 3)
    }

    @Test func `readers beside a busy writer see whole images, in order`() async throws {
        let path = path()
        defer { unlink(path) }
        var page = try LeasePageFile(
            path: path, fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
        page.publish(try image(0))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    guard let raw = tm_page_map(path, LeasePage.fileSize, 0) else { return false }
                    defer { tm_page_unmap(raw, LeasePage.fileSize) }
                    var last: Int64 = 0
                    var copy = [UInt8](repeating: 0, count: LeasePage.size)
                    for _ in 0..<20_000 where last < 20_000 {
                        if tm_page_snapshot(raw, &copy, LeasePage.size, LeasePage.sequenceOffset) < 0 { continue }
                        guard let renewal = try? LeasePage.decode(copy), renewal.sentAt.nanoseconds >= last else {
                            return false
                        }
                        last = renewal.sentAt.nanoseconds
                    }
                    return true
                }
            }
            for sent in 1...20_000 { if let image = try? image(Int64(sent)) { page.publish(image) } }
            for await isWhole in group { #expect(isWhole) }
        }
    }
}
