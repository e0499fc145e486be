import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

extension Rig {
    /// Creates a Job of one member that runs `script` in a shell.
    /// - Parameters:
    ///   - onDisconnect: such as `["policy": "stop", "after": "3s"]`; nil leaves the default.
    ///   - more: further fields of the Job's spec.
    package func submit(
        _ name: String, _ script: String, onDisconnect: JSON? = nil, retries: Int64 = 0, more: [String: JSON] = [:]
    ) async throws {
        try await submit(
            name, command: ["/bin/sh", "-c", script], onDisconnect: onDisconnect, retries: retries, more: more)
    }

    /// Creates a Job of one member that writes down every 20 ms that it runs, until it is ended or `seconds` are over.
    package func submitWitness(
        _ name: String, seconds: Int? = nil, onDisconnect: JSON? = nil, more: [String: JSON] = [:]
    ) async throws {
        try await submit(
            name, command: [programs.path("tidemill-witness"), witnessLog] + (seconds.map { [String($0)] } ?? []),
            onDisconnect: onDisconnect, retries: 0, more: more)
    }

    /// Where the witnesses of this rig write, all of them into one file.
    package nonisolated var witnessLog: String { "\(folder)/witness.log" }

    package nonisolated func witness() throws -> WitnessLog { try WitnessLog(path: witnessLog) }

    private func submit(
        _ name: String, command: [String], onDisconnect: JSON?, retries: Int64, more: [String: JSON]
    ) async throws {
        var spec: JSON = [
            "slice": ["cpu": "100m", "memory": "64Mi"],
            "template": [
                "command": .array(command.map { .string($0) }),
                "env": [["name": .string(mark.name), "value": .string(mark.value)]],
            ],
            "retries": .integer(retries),
        ]
        if let onDisconnect { spec["onDisconnect"] = onDisconnect }
        for (field, value) in more { spec[field] = value }
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
    package func running(
        _ name: String, attempt: Int = 1, within limit: Duration = .seconds(60)
    ) async throws -> Kinds.Task {
        try await Patience.until("task \(name)-\(attempt)-0 runs", within: limit) {
            // The task is not there before the job was seen.
            guard let task = try? await self.task(name, attempt: attempt) else { return nil }
            return task.status.state == .running && task.status.pid != nil ? task : nil
        }
    }
}
