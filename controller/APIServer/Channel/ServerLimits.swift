/// What one server takes from its peers at most.
package struct ServerLimits: Hashable, Sendable {
    /// From accepting a connection to the end of its first request's head.
    package var setup: Duration = .seconds(10)
    /// Silence on a connection without a request, or between two pieces of a request.
    package var idle: Duration = .seconds(120)
    /// From a request's head to the end of its body.
    package var body: Duration = .seconds(30)
    /// Bytes of a request's body.
    package var bodyBytes = 3 << 20
    /// Bytes that are read and thrown away after a body was refused, so that the client gets to read the answer.
    package var drainedBytes = 32 << 20
    /// Open connections; further ones wait in the kernel's queue.
    package var connections = 4096
    /// Open watches of one user.
    package var watchesPerUser = 1024
    /// Open log streams of all users, and of one node.
    package var logStreams = 256
    package var logStreamsPerNode = 64
    /// Bytes of one header field, of all of them, and their number.
    package var headerFieldBytes = 16 << 10
    package var headerBytes = 32 << 10
    package var headerFields = 100
    /// A watch without a client's own time-out ends after this: `kubectl get -w` does not come back.
    package var watch: Duration = .seconds(61 * 60)
    /// Between two bookmarks of a watch that asked for them.
    package var bookmarks: Duration = .seconds(60)
    /// The same for agents, whose heartbeats say how far they follow: an idle watch beside a busy one must not look like
    /// one that is stuck, so with a heartbeat it stays well under `ControlPath.patience`.
    package var agentBookmarks: Duration = .seconds(4)

    package init() {}
}
