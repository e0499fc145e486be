/// Why a record's text cannot be read; the payload names the key.
package enum RecordError: Error, Hashable, Sendable {
    case missing(String)
    case invalid(String)
    /// The text does not end as a complete record does: it was cut off.
    case truncated
    /// A value that cannot be written, since it contains NUL.
    case unwritable(String)
}

/// The text form of the files that agent and shim exchange: `key=value` fields, each ended by NUL, the last being `end=`.
///
/// A key may repeat; its values form a list in order. Needs neither Foundation nor escaping, and values may hold any
/// byte but NUL, as arguments and environments do.
package struct RecordText: Hashable, Sendable {
    private var fields: [(key: String, value: String)] = []

    package init() {}

    package static func == (a: Self, b: Self) -> Bool {
        a.fields.elementsEqual(b.fields) { $0.key == $1.key && $0.value == $1.value }
    }

    package func hash(into hasher: inout Hasher) {
        for field in fields {
            hasher.combine(field.key)
            hasher.combine(field.value)
        }
    }

    package mutating func add(_ key: String, _ value: String) {
        fields.append((key, value))
    }

    package mutating func add(_ key: String, _ value: Int64?) {
        if let value { add(key, String(value)) }
    }

    package mutating func add(_ key: String, _ values: [String]) {
        for value in values { add(key, value) }
    }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var bytes: [UInt8] = []
        for (key, value) in fields {
            guard !value.utf8.contains(0) else { throw .unwritable(key) }
            bytes += key.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += value.utf8
            bytes.append(0)
        }
        bytes += "end=".utf8
        bytes.append(0)
        return bytes
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        var complete = false
        for piece in bytes.split(separator: 0, omittingEmptySubsequences: true) {
            guard let mark = piece.firstIndex(of: UInt8(ascii: "=")) else { throw .truncated }
            let key = String(decoding: piece[..<mark], as: UTF8.self)
            if key == "end" {
                complete = true
                break
            }
            fields.append((key, String(decoding: piece[(mark + 1)...], as: UTF8.self)))
        }
        guard complete else { throw .truncated }
    }

    package func all(_ key: String) -> [String] {
        fields.filter { $0.key == key }.map(\.value)
    }

    package func text(_ key: String) throws(RecordError) -> String {
        guard let found = optionalText(key) else { throw .missing(key) }
        return found
    }

    package func optionalText(_ key: String) -> String? {
        fields.first { $0.key == key }?.value
    }

    package func number(_ key: String) throws(RecordError) -> Int64 {
        guard let found = try optionalNumber(key) else { throw .missing(key) }
        return found
    }

    package func optionalNumber(_ key: String) throws(RecordError) -> Int64? {
        guard let text = optionalText(key) else { return nil }
        guard let number = Int64(text) else { throw .invalid(key) }
        return number
    }
}
