import Logging
import TidemillAPIServer
import TidemillDaemon

/// What the controller is told, with its defaults.
struct ControllerConfiguration: Sendable {
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("data", default: "/var/lib/tidemill/controller"),
        ConfigurationKey("listen", default: "127.0.0.1:7443"),
        ConfigurationKey("names"),
        ConfigurationKey("maxConnections", default: "4096"),
        ConfigurationKey("logLevel", default: "info"),
    ]

    /// Folder of the store, the certificates and the kubeconfig.
    var data: String
    var host: String
    /// 0 lets the kernel choose.
    var port: Int
    /// Further names and addresses under which the server is reached.
    var names: [String]
    /// Open connections; an agent holds four. Each takes a file descriptor of the process.
    var maxConnections: Int
    var logLevel: Logger.Level

    init(_ tree: ConfigurationTree) throws(ConfigurationError) {
        data = try tree.requiredText("data")
        let listen = try tree.requiredText("listen")
        guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...]),
            colon != listen.startIndex
        else {
            throw .invalid(
                path: "listen", value: listen, source: "configuration", expected: "HOST:PORT, such as 127.0.0.1:7443")
        }
        // An IPv6 address stands in brackets.
        host = String(listen[..<colon].filter { $0 != "[" && $0 != "]" })
        self.port = Int(port)
        names = try tree.list("names")
        maxConnections = try tree.integer("maxConnections", in: 16...1_000_000) ?? 4096
        let level = try tree.requiredText("logLevel")
        guard let parsed = Logger.Level(rawValue: level) else {
            throw .invalid(
                path: "logLevel", value: level, source: "configuration",
                expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        logLevel = parsed
    }

    /// What the server takes from its peers.
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connections = maxConnections
        return limits
    }
}
