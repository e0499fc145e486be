/// Requests whose bodies are streams without an end of their own: what agents send on their tunnels, and sessions in tasks.
enum TunnelRoute {
    /// Where agents keep their tunnel.
    private static let prefix = "/agent/v1/tunnel/"

    /// Whether the body of a request to `path`, its query included, is such a stream.
    static func isStream(_ path: String) -> Bool {
        if path.hasPrefix(prefix) { return true }
        // /apis/GROUP/VERSION/namespaces/NAMESPACE/tasks/NAME/exec
        let segments = path.prefix { $0 != "?" }.split(separator: "/")
        return segments.count == 8 && segments[0] == "apis" && segments[5] == "tasks" && segments[7] == "exec"
    }
}
