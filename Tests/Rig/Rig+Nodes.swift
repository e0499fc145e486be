import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

extension Rig {
    package func nodeObject(_ seat: Seat) async throws -> Kinds.Node {
        try await admin().get(Kinds.Node.self, name: seat.node)
    }

    /// Waits until the seat's node is in `state`.
    @discardableResult
    package func wait(
        for seat: Seat, toBe state: Kinds.NodeState, within limit: Duration = .seconds(60)
    ) async throws -> Kinds.Node {
        try await Patience.until("node \(seat.node) is \(state.rawValue)", within: limit) {
            if let agent = agents[seat], !agent.isRunning { throw RigError("the agent ended:\n\(logs())") }
            // Not registered yet, or the controller is starting.
            guard let node = try? await nodeObject(seat) else { return nil }
            return node.status.state == state ? node : nil
        }
    }

    /// Starts the agents of `more` too, and waits until all are Ready.
    package func start(_ more: [Seat] = []) async throws {
        try await startController()
        for seat in [seat] + more { try await startAgent(on: seat) }
        for seat in [seat] + more { try await wait(for: seat, toBe: .ready) }
    }

    /// Keeps new slices off the seat's node, or lets them come.
    package func cordon(_ seat: Seat, _ cordoned: Bool) async throws {
        _ = try await admin().mergePatch(
            Kinds.Node.info, namespace: nil, name: seat.node, patch: ["spec": ["unschedulable": .bool(cordoned)]])
    }

    /// What a program of ours printed, and how it ended.
    package struct Output: Sendable {
        package var status: Int32?
        package var text: String
    }

    /// Runs a program to its end.
    package func run(
        _ program: String, _ arguments: [String], within limit: Duration = .seconds(60)
    ) async throws -> Output {
        let log = "\(folder)/run-\(UUID().uuidString).log"
        let child = try Child(programs.path(program), arguments, log: log)
        do {
            try await Patience.untilTrue("\(program) \(arguments.joined(separator: " ")) ends", within: limit) {
                !child.isRunning
            }
        } catch {
            try await child.end()
            throw RigError("\(error)\n\(child.tail())")
        }
        return Output(status: child.exitStatus, text: try String(contentsOfFile: log, encoding: .utf8))
    }

    /// Runs a verb of `tidemill` as the operator of this rig, and demands that it succeeds.
    @discardableResult
    package func tidemill(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> String {
        let output = try await run("tidemill", arguments + ["--kubeconfig", kubeconfig], within: limit)
        guard output.status == 0 else {
            throw RigError(
                "tidemill \(arguments.joined(separator: " ")): \(output.status.map { "status \($0)" } ?? "ended by a signal"): \(output.text)"
            )
        }
        return output.text
    }

    /// Puts the store in the state of a backup. The controller must not be running.
    @discardableResult
    package func restore(from backup: String, _ more: String...) async throws -> String {
        let output = try await run(
            "tidemill-controller", ["restore", "--data", dataFolder, "--from", backup] + more, within: .seconds(120))
        guard output.status == 0 else { throw RigError("restore from \(backup): \(output.text)") }
        return output.text
    }

    /// The agent's own figures, from its socket; nil while it does not answer.
    package nonisolated func metrics(of seat: Seat) -> AgentMetrics? {
        UnixSocket.read(seat.metricsSocket).map(AgentMetrics.init(text:))
    }
}

/// Some of what an agent says of itself.
package struct AgentMetrics: Sendable {
    package let renewals: Int
    /// Slices whose task runs.
    package let active: Int

    init(text: String) {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = Int(words[1]) { values[words[0]] = value }
        }
        renewals = values["tidemill_agent_renewals_total"] ?? 0
        active = values["tidemill_agent_slices{phase=\"active\"}"] ?? 0
    }
}

/// Runs `body` with a rig whose controller and agent are up, and ends everything afterwards, whatever happened.
package func withRig(_ name: String, _ body: (Rig) async throws -> Void) async throws {
    try await withRig(try Rig(name)) { rig in
        try await rig.start()
        try await body(rig)
    }
}

/// Runs `body` with a rig of which nothing is started yet, and ends everything afterwards, whatever happened.
package func withRig<Value: Sendable>(_ rig: Rig, _ body: (Rig) async throws -> Value) async throws -> Value {
    let value: Value
    do {
        value = try await body(rig)
    } catch {
        let logs = await rig.logs()
        try? await rig.tearDown()  // the first error is the one to tell
        throw RigError("\(error)\n\(logs)")
    }
    try await rig.tearDown()
    return value
}
