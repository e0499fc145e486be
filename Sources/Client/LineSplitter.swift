/// Cuts a byte stream into lines at 0x0a; chunks of a stream are not lines.
package struct LineSplitter: Sendable {
    /// Bytes that belong to no complete line yet.
    private var pending: [UInt8] = []
    /// Start of what has not been looked at, so that a long line is scanned once.
    private var scanned = 0
    private let limit: Int

    /// `limit` is the longest acceptable line in bytes, its end not counted.
    package init(limit: Int) {
        self.limit = limit
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        pending.append(contentsOf: bytes)
    }

    /// A line without its end, when one is complete.
    package mutating func next() -> [UInt8]? {
        guard let end = pending[scanned...].firstIndex(of: 0x0A) else {
            scanned = pending.count
            return nil
        }
        let line = Array(pending[..<end])
        pending.removeSubrange(...end)
        scanned = 0
        return line
    }

    /// What follows the last line end, for streams that end without one.
    package mutating func rest() -> [UInt8]? {
        defer { pending = []; scanned = 0 }
        return pending.isEmpty ? nil : pending
    }

    /// True when the unfinished line has grown beyond the limit.
    package var isOverlong: Bool { pending.count > limit && scanned == pending.count }
}
