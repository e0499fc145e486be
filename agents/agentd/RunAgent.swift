import ArgumentParser
import Foundation
import Logging
import TidemillDaemon

/// `tidemill-agent run`
struct RunAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run until SIGTERM. Tasks go on without the agent, and a later one adopts them.")

    @Option(name: .long, help: "The configuration, a YAML map. A flag wins over TIDEMILL_*, TIDEMILL_* over the file.")
    var config: String?
    @Option(name: .long, help: "Name of the Node.") var node: String?
    @Option(name: .long, help: "URL of the controller, https://HOST:PORT.") var controller: String?
    @Option(name: .long, help: "PEM file of the authority that signs the controller's certificate.") var ca: String?
    @Option(name: .long, help: "PEM file of the node's certificate.") var certificate: String?
    @Option(name: .long, help: "PEM file of the node's key.") var key: String?
    @Option(name: .long, help: "Folder for what must survive a reboot.") var stateFolder: String?
    @Option(name: .long, help: "Folder for what lasts as long as the boot.") var runFolder: String?
    @Option(name: .long, help: "Relative name below each cgroup hierarchy.") var cgroupRoot: String?
    @Option(name: .long, help: "Where sysfs is.") var sysfsRoot: String?
    @Option(name: .long, help: "Where procfs is.") var procRoot: String?
    @Option(name: .long, help: "Where device nodes are.") var devRoot: String?
    @Option(name: .long, help: "A catalogue of device models that wins over the one that is built in, a CSV file.")
    var models: String?
    @Option(name: .customLong("boot-id-path"), help: "File that holds the boot id.") var bootIDPath: String?
    @Option(name: .long, help: "Path of tidemill-shim.") var shim: String?
    @Option(name: .long, help: "Size at which a task's log is rotated, in bytes.") var logMaxBytes: String?
    @Option(name: .long, help: "Log files kept for a task.") var logFiles: String?
    @Option(name: .long, help: "What all logs of one tenant may take on this node, in bytes.")
    var logTenantMaxBytes: String?
    @Option(name: .long, help: "Bytes a second that a slice may read, and write, on each disk. No bound when unset.")
    var ioMaxBytesPerSecond: String?
    @Option(name: .long, help: "Folders and files that no task sees, separated by commas.") var hiddenFolders: String?
    @Option(name: .long, help: "Folders that every task sees and may write to, separated by commas.")
    var sharedFolders: String?
    @Option(name: .long, help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?

    private var flags: [String: String] {
        [
            "node": node, "controller": controller, "ca": ca, "certificate": certificate, "key": key,
            "stateFolder": stateFolder, "runFolder": runFolder, "cgroupRoot": cgroupRoot, "sysfsRoot": sysfsRoot,
            "procRoot": procRoot, "devRoot": devRoot, "models": models, "bootIDPath": bootIDPath, "shim": shim,
            "logMaxBytes": logMaxBytes,
            "logFiles": logFiles, "logTenantMaxBytes": logTenantMaxBytes, "ioMaxBytesPerSecond": ioMaxBytesPerSecond,
            "hiddenFolders": hiddenFolders,
            "sharedFolders": sharedFolders, "logLevel": logLevel,
        ].compactMapValues(\.self)
    }

    func run() async throws {
        let file = try config.map(ConfigurationFile.read)
        let tree = try ConfigurationTree(
            keys: AgentConfiguration.keys, file: file, environment: ProcessInfo.processInfo.environment, flags: flags)
        let configuration = try AgentConfiguration(tree)
        startLogging(level: configuration.logLevel)
        let logger = Logger(label: "tidemill-agent")
        logger.logEffective(tree)
        try await AgentStart(configuration: configuration, logger: logger).run()
    }
}
