import Foundation
import TidemillModel
import TidemillRig
import TidemillWire

/// One run of `tidemill-agent discover`.
struct Discovery {
    let status: Int32?
    let devices: [Kinds.Device]
    let seconds: Double
    let text: String

    /// - Parameters:
    ///   - root: where the machine is; nil for the one that is here.
    ///   - environment: added to this process's own.
    static func run(root: URL?, environment: [String: String] = [:], deadline: Int = 2) async throws -> Discovery {
        let log = NSTemporaryDirectory() + "tidemill-discover-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let began = Kernel.bootNanoseconds()
        let child = try Child(
            Programs().path("tidemill-agent"),
            ["discover", "--node", "n", "-o", "json", "--deadline", "\(deadline)"]
                + (root.map { ["--root", $0.path] } ?? []),
            environment: environment, log: log)
        try await Patience.untilTrue("discover ends", within: .seconds(60)) { !child.isRunning }
        let seconds = Double(Kernel.bootNanoseconds() - began) / 1e9
        let text = try String(contentsOfFile: log, encoding: .utf8)
        let items: [Kinds.Device]
        if let json = try? JSON.parse(Array(text.utf8)), case .array(let list)? = json["items"] {
            items = try list.map { try Kinds.Device(json: $0) }
        } else {
            // What was printed is no listing: the status or the text says why.
            items = []
        }
        return Discovery(status: child.exitStatus, devices: items, seconds: seconds, text: text)
    }

    /// Of cards alone.
    var accelerators: [Kinds.Device] { devices.filter { $0.status.vendor != "cpu" } }
}
