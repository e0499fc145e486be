import TidemillHostLinux
import TidemillModel
import TidemillSeams
import TidemillWire

/// Finds the log of a task on this node.
package struct LogSource: Sendable {
    private let stateFolder: String
    private let logFiles: Int

    package init(stateFolder: String, logFiles: Int) {
        self.stateFolder = stateFolder
        self.logFiles = logFiles
    }

    /// The log that is asked for, as a stream of bytes; with `follow` it ends once the task has.
    package func log(_ open: TunnelOpen, of slices: SliceKeeper, sleep: @escaping Sleep) async -> LogBytes {
        let grant = open.verb == "logs" ? await slices.grant(namespace: open.namespace, name: open.task) : nil
        let path = grant.map { SliceFolder(stateFolder: stateFolder, key: $0.key).log }
        return LogBytes(
            path: path, files: logFiles, tailLines: open.tailLines.map { Int(clamping: $0) },
            mayGrow: {
                guard open.follow, let key = grant?.key else { return false }
                let now = await slices.grant(namespace: open.namespace, name: open.task)
                return now?.key == key && now?.isRunning == true
            },
            sleep: sleep)
    }
}

/// A task's log as it is on disk and as it grows. Read piece by piece, at the pace of whoever asks.
package struct LogBytes: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    /// Nil when this node has no such log: the stream is empty.
    let path: String?
    let files: Int
    let tailLines: Int?
    /// Whether more may come: asked before each wait.
    let mayGrow: @Sendable () async -> Bool
    let sleep: Sleep

    package init(
        path: String?, files: Int, tailLines: Int?, mayGrow: @escaping @Sendable () async -> Bool,
        sleep: @escaping Sleep
    ) {
        self.path = path
        self.files = files
        self.tailLines = tailLines
        self.mayGrow = mayGrow
        self.sleep = sleep
    }

    /// A class, since an open file belongs to one place.
    package final class AsyncIterator: AsyncIteratorProtocol {
        private var reader: LogReader?
        private let source: LogBytes
        private var isLast = false

        init(_ source: LogBytes) {
            self.source = source
        }

        package func next() async throws -> [UInt8]? {
            guard let path = source.path else { return nil }
            if reader == nil { reader = try LogReader(path: path, files: source.files, tailLines: source.tailLines) }
            while true {
                if let bytes = try reader?.next(), !bytes.isEmpty { return bytes }
                if isLast { return nil }
                // Asked first, read again after: what was written before the end is not missed.
                isLast = await !source.mayGrow()
                if !isLast { try await source.sleep(.milliseconds(100)) }
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
