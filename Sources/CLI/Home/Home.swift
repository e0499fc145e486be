import Foundation

/// The folder in which `up` keeps a controller, its agents and the kubeconfig: --home, else TIDEMILL_HOME, else ~/.tidemill.
struct Home: Sendable {
    /// Absolute.
    let path: String

    init(option: String?) {
        let environment = ProcessInfo.processInfo.environment
        let named = option ?? environment["TIDEMILL_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let user = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        let chosen = named ?? user + "/.tidemill"
        path = URL(fileURLWithPath: chosen).standardizedFileURL.path
    }

    var kubeconfig: String { "\(path)/kubeconfig" }
    var controllerData: String { "\(path)/controller" }
    /// Where the controller writes the address that it listens on.
    var addressFile: String { "\(controllerData)/address" }
    var controllerLog: String { "\(path)/controller.log" }
    var controllerPID: PIDFile { PIDFile(path: "\(path)/controller.pid") }
    /// There while `down` stops what runs, so that an `up` does not start it again.
    var stoppingMark: String { "\(path)/stopping" }
    var agents: String { "\(path)/agents" }

    func agent(_ node: String) -> AgentHome { AgentHome(home: path, node: node) }

    /// The agents that have a folder here, by name.
    func agentNodes() -> [String] {
        // No folder, no agents.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: agents)) ?? []
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// The folder of one agent below a home.
struct AgentHome: Sendable {
    let home: String
    let node: String

    var path: String { "\(home)/agents/\(node)" }
    var state: String { "\(path)/state" }
    var run: String { "\(path)/run" }
    /// Certificate and key of the node.
    var identity: String { "\(path)/identity" }
    var configuration: String { "\(path)/config.yaml" }
    var log: String { "\(path)/log" }
    var pid: PIDFile { PIDFile(path: "\(path)/pid") }

    /// The agent's cgroup root, relative to each hierarchy. Two homes on one machine may use the same node name, and an agent
    /// ends what it finds below its root and does not know: so the home is part of the name.
    var cgroupRoot: String { "tidemill/\(node)-\(Self.digest(home))" }

    /// FNV-1a (Fowler, Noll and Vo), 32 bits: short, stable, and no secret.
    private static func digest(_ text: String) -> String {
        var hash: UInt32 = 0x811C_9DC5
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// The name that a machine's node gets when none is given.
enum NodeName {
    /// The host name's first label, made a DNS label.
    static func fromHost() -> String { from(ProcessInfo.processInfo.hostName) }

    static func from(_ host: String) -> String {
        let first = host.lowercased().split(separator: ".").first.map(String.init) ?? ""
        var label = ""
        for character in first {
            let isFit = character.isASCII && (character.isLetter || character.isNumber)
            if isFit { label.append(character) } else if !label.isEmpty, label.last != "-" { label.append("-") }
        }
        label = String(label.prefix(40))
        while label.last == "-" { label.removeLast() }
        return label.isEmpty ? "node" : label
    }
}
