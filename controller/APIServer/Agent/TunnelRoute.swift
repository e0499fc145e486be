/// Where agents keep their tunnel.
enum TunnelRoute {
    /// Bodies sent below this path are streams without an end of their own.
    static let prefix = "/agent/v1/tunnel/"
}
