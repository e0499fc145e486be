import TidemillClient
import TidemillModel
import TidemillWire

extension Rig {
    /// Creates a Job of one member that runs `script` in a shell.
    /// - Parameter onDisconnect: such as `["policy": "stop", "after": "3s"]`; nil leaves the default.
    package func submit(_ name: String, _ script: String, onDisconnect: JSON? = nil, retries: Int64 = 0) async throws {
        var spec: JSON = [
            "slice": ["cpu": "100m", "memory": "64Mi"],
            "template": [
                "command": ["/bin/sh", "-c", .string(script)],
                "env": [["name": .string(mark.name), "value": .string(mark.value)]],
            ],
            "retries": .integer(retries),
        ]
        if let onDisconnect { spec["onDisconnect"] = onDisconnect }
        _ = try await admin().create(
            Kinds.Job.info,
            [
                "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job",
                "metadata": ["name": .string(name), "namespace": "default"], "spec": spec,
            ])
    }

    package func job(_ name: String) async throws -> Kinds.Job {
        try await admin().get(Kinds.Job.self, namespace: "default", name: name)
    }

    /// The task of the only member of attempt `attempt`.
    package func task(_ job: String, attempt: Int = 1) async throws -> Kinds.Task {
        try await admin().get(Kinds.Task.self, namespace: "default", name: "\(job)-\(attempt)-0")
    }

    package func slice(_ job: String, attempt: Int = 1) async throws -> Kinds.Slice {
        try await admin().get(Kinds.Slice.self, namespace: "default", name: "\(job)-\(attempt)-0")
    }

    /// Waits until the job is in `state`; a final state that is another one ends the wait at once.
    @discardableResult
    package func wait(
        for name: String, toBe state: Kinds.JobState, within limit: Duration = .seconds(60)
    ) async throws -> Kinds.Job {
        try await Patience.until("job \(name) is \(state.rawValue)", within: limit, every: .milliseconds(50)) {
            let job = try await self.job(name)
            if job.status.state == state { return job }
            if job.status.state.isFinal {
                throw RigError(
                    "job \(name) is \(job.status.state.rawValue): \(job.status.reason ?? "") \(job.status.message ?? "")\n\(logs())"
                )
            }
            return nil
        }
    }

    /// Waits until the job's only task runs and its command has a pid.
    package func running(_ name: String, attempt: Int = 1) async throws -> Kinds.Task {
        try await Patience.until("task of \(name) runs", within: .seconds(60)) {
            // The task is not there before the job was seen.
            guard let task = try? await self.task(name, attempt: attempt) else { return nil }
            return task.status.state == .running && task.status.pid != nil ? task : nil
        }
    }

    /// Controller and agent, up, and the node Ready.
    package func start() async throws {
        try await startController()
        try await startAgent()
        try await Patience.untilTrue("node \(node) is Ready", within: .seconds(60)) {
            if agent?.isRunning != true { throw RigError("the agent ended:\n\(logs())") }
            // Not registered yet.
            let node = try? await self.admin().get(Kinds.Node.self, name: self.node)
            return node?.status.state == .ready
        }
    }
}

/// Runs `body` with a rig whose controller and agent are up, and ends everything afterwards, whatever happened.
package func withRig(_ name: String, _ body: (Rig) async throws -> Void) async throws {
    let rig = try Rig(name)
    do {
        try await rig.start()
        try await body(rig)
    } catch {
        let logs = await rig.logs()
        try? await rig.tearDown()  // the first error is the one to tell
        throw RigError("\(error)\n\(logs)")
    }
    try await rig.tearDown()
}
