import Foundation
import TidemillRig

/// Another tenant's task on the attacker's node, with something to steal in every corner.
struct Neighbour: Sendable {
    let job: String
    let report: String
    let requests: String
    /// Its files, its queue and its socket are called so.
    let name: String
    /// Its System V objects have this key.
    let key: Int32
    /// In its environment.
    let secret: String
    var pid: Int32 = 0

    init(job: String, folder: String) {
        self.job = job
        report = "\(folder)/\(job).report"
        requests = "\(folder)/\(job).requests"
        let number = Int32.random(in: 0x1000_0000..<0x7000_0000)
        key = number
        name = "tidemill-bait-\(number)"
        secret = "secret-\(number)"
    }

    func evidence() throws -> Evidence {
        Evidence(report: FileManager.default.fileExists(atPath: report) ? try read(report) : "")
    }

    private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Asks for an inotify instance of its own: `ok`, or why it got none.
    func ask() async throws -> String {
        let number = try evidence().lines.count { $0.word == "answer" } + 1
        try "\(number)\n".write(toFile: requests, atomically: true, encoding: .utf8)
        return try await Patience.until("the neighbour answers") {
            try evidence().last("answer").flatMap { $0.hasPrefix("\(number) ") ? String($0.dropFirst(2)) : nil }
        }
    }

    func dismiss() throws {
        try "-1\n".write(toFile: requests, atomically: true, encoding: .utf8)
    }
}
