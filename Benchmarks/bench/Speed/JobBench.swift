import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// From the create of a job until its task is Running, as a client that watches sees it.
struct JobBench {
    var rig: Rig
    var runs: Int

    func rows() async throws -> [Row] {
        let client = try await rig.admin()
        let clock = ContinuousClock()
        var milliseconds: [Double] = []
        for run in 0..<runs {
            let name = "submit-\(run)"
            let watch = try await client.watch(
                Kinds.Task.self, namespace: "default", selection: Selection(fields: "spec.member.job=\(name)"))
            let began = clock.now
            try await rig.submit(name, "sleep 0.2")
            for try await event in watch {
                if case .modified(let task) = event, task.status.state == .running { break }
            }
            milliseconds.append((clock.now - began) / .milliseconds(1))
            try await rig.wait(for: name, toBe: .succeeded)
        }
        let worst = milliseconds.max() ?? 0
        return [
            Row(
                name: "submit to running of one job", value: median(milliseconds), unit: "ms", aim: .atMost(300),
                note: "median of \(runs) jobs, slowest \(figure(worst)) ms")
        ]
    }
}
