import TidemillModel
import TidemillSeams

/// Reads a backup as its bytes arrive, and believes nothing before the last line has confirmed all of it.
package struct BackupReader: Sendable {
    /// A line longer than this is none of ours: a value has at most 1.5 MiB before base64.
    private static let longestLine = 16 << 20

    /// Set by the first line.
    package private(set) var header: BackupHeader?
    package private(set) var entries = 0
    package private(set) var bytes = 0
    /// True once the last line has confirmed all that came before it.
    package private(set) var isComplete = false
    private var sum = SHA256()
    private var pending: [UInt8] = []
    private var lastKey: String?

    package init() {}

    /// Reads on, and hands each entry to `take`.
    package mutating func read(
        _ chunk: some Collection<UInt8>, _ take: (BackupEntry) -> Void = { _ in }
    ) throws(BackupError) {
        bytes += chunk.count
        pending += chunk
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try line(pending[start...end], take)
            start = end + 1
        }
        pending.removeFirst(start)
        if pending.count > Self.longestLine {
            throw BackupError("it has a line of more than \(Self.longestLine) bytes")
        }
    }

    /// To be called at the end of the bytes: what the backup says of itself, once all of it is confirmed.
    package func finish() throws(BackupError) -> BackupHeader {
        guard let header else { throw BackupError("it is empty or ends within its first line") }
        guard isComplete, pending.isEmpty else {
            throw BackupError("it ends after \(entries) entries without the line that confirms them: it is cut short")
        }
        return header
    }

    private mutating func line(_ line: ArraySlice<UInt8>, _ take: (BackupEntry) -> Void) throws(BackupError) {
        if isComplete { throw BackupError("something follows its last line") }
        let number = header == nil ? 1 : entries + 2
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(Array(line), limits: JSONLimits(bytes: Self.longestLine))
        } catch {
            throw BackupError("line \(number) cannot be read: \(error.message)")
        }
        guard header != nil else {
            header = try Self.decode(json, line: number)
            sum.update(line)
            return
        }
        if json["sha256"] != nil { return try confirm(try Self.decode(json, line: number)) }
        try entry(try Self.decode(json, line: number), take)
        sum.update(line)
    }

    private static func decode<Value: WireValue>(_ json: JSON, line number: Int) throws(BackupError) -> Value {
        do throws(DecodeFailure) {
            return try Value(json: json)
        } catch {
            throw BackupError("line \(number) \(error)")
        }
    }

    private mutating func entry(_ entry: BackupEntry, _ take: (BackupEntry) -> Void) throws(BackupError) {
        guard let header, entry.revision <= header.revision, entry.created <= entry.revision else {
            throw BackupError("the entry \(entry.key) is newer than the backup's revision")
        }
        if let lastKey, entry.key <= lastKey { throw BackupError("the entry \(entry.key) is out of order") }
        lastKey = entry.key
        entries += 1
        take(entry)
    }

    private mutating func confirm(_ footer: BackupFooter) throws(BackupError) {
        guard footer.entries == entries else {
            throw BackupError("it holds \(entries) entries and should hold \(footer.entries): it is damaged")
        }
        guard footer.sha256 == sum.hexadecimal else {
            throw BackupError("its SHA-256 is not the one that its last line gives: it is damaged")
        }
        isComplete = true
    }
}
