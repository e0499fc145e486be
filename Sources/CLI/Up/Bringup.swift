import Foundation
import TidemillClient
import TidemillModel

/// Starts what of a home does not run yet, starts it again when it ends, and stops at the end what it started.
actor Bringup {
    let home: Home
    let node: String
    private let programs: Programs
    private let fleet: Fleet
    private var address = ""
    private var startedController = false
    private var startedAgent = false
    /// When the daemons were last started again, so that one that ends at once is given up.
    private var restarts: [ContinuousClock.Instant] = []

    init(home: Home, node: String, programs: Programs) {
        self.home = home
        self.node = node
        self.programs = programs
        fleet = Fleet(home: home, programs: programs)
    }

    var startedAnything: Bool { startedController || startedAgent }

    /// The folder of the home, for its owner alone: it holds keys.
    func makeHome() throws {
        do {
            for folder in [home.path, home.controllerData, home.agent(node).path] {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            // Of a `down` that was itself ended.
            unlink(home.stoppingMark)
        } catch {
            throw Failure("\(home.path) cannot be made: \(Failure.reason(of: error)). --home names another folder")
        }
    }

    /// Starts the controller, or finds it running, and waits until it answers.
    func controller(_ say: @Sendable (String) -> Void) async throws -> APIClient {
        if let process = fleet.controller(listen: "").running() {
            address = try readAddress() ?? ""
            say("controller: running already, pid \(process.pid), https://\(address)")
        } else {
            let process = try await startController()
            startedController = true
            say("controller: pid \(process.pid), https://\(address), log \(home.controllerLog)")
        }
        return try await connect()
    }

    private func startController() async throws -> ProcessIdentity {
        // On the address it had, so that kubeconfigs and agents keep working; on any other when that is taken.
        let old = try readAddress()
        unlink(home.addressFile)
        for address in [old, "127.0.0.1:0"].compactMap({ $0 }) {
            let daemon = fleet.controller(listen: address)
            let process = try daemon.start()
            let found = try await Patience.wait(.seconds(60)) {
                if let text = try readAddress() { return text }
                if !process.isRunning { return "" }
                return nil
            }
            if let found, !found.isEmpty {
                self.address = found
                return process
            }
            Daemon.reap(process.pid)
            if found == nil || address == "127.0.0.1:0" {
                throw found == nil
                    ? Failure(
                        "the controller does not listen after 60s. The last lines of \(daemon.log):\n\(daemon.tail(15))"
                    )
                    : daemon.ended("before it listened")
            }
        }
        throw Failure("the controller could not be started")
    }

    private func readAddress() throws -> String? {
        // It is not there until the controller listens.
        let text = try? String(contentsOfFile: home.addressFile, encoding: .utf8)
        return text.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A client of the administrator, once the controller is ready.
    private func connect() async throws -> APIClient {
        let configuration = try Kubeconfig(path: "\(home.controllerData)/kubeconfig")
        try copyKubeconfig()
        let client = try APIClient(endpoint: configuration.endpoint, userAgent: "tidemill-up/\(ProgramVersion.text)")
        let daemon = fleet.controller(listen: "")
        var last: ClientError?
        let isReady = try await Patience.wait(.seconds(60)) { () async throws -> Bool? in
            do throws(ClientError) {
                _ = try await client.send(APIRequest(.get, "/readyz", timeout: .seconds(5)))
                return true
            } catch {
                last = error
            }
            return daemon.running() == nil ? false : nil
        }
        if isReady == true { return client }
        await client.shutdown()
        if isReady == false { throw daemon.ended("before it was ready") }
        throw Failure(
            "the controller is not ready after 60s: \(last.map { "\($0)" } ?? "no answer"). Its log is \(daemon.log)")
    }

    private func copyKubeconfig() throws {
        guard let data = FileManager.default.contents(atPath: "\(home.controllerData)/kubeconfig") else { return }
        let temporary = home.kubeconfig + ".new"
        unlink(temporary)
        guard FileManager.default.createFile(atPath: temporary, contents: data, attributes: [.posixPermissions: 0o600]),
            rename(temporary, home.kubeconfig) == 0
        else { throw Failure("\(home.kubeconfig) cannot be written") }
    }

    /// Starts the agent, or finds it running with the configuration that it should have.
    func agent(_ say: @Sendable (String) -> Void) async throws {
        let folder = home.agent(node)
        let daemon = fleet.agent(node)
        try await issueIdentity()
        let text = AgentConfiguration(agent: folder, address: address, shim: programs.path("tidemill-shim")).text
        // No file yet, or one that says something else.
        let isCurrent = (try? String(contentsOfFile: folder.configuration, encoding: .utf8)) == text
        if let process = daemon.running(), isCurrent {
            say("agent: running already, pid \(process.pid)")
            return
        }
        await daemon.stop()
        try text.write(toFile: folder.configuration, atomically: true, encoding: .utf8)
        let process = try daemon.start()
        startedAgent = true
        say("agent: pid \(process.pid), node \(node), log \(folder.log)")
    }

    /// Gives the node a certificate of this controller, unless it has one.
    private func issueIdentity() async throws {
        let folder = home.agent(node).identity
        let own = FileManager.default.contents(atPath: "\(folder)/ca.pem")
        let theirs = FileManager.default.contents(atPath: "\(home.controllerData)/ca.pem")
        if own != nil, own == theirs, FileManager.default.fileExists(atPath: "\(folder)/node.pem") { return }
        let issue = Daemon(
            name: "issuing of a certificate", program: programs.path("tidemill-controller"),
            arguments: ["issue-node", "--data", home.controllerData, "--node", node, "--out", folder],
            log: "\(home.agent(node).path)/issue.log", pidFile: PIDFile(path: "\(home.agent(node).path)/issue.pid"))
        let process = try issue.start()
        _ = try await Patience.wait(.seconds(30)) { () -> Bool? in
            Daemon.reap(process.pid)
            return process.isRunning ? nil : true
        }
        issue.pidFile.remove()
        guard FileManager.default.fileExists(atPath: "\(folder)/node.pem") else {
            throw issue.ended("without a certificate")
        }
    }

    /// Waits until the node is Ready, and returns it.
    func readyNode(_ client: APIClient) async throws -> Kinds.Node {
        let daemon = fleet.agent(node)
        var state = "not registered"
        let node = try await Patience.wait(.seconds(60)) { () async throws -> Kinds.Node? in
            if daemon.running() == nil { throw daemon.ended("before its node was Ready") }
            do throws(ClientError) {
                let node = try await client.get(Kinds.Node.self, name: self.node)
                state = node.status.state?.rawValue ?? "registered"
                return node.status.state == .ready ? node : nil
            } catch {
                if error.isNotFound || error.isUnprocessed { return nil }
                throw error
            }
        }
        guard let node else {
            throw Failure(
                "the node \(self.node) is \(state) after 60s. The last lines of \(daemon.log):\n\(daemon.tail(15))")
        }
        return node
    }

    /// Starts daemons again that have ended, as a service manager would.
    /// - Returns: what there is to say about it.
    /// - Throws: `Stopped` when a `down` is at work.
    func tend() async throws -> [String] {
        var news: [String] = []
        let isGone = (startedController && !home.controllerPID.exists) || (startedAgent && !home.agent(node).pid.exists)
        if isGone || FileManager.default.fileExists(atPath: home.stoppingMark) { throw Stopped() }
        if startedController, fleet.controller(listen: "").running() == nil {
            try noteRestart(fleet.controller(listen: ""))
            let process = try await startController()
            news.append("the controller had ended: started it again, pid \(process.pid)")
        }
        let daemon = fleet.agent(node)
        if startedAgent, daemon.running() == nil {
            try noteRestart(daemon)
            let process = try daemon.start()
            news.append("the agent had ended: started it again, pid \(process.pid); what ran goes on")
        }
        return news
    }

    private func noteRestart(_ daemon: Daemon) throws {
        if let old = PIDFile.recorded(daemon.pidFile.path) { Daemon.reap(old) }
        let now = ContinuousClock.now
        restarts = restarts.filter { now - $0 < .seconds(60) } + [now]
        if restarts.count > 5 { throw daemon.ended("again and again") }
    }

    /// Stops what this `up` started, running work included.
    func stop(_ say: @Sendable (String) -> Void) async {
        if startedAgent {
            let remaining = await fleet.stopAgent(node, say)
            for group in remaining { say("the cgroup \(group) could not be removed") }
        }
        if startedController { await fleet.stopController(say) }
        (startedAgent, startedController) = (false, false)
    }
}

/// A `down` stopped what an `up` had started.
struct Stopped: Error {}
