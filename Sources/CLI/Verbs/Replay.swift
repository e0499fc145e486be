import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillPlacement
import TidemillReplay
import TidemillWire

/// `tidemill replay`: makes a decision of the scheduler again, from what it was made on.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the scheduler's latest decisions, or make one of them again.",
        discussion: """
            The controller remembers its latest decisions with the whole state that they were made on. A replay runs here, \
            without the controller, and compares the outcome byte for byte; the status is 3 when it differs.
            """)

    /// Status when a replay comes to something else.
    static let differs: Int32 = 3
    /// The largest file that is read, in bytes.
    private static let sizeLimit = 1 << 30

    @Argument(help: "Number of the decision; without it the latest are listed.")
    var number: Int?

    @Option(name: [.customShort("f"), .long], help: "A decision that was saved, in place of the controller's.")
    var filename: String?

    @Option(name: [.customShort("o"), .long], help: "Save the decision to this file as well.")
    var output: String?

    @Option(name: .long, help: "How many decisions are listed.")
    var limit = 20

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if number != nil, filename != nil { throw ValidationError("name a number or a file, not both") }
        if limit < 1 { throw ValidationError("--limit=\(limit): at least one decision is listed") }
    }

    func run() async throws {
        if let filename {
            guard let data = FileManager.default.contents(atPath: filename) else {
                throw Failure("\(filename) cannot be read")
            }
            try replay(Array(data), from: filename)
        } else if let number {
            let bytes = try await connection.withSession { session in
                try await session.client.send(
                    APIRequest(.get, "/admin/v1/decisions/\(number)", timeout: .seconds(300)))
            }
            if let output, !FileManager.default.createFile(atPath: output, contents: Data(bytes)) {
                throw Failure("cannot write \(output)")
            }
            try replay(bytes, from: "decision \(number)")
        } else {
            try await list()
        }
    }

    private func list() async throws {
        let answer = try await connection.withSession { session in
            try await session.client.json(APIRequest(.get, "/admin/v1/decisions?limit=\(limit)"))
        }
        let rows = (answer["items"]?.array ?? []).map { line in
            let nodes = line["nodes"]?.array?.compactMap(\.string).joined(separator: ",")
            return [
                line["number"]?.integer.map { "\($0)" } ?? "", line["time"]?.string ?? "",
                "\(line["namespace"]?.string ?? "")/\(line["job"]?.string ?? "")",
                line["members"]?.integer.map { "\($0)" } ?? "", line["reason"]?.string ?? "Placed",
                nodes ?? line["message"]?.string ?? "",
            ]
        }
        if rows.isEmpty {
            Terminal.complain("No decisions yet")
            return
        }
        let table = TextTable(header: ["NUMBER", "TIME", "JOB", "MEMBERS", "DECISION", "ON, OR WHY NOT"], rows: rows)
        for line in table.lines() { Terminal.say(line) }
    }

    private func replay(_ bytes: [UInt8], from place: String) throws {
        let recorded: RecordedDecision
        do {
            recorded = try RecordedDecision(json: JSON.parse(bytes, limits: JSONLimits(bytes: Self.sizeLimit)))
        } catch {
            throw Failure("\(place) is no decision: \(error)")
        }
        let again = recorded.replayed()
        let gang = recorded.excerpt.gang
        let who = "decision \(recorded.excerpt.number) about \(gang?.namespace ?? "")/\(gang?.job ?? "")"
        if again.bytes == recorded.decision.bytes {
            Terminal.say("\(who), made at revision \(recorded.revision): the same again, byte for byte:")
            Terminal.emit(again.prettyText)
            return
        }
        Terminal.say("\(who), made at revision \(recorded.revision), was:")
        Terminal.emit(recorded.decision.prettyText)
        Terminal.say("and is now:")
        Terminal.emit(again.prettyText)
        throw Failure("the replay came to another decision", status: Self.differs)
    }
}
