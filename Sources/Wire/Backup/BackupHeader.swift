import TidemillModel
import TidemillSeams

/// Whose backup it is, and as of when: the first line.
package struct BackupHeader: Hashable, Sendable {
    /// The layout; a reader refuses what it does not know.
    package static let version: Int64 = 1

    package var incarnation: IncarnationID
    /// The lives of the store before this one, oldest first.
    package var ancestors: [IncarnationID]
    package var base: Int64
    /// All entries are as of this revision.
    package var revision: Revision

    package init(incarnation: IncarnationID, ancestors: [IncarnationID], base: Int64, revision: Revision) {
        self.incarnation = incarnation
        self.ancestors = ancestors
        self.base = base
        self.revision = revision
    }
}

/// One entry of a store, whatever its engine: a line.
package struct BackupEntry: Hashable, Sendable {
    package var key: String
    package var value: [UInt8]
    /// The revision that made the key.
    package var created: Revision
    /// The revision that wrote the value.
    package var revision: Revision

    package init(key: String, value: [UInt8], created: Revision, revision: Revision) {
        self.key = key
        self.value = value
        self.created = created
        self.revision = revision
    }
}

/// How many entries there are, and the SHA-256 of all bytes before this line: the last line.
package struct BackupFooter: Hashable, Sendable {
    package var entries: Int
    package var sha256: String
}

/// Why something is no whole backup, a sentence.
package struct BackupError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension BackupHeader: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        guard json["tidemillBackup"]?.integer == Self.version else {
            throw DecodeFailure(message: "is no header of a backup that this version reads")
        }
        self.init(
            incarnation: try reader.required("incarnation"), ancestors: try reader.list("ancestors"),
            base: try reader.required("base"), revision: Revision(try reader.required("revision")))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("tidemillBackup", Self.version)
        writer.put("incarnation", incarnation)
        writer.put("ancestors", ancestors)
        writer.put("base", base)
        writer.put("revision", revision.rawValue)
        return writer.json
    }
}

extension BackupEntry: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let text: String = try reader.required("value")
        guard let value = Base64.decode(text) else { throw DecodeFailure(message: "has a value that is not base64") }
        self.init(
            key: try reader.required("key"), value: value, created: Revision(try reader.required("created")),
            revision: Revision(try reader.required("revision")))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("key", key)
        writer.put("created", created.rawValue)
        writer.put("revision", revision.rawValue)
        writer.put("value", Base64.encode(value))
        return writer.json
    }
}

extension BackupFooter: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let entries: Int64 = try reader.required("entries")
        self.init(entries: Int(entries), sha256: try reader.required("sha256"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("entries", Int64(entries))
        writer.put("sha256", sha256)
        return writer.json
    }
}
