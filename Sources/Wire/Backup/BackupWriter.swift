import TidemillModel
import TidemillSeams

/// Gives the lines of a backup one after another: `header`, an `entry` each in key order, `footer`.
package struct BackupWriter: Sendable {
    private var sum = SHA256()
    private var entries = 0

    package init() {}

    package mutating func header(_ header: BackupHeader) -> [UInt8] { line(header.json) }

    package mutating func entry(_ entry: BackupEntry) -> [UInt8] {
        entries += 1
        return line(entry.json)
    }

    /// The end; a file without it is no backup.
    package mutating func footer() -> [UInt8] {
        line(BackupFooter(entries: entries, sha256: sum.hexadecimal).json)
    }

    private mutating func line(_ json: JSON) -> [UInt8] {
        let bytes = json.bytes + [UInt8(ascii: "\n")]
        sum.update(bytes)
        return bytes
    }
}
