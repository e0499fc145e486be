import Foundation
import TidemillClient

/// A controller and an agent of their own folder, node name and cgroup root, so that several rigs share one machine.
///
/// Everything it starts ends with `tearDown`, also what survived an agent on purpose.
package actor Rig {
    package nonisolated let folder: String
    package nonisolated let node: String
    package nonisolated let programs = Programs()
    package private(set) var controller: Child?
    package private(set) var agent: Child?
    private var address: String?
    private var client: APIClient?

    /// An environment variable that every task of this rig carries through its template, so that what is left of it is found.
    package nonisolated var mark: (name: String, value: String) { ("RIG_MARK", node) }

    package init(_ name: String) throws {
        node = "\(name)-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0..<100_000))"
        folder = NSTemporaryDirectory() + "tidemill-rig-" + node
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    package nonisolated var dataFolder: String { "\(folder)/controller" }
    package nonisolated var stateFolder: String { "\(folder)/agent/state" }
    package nonisolated var runFolder: String { "\(folder)/agent/run" }
    package nonisolated var cgroupRoot: String { "tidemill/\(node)" }
    package nonisolated var kubeconfig: String { "\(dataFolder)/kubeconfig" }

    /// Starts the controller; on the address that it had before, when it had one.
    package func startController() async throws {
        let addressFile = "\(dataFolder)/address"
        try? FileManager.default.removeItem(atPath: addressFile)  // it is not there at the first start
        let child = try Child(
            programs.path("tidemill-controller"),
            ["run", "--data", dataFolder, "--listen", address ?? "127.0.0.1:0"], log: "\(folder)/controller.log")
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

    /// Writes the agent's certificate and configuration, and starts it.
    package func startAgent() async throws {
        guard let address else { throw RigError("the controller has not started yet") }
        let identity = "\(folder)/agent/identity"
        if !FileManager.default.fileExists(atPath: "\(identity)/node.pem") {
            try FileManager.default.createDirectory(atPath: identity, withIntermediateDirectories: true)
            let issue = try Child(
                programs.path("tidemill-controller"),
                ["issue-node", "--data", dataFolder, "--node", node, "--out", identity], log: "\(folder)/issue.log")
            try await Patience.untilTrue("the node's certificate is issued") { !issue.isRunning }
            guard FileManager.default.fileExists(atPath: "\(identity)/node.pem") else { throw RigError(issue.tail()) }
            let configuration = """
                node: \(node)
                controller: https://\(address)
                ca: \(identity)/ca.pem
                certificate: \(identity)/node.pem
                key: \(identity)/node.key
                stateFolder: \(stateFolder)
                runFolder: \(runFolder)
                cgroupRoot: \(cgroupRoot)
                shim: \(programs.path("tidemill-shim"))

                """
            try configuration.write(toFile: "\(folder)/agent/config.yaml", atomically: true, encoding: .utf8)
        }
        agent = try Child(
            programs.path("tidemill-agent"), ["run", "--config", "\(folder)/agent/config.yaml"],
            log: "\(folder)/agent.log")
    }

    package func killAgent(_ signal: Int32 = SIGKILL) async throws {
        try await agent?.end(signal)
        agent = nil
    }

    /// Every live process of a task of this rig, however often it forked.
    package nonisolated func taskProcesses() -> [Int32] {
        Kernel.processes(withEnvironment: "\(mark.name)=\(mark.value)")
    }

    /// Pids of the shims of this rig: their program, and our folder among their arguments.
    package nonisolated func shims() -> [Int32] {
        let programs = Set(Kernel.commandLines(containing: "tidemill-shim"))
        return Kernel.commandLines(containing: node).filter(programs.contains)
    }

    /// The ends of both logs, for messages.
    package func logs() -> String {
        """
        --- controller
        \((try? String(contentsOfFile: "\(folder)/controller.log", encoding: .utf8).suffix(3_000)) ?? "(none)")
        --- agent
        \((try? String(contentsOfFile: "\(folder)/agent.log", encoding: .utf8).suffix(3_000)) ?? "(none)")
        """  // a missing log is an answer here
    }

    /// Ends everything and removes folder and cgroups.
    package func tearDown() async throws {
        try await killAgent()
        for pid in shims() {
            kill(pid, SIGCONT)
            kill(pid, SIGKILL)
        }
        for pid in taskProcesses() { kill(pid, SIGKILL) }
        try await killController()
        await client?.shutdown()
        try await Patience.untilTrue("the rig's processes are gone") { taskProcesses().isEmpty && shims().isEmpty }
        removeCgroups()
        try FileManager.default.removeItem(atPath: folder)
    }

    private func removeCgroups() {
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
