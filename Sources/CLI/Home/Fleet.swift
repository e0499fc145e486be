import Foundation

/// The daemons of a home.
struct Fleet: Sendable {
    let home: Home
    /// Nil when nothing will be started.
    let programs: Programs?

    func controller(listen address: String) -> Daemon {
        Daemon(
            name: "controller", program: programs?.path("tidemill-controller") ?? "",
            arguments: ["run", "--data", home.controllerData, "--listen", address], log: home.controllerLog,
            pidFile: home.controllerPID)
    }

    func agent(_ node: String) -> Daemon {
        let agent = home.agent(node)
        return Daemon(
            name: "agent of \(node)", program: programs?.path("tidemill-agent") ?? "",
            arguments: ["run", "--config", agent.configuration], log: agent.log, pidFile: agent.pid)
    }

    /// Stops one agent and ends its work.
    /// - Returns: cgroups that could not be removed.
    func stopAgent(_ node: String, _ say: @Sendable (String) -> Void) async -> [String] {
        let daemon = agent(node)
        if let process = daemon.running() {
            await daemon.stop()
            say("stopped \(daemon.name) (pid \(process.pid))")
        }
        let (tasks, remaining) = await Leftovers(agent: home.agent(node)).end()
        if tasks > 0 { say("ended \(tasks) running \(tasks == 1 ? "task" : "tasks") of \(node)") }
        return remaining
    }

    func stopController(_ say: @Sendable (String) -> Void) async {
        let daemon = controller(listen: "")
        guard let process = daemon.running() else { return }
        await daemon.stop()
        say("stopped the controller (pid \(process.pid))")
    }

    /// Stops everything of the home: agents first, so that nothing is started meanwhile.
    /// - Returns: cgroups that could not be removed.
    func stopAll(_ say: @Sendable (String) -> Void) async -> [String] {
        var remaining: [String] = []
        // Where no mark can be written, a running `up` may start again what is stopped here: say Ctrl-C to it first.
        _ = FileManager.default.createFile(atPath: home.stoppingMark, contents: nil)
        defer { unlink(home.stoppingMark) }
        for node in home.agentNodes() { remaining += await stopAgent(node, say) }
        await stopController(say)
        return remaining
    }
}
