import Foundation
import TidemillRig

/// A slice that stands still: nothing begins in it, and that is said; what runs in it goes on when it does; and whoever
/// leaves meanwhile leaves nothing behind.
struct Frozen: Trial {
    let name = "frozen"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        try await rig.host()
        let way = Way.tidemill(rig)
        let shims = Set(rig.shims())
        let stays = try await echo(rig, way)
        let leaves = try await echo(rig, way)

        let freezer = try Self.freezerFile(rig)
        try Self.write(true, freezer)
        // A frozen slice cannot be ended by its kernel; what is left of a failure is the rig's to end.
        defer { try? Self.write(false, freezer) }
        let refused = try await Command(way, rig, ["exec", "host", "--", "/bin/true"]).end(within: .seconds(15))
        findings.check(
            "\(name): what cannot begin says why", refused.status == 126 && refused.errors.contains("is frozen"),
            "\(refused.status) \(refused.errors)")
        let asked = try await Command(way, rig, ["exec", "host", "--", "/bin/true"]).end(within: .seconds(15))
        findings.check("\(name): and says it again", asked.status == 126, "\(asked.status) \(asked.errors)")
        try stays.input?.write(contentsOf: Data("two\n".utf8))
        leaves.signal(SIGINT)
        let left = try await leaves.end(within: .seconds(15))
        findings.check("\(name): a session in it can be left", left.status == 130, "\(left.status) \(left.errors)")
        let isGone = try await soon("the session's parent is gone") { rig.shims().count == shims.count + 1 }
        findings.check("\(name): and its parent outside goes with it", isGone, "\(rig.shims()), before \(shims)")
        findings.check("\(name): a session that stays stands still", stays.outputSoFar == "one\n", stays.outputSoFar)

        try Self.write(false, freezer)
        try await Patience.untilTrue("the echo goes on") { stays.outputSoFar == "one\ntwo\n" }
        try stays.input?.close()
        let stayed = try await stays.end()
        findings.check("\(name): and goes on with its slice", stayed.status == 0, "\(stayed.status) \(stayed.errors)")
        let again = try await rig.exec(way, "host", "--", "/bin/echo", "again")
        findings.check("\(name): then the slice can be entered", again.text == "again\n", again.errors)
        let isClean = try await soon("nothing is left") {
            let marked = Set(rig.taskProcesses())
            return Set(rig.shims()) == shims
                && Kernel.commandLines(containing: "/bin/cat").allSatisfy { !marked.contains($0) }
        }
        findings.check("\(name): nothing is left of the sessions", isClean, "\(rig.shims()), before \(shims)")
        return findings
    }

    /// A session that has echoed once.
    private func echo(_ rig: Rig, _ way: Way) async throws -> Command {
        let command = try Command(way, rig, ["exec", "-i", "host", "--", "/bin/cat"], input: .typed)
        try command.input?.write(contentsOf: Data("one\n".utf8))
        try await Patience.untilTrue("the session echoes") { command.outputSoFar == "one\n" }
        return command
    }

    private func soon(_ what: String, _ condition: () async throws -> Bool) async throws -> Bool {
        do {
            try await Patience.untilTrue(what, within: .seconds(15), condition)
            return true
        } catch is RigError {
            return false
        }
    }

    /// What the slice is frozen with: its shim was told.
    private static func freezerFile(_ rig: Rig) throws -> String {
        let folder = "\(rig.seat.stateFolder)/slices"
        for slice in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let spec = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(slice)/spec"))
            let fields = spec.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if let field = fields.first(where: { $0.hasPrefix("freezerFile=") }) {
                return String(field.dropFirst("freezerFile=".count))
            }
        }
        throw RigError("no slice can be frozen")
    }

    private static func write(_ isFrozen: Bool, _ path: String) throws {
        let text = path.hasSuffix("cgroup.freeze") ? (isFrozen ? "1" : "0") : (isFrozen ? "FROZEN" : "THAWED")
        let file = FileHandle(forWritingAtPath: path)
        try file?.write(contentsOf: Data(text.utf8))
        try file?.close()
    }
}
