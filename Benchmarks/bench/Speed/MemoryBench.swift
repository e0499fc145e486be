import TidemillModel
import TidemillRig

/// Memory of the programs while two jobs run, from the kernel's smaps_rollup.
struct MemoryBench {
    var rig: Rig

    func rows() async throws -> [Row] {
        // Two, as a node has them: the pages of the program are then shared, and what is left is each one's own.
        for name in ["memory-a", "memory-b"] {
            try await rig.submit(name, "sleep 60")
            _ = try await rig.running(name)
        }
        guard let controller = await rig.controller, let agent = await rig.agent, let shim = rig.shims().first else {
            throw RigError("controller, agent and shim should be running")
        }
        let controllerMemory = try Kernel.memory(of: controller.pid)
        let agentMemory = try Kernel.memory(of: agent.pid)
        let shimMemory = try Kernel.memory(of: shim)
        return [
            Row(
                name: "memory of the controller, resident", value: mebibytes(controllerMemory.residentBytes),
                unit: "MiB",
                aim: .none,
                note: "after the loads above; private \(figure(mebibytes(controllerMemory.privateBytes))) MiB"),
            Row(
                name: "memory of the agent, resident", value: mebibytes(agentMemory.residentBytes), unit: "MiB",
                aim: .atMost(30), note: "private \(figure(mebibytes(agentMemory.privateBytes))) MiB"),
            Row(
                name: "memory of a shim, private", value: mebibytes(shimMemory.privateBytes), unit: "MiB",
                aim: .atMost(1), note: "one of two; resident \(figure(mebibytes(shimMemory.residentBytes))) MiB"),
        ]
    }
}
