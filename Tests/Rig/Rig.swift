import Foundation
import TidemillClient

/// A controller and agents of their own folders, node names and cgroup roots, so that several rigs share one machine.
///
/// Everything it starts ends with `tearDown`, also what survived an agent on purpose.
package actor Rig {
    package nonisolated let folder: String
    /// The first seat; most tests need no other.
    package nonisolated let seat: Seat
    package nonisolated let dataFolder: String
    package nonisolated let programs = Programs()
    package private(set) var controller: Child?
    package private(set) var agents: [Seat: Child] = [:]
    /// Further arguments of `tidemill-controller run`.
    package let controllerArguments: [String]
    private var address: String?
    private var client: APIClient?
    private var seats: Set<Seat> = []

    package nonisolated var node: String { seat.node }
    package nonisolated var kubeconfig: String { "\(dataFolder)/kubeconfig" }
    /// The first seat's agent.
    package var agent: Child? { agents[seat] }

    /// An environment variable that every task of this rig carries through its template, so that what is left of it is found.
    package nonisolated var mark: (name: String, value: String) { ("RIG_MARK", node) }

    /// - Parameter dataFolder: where the controller keeps its store; a folder of the rig's own when nil.
    package init(_ name: String, dataFolder: String? = nil, controllerArguments: [String] = []) throws {
        let node = "\(name)-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0..<100_000))"
        folder = NSTemporaryDirectory() + "tidemill-rig-" + node
        seat = Seat(node: node, folder: "\(folder)/agent")
        self.dataFolder = dataFolder ?? "\(folder)/controller"
        self.controllerArguments = controllerArguments
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // Tasks write what they witness into it, as their tenant's user.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
    }

    /// A further seat; its node is named like the first with `suffix` behind it.
    package nonisolated func seat(_ suffix: String) -> Seat {
        Seat(node: "\(node)-\(suffix)", folder: "\(folder)/agent-\(suffix)")
    }

    // MARK: Controller

    /// Starts the controller; on the address that it had before, when it had one.
    package func startController() async throws {
        let addressFile = "\(dataFolder)/address"
        try? FileManager.default.removeItem(atPath: addressFile)  // it is not there at the first start
        let child = try Child(
            programs.path("tidemill-controller"),
            ["run", "--data", dataFolder, "--listen", address ?? "127.0.0.1:0"] + controllerArguments,
            log: "\(folder)/controller.log")
        controller = child
        address = try await Patience.until("the controller writes \(addressFile)", within: .seconds(60)) {
            if !child.isRunning { throw RigError("the controller ended:\n\(child.tail())") }
            // Not there until the server listens.
            let text = try? String(contentsOfFile: addressFile, encoding: .utf8)
            return text.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        if client == nil {
            client = try APIClient(endpoint: Kubeconfig(path: kubeconfig).endpoint, userAgent: "tidemill-rig")
        }
    }

    package func killController(_ signal: Int32 = SIGKILL) async throws {
        try await controller?.end(signal)
        controller = nil
    }

    /// The admin's client. The controller must have started once.
    package func admin() throws -> APIClient {
        guard let client else { throw RigError("the controller has not started yet") }
        return client
    }

    // MARK: Agents

    /// Writes the agent's certificate and configuration, and starts it.
    /// - Parameter environment: added to the agent's own, such as `TIDEMILL_BREAK`.
    package func startAgent(on chosen: Seat? = nil, environment: [String: String] = [:]) async throws {
        let seat = chosen ?? seat
        if seats.insert(seat).inserted { try await furnish(seat) }
        agents[seat] = try Child(
            programs.path("tidemill-agent"), ["run", "--config", seat.configuration], environment: environment,
            log: seat.log)
    }

    private func furnish(_ seat: Seat) async throws {
        guard let address else { throw RigError("the controller has not started yet") }
        try FileManager.default.createDirectory(atPath: seat.identityFolder, withIntermediateDirectories: true)
        try await issueCertificate(of: seat.node, into: seat.identityFolder)
        try reboot(seat)
        let configuration = """
            node: \(seat.node)
            controller: https://\(address)
            ca: \(seat.identityFolder)/ca.pem
            certificate: \(seat.identityFolder)/node.pem
            key: \(seat.identityFolder)/node.key
            stateFolder: \(seat.stateFolder)
            runFolder: \(seat.runFolder)
            cgroupRoot: \(seat.cgroupRoot)
            bootIDPath: \(seat.bootIDPath)
            shim: \(programs.path("tidemill-shim"))
            sharedFolders: [\(folder), \(programs.folder)]

            """
        try configuration.write(toFile: seat.configuration, atomically: true, encoding: .utf8)
    }

    /// Gives the seat another boot id. Whatever would not survive a boot must have been ended before.
    package nonisolated func reboot(_ seat: Seat) throws {
        try (UUID().uuidString.lowercased() + "\n").write(toFile: seat.bootIDPath, atomically: true, encoding: .utf8)
    }

    private func issueCertificate(of node: String, into folder: String) async throws {
        let issue = try Child(
            programs.path("tidemill-controller"),
            ["issue-node", "--data", dataFolder, "--node", node, "--out", folder], log: "\(self.folder)/issue.log")
        try await Patience.untilTrue("the node's certificate is issued") { !issue.isRunning }
        guard FileManager.default.fileExists(atPath: "\(folder)/node.pem") else { throw RigError(issue.tail()) }
    }

    package func killAgent(on chosen: Seat? = nil, _ signal: Int32 = SIGKILL) async throws {
        try await agents.removeValue(forKey: chosen ?? seat)?.end(signal)
    }

    /// The node dies: SIGKILL to its agent and then to all of its shims, before either could tell anybody.
    package func killNode(_ seat: Seat) async throws {
        agents[seat]?.signal(SIGKILL)
        for pid in shims(of: seat) { kill(pid, SIGKILL) }
        try await killAgent(on: seat)
        try await Patience.untilTrue("the shims of \(seat.node) are gone") { shims(of: seat).isEmpty }
    }

    // MARK: What runs

    /// Every live process of a task of this rig, however often it forked.
    package nonisolated func taskProcesses() -> [Int32] {
        Kernel.processes(withEnvironment: "\(mark.name)=\(mark.value)")
    }

    /// Pids of the shims of this rig, or of one of its seats: their program, and our folder among their arguments.
    package nonisolated func shims(of seat: Seat? = nil) -> [Int32] {
        let programs = Set(Kernel.commandLines(containing: "tidemill-shim"))
        return Kernel.commandLines(containing: seat.map { "\($0.folder)/" } ?? folder).filter(programs.contains)
    }

    /// The ends of all logs, for messages.
    package func logs() -> String {
        let files = ["\(folder)/controller.log"] + seats.sorted { $0.node < $1.node }.map(\.log)
        return files.map { file in
            // A missing log is an answer here.
            "--- \(file)\n\((try? String(contentsOfFile: file, encoding: .utf8).suffix(3_000)) ?? "(none)")"
        }.joined(separator: "\n")
    }

    // MARK: The end

    /// Ends everything and removes folder and cgroups.
    package func tearDown() async throws {
        for seat in Array(agents.keys) { try await killAgent(on: seat) }
        for pid in shims() {
            kill(pid, SIGCONT)
            kill(pid, SIGKILL)
        }
        for pid in taskProcesses() { kill(pid, SIGKILL) }
        try await killController()
        await client?.shutdown()
        try await Patience.untilTrue("the rig's processes are gone") { taskProcesses().isEmpty && shims().isEmpty }
        for seat in seats { removeCgroups(seat.cgroupRoot) }
        try FileManager.default.removeItem(atPath: folder)
    }

    private func removeCgroups(_ cgroupRoot: String) {
        // Without hierarchies there is nothing to do.
        let hierarchies = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
        for hierarchy in hierarchies.map({ "/sys/fs/cgroup/\($0)" }) + ["/sys/fs/cgroup"] {
            let root = "\(hierarchy)/\(cgroupRoot)"
            var folders = [root]
            let inside = FileManager.default.enumerator(atPath: root)
            while let path = inside?.nextObject() as? String {
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder), isFolder.boolValue
                {
                    folders.append("\(root)/\(path)")
                }
            }
            for folder in folders.sorted(by: { $0.count > $1.count }) { rmdir(folder) }
        }
    }
}
