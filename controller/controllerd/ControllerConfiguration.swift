import Logging
import TidemillAPIServer
import TidemillDaemon
import TidemillPlacement

/// What the controller is told, with its defaults.
struct ControllerConfiguration: Sendable {
    static let keys: [ConfigurationKey] = [
        ConfigurationKey("data", default: "/var/lib/tidemill/controller"),
        ConfigurationKey("listen", default: "127.0.0.1:7443"),
        ConfigurationKey("names"),
        ConfigurationKey("maxConnections", default: "4096"),
        ConfigurationKey("placement.policy", default: "fill"),
        ConfigurationKey("placement.sequences", default: "24"),
        ConfigurationKey("placement.drawsPerDevice", default: "10"),
        ConfigurationKey("placement.scarcityPercent", default: "100"),
        ConfigurationKey("placement.gangsPercent", default: "10"),
        ConfigurationKey("placement.displacementPercent", default: "10"),
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
    /// See docs/placement.md.
    var placement: PlacementSettings
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
        placement = try Self.placement(tree)
        let level = try tree.requiredText("logLevel")
        guard let parsed = Logger.Level(rawValue: level) else {
            throw .invalid(
                path: "logLevel", value: level, source: "configuration",
                expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
        }
        logLevel = parsed
    }

    private static func placement(_ tree: ConfigurationTree) throws(ConfigurationError) -> PlacementSettings {
        var settings = PlacementSettings()
        let name = try tree.requiredText("placement.policy")
        guard let policy = PlacementPolicy.Name(rawValue: name) else {
            throw .invalid(
                path: "placement.policy", value: name, source: "configuration",
                expected: "one of " + PlacementPolicy.Name.allCases.map(\.rawValue).joined(separator: ", "))
        }
        settings.policy = policy
        settings.fill.sequences =
            try tree.integer("placement.sequences", in: 1...256) ?? settings.fill.sequences
        settings.fill.drawsPerDevice =
            try tree.integer("placement.drawsPerDevice", in: 1...64) ?? settings.fill.drawsPerDevice
        func part(_ key: String, _ standard: Double) throws(ConfigurationError) -> Double {
            try tree.integer("placement.\(key)Percent", in: 0...1000).map { Double($0) / 100 } ?? standard
        }
        settings.fill.scarcity = try part("scarcity", settings.fill.scarcity)
        settings.fill.gangs = try part("gangs", settings.fill.gangs)
        settings.fill.displacement = try part("displacement", settings.fill.displacement)
        return settings
    }

    /// What the server takes from its peers.
    var limits: ServerLimits {
        var limits = ServerLimits()
        limits.connections = maxConnections
        return limits
    }
}
