import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// The process that is all simulated agents, and what it has printed.
struct AgentLoad: Sendable {
    let child: Child
    let agents: Int
    /// Watches and tunnels that each agent holds.
    let streams: Int

    init(_ rig: Rig, agents: Int, streams: Int = 0, arguments: [String]) throws {
        child = try Child(
            CommandLine.arguments[0],
            ["heartbeat-load", "--data", rig.dataFolder, "--agents", String(agents)] + arguments,
            log: "\(rig.folder)/load.log")
        self.agents = agents
        self.streams = streams
    }

    /// Measures under this load, and ends it, whatever happens.
    func during<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let value: Value
        do {
            value = try await body()
        } catch {
            let tail = child.tail()
            try await child.end()
            throw RigError("\(error)\n\(tail)")
        }
        try await child.end()
        return value
    }

    /// Waits until every agent is connected and every node Ready, and then for a window in which nothing happened but
    /// heartbeats.
    /// - Returns: seconds until the nodes were Ready.
    func settled(_ rig: Rig, heartbeatsInWindow: Int) async throws -> Double {
        let began = Kernel.bootNanoseconds()
        let limit = Duration.seconds(120 + agents / 20)
        try await Patience.untilTrue("every agent is connected", within: limit, every: .milliseconds(500)) {
            guard child.isRunning else { throw RigError("the load ended") }
            guard let window = try windows().last else { return false }
            return window.connected == agents && window.streams == streams * agents
        }
        let client = try await rig.admin()
        let states = Selection(fields: "status.state!=Ready")
        try await Patience.untilTrue("every node is Ready", within: .seconds(120), every: .seconds(1)) {
            try await client.list(Kinds.Node.info, namespace: nil, selection: states).objects.isEmpty
        }
        let now = Kernel.bootNanoseconds()
        try await Patience.untilTrue("a quiet window", within: .seconds(120), every: .milliseconds(500)) {
            try windows().last.map {
                $0.start > now && $0.acknowledged >= heartbeatsInWindow && $0.bad == 0
            } ?? false
        }
        return Double(now - began) / 1e9
    }

    /// All windows so far.
    func windows() throws -> [BeatWindow] {
        let text = try String(contentsOfFile: child.log, encoding: .utf8)
        let whole = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)]
        return whole.split(separator: "\n").compactMap {
            // Whatever else is printed is not a window.
            try? JSONDecoder().decode(BeatWindow.self, from: Data($0.utf8))
        }
    }
}

extension BeatWindow {
    /// Everything that must not happen.
    var bad: Int { refused + errors + late + lost }
}
