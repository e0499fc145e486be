import Foundation
import Testing
import TidemillHostLinux
import TidemillModel
import TidemillSeams

@testable import TidemillNodeAgent

@Suite final class StandstillTests {
    private let folder = NSTemporaryDirectory() + "standstill-\(UUID().uuidString)"
    private var version1: String { "\(folder)/freezer.state" }
    private var version2: String { "\(folder)/cgroup.freeze" }

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // What is left of a test is in /tmp.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func say(_ text: String, at path: String) throws {
        try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test(arguments: [("THAWED", false), ("FREEZING", true), ("FROZEN", true)])
    func `a slice of version 1 stands still from the moment that it is told to`(_ state: String, _ isFrozen: Bool)
        throws
    {
        try say(state, at: version1)
        #expect(Standstill(freezerFile: version1).isFrozen == isFrozen)
    }

    @Test(arguments: [("0", "0", false), ("1", "0", true), ("1", "1", true), ("0", "1", true)])
    func `a slice of version 2 stands still with itself and with the groups above it`(
        _ own: String, _ whole: String, _ isFrozen: Bool
    ) throws {
        try say(own, at: version2)
        try say("populated 1\nfrozen \(whole)", at: "\(folder)/cgroup.events")
        #expect(Standstill(freezerFile: version2).isFrozen == isFrozen)
    }

    @Test func `what cannot freeze, or is gone, does not stand still`() {
        #expect(!Standstill(freezerFile: nil).isFrozen)
        #expect(!Standstill(freezerFile: version1).isFrozen)
    }

    @Test func `a slice that is frozen before a session has begun holds it up`() async throws {
        try say("THAWED", at: version1)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let path = version1
        // The second look finds what came after the first.
        let isHeldUp = await Standstill(freezerFile: path).holdsUp(begun) { _ in
            try "FROZEN\n".write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(isHeldUp)
        begins.finish()
    }

    @Test func `a session that has begun is held up by nothing`() async throws {
        try say("THAWED", at: version1)
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let (never, sayings) = AsyncStream.makeStream(of: Void.self)
        defer { sayings.finish() }
        let isHeldUp = await Standstill(freezerFile: version1).holdsUp(begun) { _ in
            begins.finish()
            // Until it is cancelled.
            for await _ in never {}
            throw CancellationError()
        }
        #expect(!isHeldUp)
    }
}
