import Foundation
import Logging
import TidemillClient
import TidemillDaemon
import TidemillDevices
import TidemillHostLinux
import TidemillSeams

/// What the agent is told, with its defaults.
struct AgentConfiguration: Sendable {
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("node"),
        ConfigurationKey("controller"),
        ConfigurationKey("ca"),
        ConfigurationKey("certificate"),
        ConfigurationKey("key"),
        ConfigurationKey("stateFolder", default: "/var/lib/tidemill"),
        ConfigurationKey("runFolder", default: "/run/tidemill"),
        ConfigurationKey("cgroupRoot", default: "tidemill"),
        ConfigurationKey("sysfsRoot", default: "/sys"),
        ConfigurationKey("procRoot", default: "/proc"),
        ConfigurationKey("devRoot", default: "/dev"),
        ConfigurationKey("models"),
        ConfigurationKey("bootIDPath", default: HostFacts.bootIDPath),
        ConfigurationKey("shim"),
        ConfigurationKey("logMaxBytes", default: "16777216"),
        ConfigurationKey("logFiles", default: "4"),
        ConfigurationKey("logTenantMaxBytes", default: "1073741824"),
        ConfigurationKey("ioMaxBytesPerSecond"),
        ConfigurationKey("hiddenFolders", default: "/root,/home,/boot"),
        ConfigurationKey("sharedFolders"),
        ConfigurationKey("logLevel", default: "info"),
    ]

    var node: NodeID
    var controller: String
    var ca: String
    var certificate: String
    var key: String
    var stateFolder: String
    var runFolder: String
    var cgroupRoot: String
    var sysfsRoot: String
    var procRoot: String
    var devRoot: String
    /// A catalogue of device models that wins over the one that is built in; nil for none.
    var models: String?
    var bootIDPath: String
    var shim: String
    var logMaxBytes: Int64
    var logFiles: Int
    /// What all logs of one tenant may take on this node.
    var logTenantMaxBytes: Int64
    /// Bytes a second that a slice may read, and write, on each disk; nil bounds nothing.
    var ioMaxBytesPerSecond: Int64?
    /// Folders and files, covered in the view of every task; so are the state folder, the run folder and the key.
    var hiddenFolders: [String]
    /// Seen by every task as they are, and writable.
    var sharedFolders: [String]
    var logLevel: Logger.Level

    init(_ tree: ConfigurationTree) throws(ConfigurationError) {
        node = NodeID(try tree.requiredText("node"))
        controller = try tree.requiredText("controller")
        ca = try tree.requiredText("ca")
        certificate = try tree.requiredText("certificate")
        key = try tree.requiredText("key")
        stateFolder = try Self.absolute(tree, "stateFolder")
        runFolder = try Self.absolute(tree, "runFolder")
        cgroupRoot = try tree.requiredText("cgroupRoot")
        sysfsRoot = try Self.absolute(tree, "sysfsRoot")
        procRoot = try Self.absolute(tree, "procRoot")
        devRoot = try Self.absolute(tree, "devRoot")
        models = try tree.text("models")
        bootIDPath = try Self.absolute(tree, "bootIDPath")
        // Beside this program, unless told otherwise.
        shim = try tree.text("shim") ?? Bundle.main.bundlePath + "/tidemill-shim"
        logMaxBytes = Int64(try tree.integer("logMaxBytes", in: 4096...(1 << 40)) ?? 16 << 20)
        logFiles = try tree.integer("logFiles", in: 1...100) ?? 4
        logTenantMaxBytes = Int64(try tree.integer("logTenantMaxBytes", in: 4096...(1 << 50)) ?? 1 << 30)
        ioMaxBytesPerSecond = try tree.integer("ioMaxBytesPerSecond", in: 4096...(1 << 50)).map { Int64($0) }
        // The key too: tasks of an agent that is not root have its user, and could be the node.
        hiddenFolders =
            try Self.absolutes(tree, "hiddenFolders") + [stateFolder, runFolder, URL(fileURLWithPath: key).path]
        sharedFolders = try Self.absolutes(tree, "sharedFolders")
        let level = try tree.requiredText("logLevel")
        guard let parsed = Logger.Level(rawValue: level) else {
            throw .invalid(
                path: "logLevel", value: level, source: "configuration",
                expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        logLevel = parsed
    }

    private static func absolutes(_ tree: ConfigurationTree, _ path: String) throws(ConfigurationError) -> [String] {
        var folders: [String] = []
        for text in try tree.list(path) {
            guard text.hasPrefix("/"), text.count > 1 else {
                throw .invalid(path: path, value: text, source: "configuration", expected: "a list of absolute paths")
            }
            folders.append(text.hasSuffix("/") ? String(text.dropLast()) : text)
        }
        return folders
    }

    private static func absolute(_ tree: ConfigurationTree, _ path: String) throws(ConfigurationError) -> String {
        let text = try tree.requiredText(path)
        guard text.hasPrefix("/") else {
            throw .invalid(path: path, value: text, source: "configuration", expected: "an absolute path")
        }
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// The controller, and how to be known there; reads the three PEM files once.
    /// The models that are known, those of the operator's own file first.
    func catalogue() throws -> DeviceCatalogue {
        var catalogue = DeviceCatalogue.builtIn
        if let models { try catalogue.add(String(contentsOfFile: models, encoding: .utf8)) }
        return catalogue
    }

    func endpoint() throws -> Endpoint {
        Endpoint(
            url: controller,
            credentials: Credentials(
                authorityPEM: try String(contentsOfFile: ca, encoding: .utf8),
                certificatePEM: try String(contentsOfFile: certificate, encoding: .utf8),
                keyPEM: try String(contentsOfFile: key, encoding: .utf8)))
    }
}
