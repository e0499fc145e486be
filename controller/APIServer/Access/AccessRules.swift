/// What a peer may do, as far as kinds and verbs tell.
struct AccessRules: Hashable, Sendable {
    struct Resources: Hashable, Sendable {
        var verbs: [String]
        var groups: [String]
        /// Plurals, with `/status` and the like behind them.
        var resources: [String]
    }

    struct Paths: Hashable, Sendable {
        var verbs: [String]
        var paths: [String]
    }

    var resources: [Resources]
    var paths: [Paths]
    /// True when more depends on the single object.
    var isIncomplete: Bool

    static let everything = AccessRules(
        resources: [Resources(verbs: ["*"], groups: ["*"], resources: ["*"])],
        paths: [Paths(verbs: ["*"], paths: ["*"])], isIncomplete: false)
}

extension Authorization {
    /// What whoever has a certificate may look at.
    private static let openPaths = [
        "/", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
        "/version",
    ]

    func rules(for peer: Peer) -> AccessRules {
        if peer.isMaster { return .everything }
        var resources: [AccessRules.Resources] = []
        if peer.node != nil {
            let group = "tidemill.dev"
            resources = [
                .init(verbs: ["get", "list", "watch"], groups: [group], resources: Self.readablePlurals),
                .init(
                    verbs: ["patch", "update"], groups: [group],
                    resources: ["devices/status", "nodes/status", "slices/status", "tasks/status"]),
                .init(verbs: ["create"], groups: [group], resources: ["devices", "nodes"]),
                .init(verbs: ["create"], groups: ["", "events.k8s.io"], resources: ["events"]),
            ]
        }
        return AccessRules(
            resources: resources, paths: [.init(verbs: ["get"], paths: Self.openPaths)], isIncomplete: peer.node != nil)
    }

    /// Whether the peer may get a path that names no object.
    func mayRead(path: String, _ peer: Peer) -> Bool {
        peer.isMaster
            || Self.openPaths.contains { open in
                open.hasSuffix("*") ? path.hasPrefix(open.dropLast()) : path == open
            }
    }
}
