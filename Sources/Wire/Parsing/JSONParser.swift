/// One pass over the bytes of a document (RFC 8259, strict). Recursion is bounded by `limits.depth`.
///
/// The caller keeps the bytes alive and unchanged while the parser runs.
struct JSONParser {
    /// A fault on its way out; small, so that the way without faults stays fast.
    struct Fault: Error {
        var kind: JSONError.Kind
        var offset: Int
    }

    /// One step of the path to a fault.
    enum Step {
        case key(String)
        case index(Int)
    }

    let base: UnsafePointer<UInt8>
    let count: Int
    let limits: JSONLimits
    var position = 0
    /// The path to the fault, innermost first; filled while the fault unwinds.
    var trail: [Step] = []

    init(base: UnsafePointer<UInt8>, count: Int, limits: JSONLimits) {
        self.base = base
        self.count = count
        self.limits = limits
    }

    /// The whole document: one value, and nothing but white space around it.
    mutating func document() throws(Fault) -> JSON {
        if count > limits.bytes { throw Fault(kind: .tooLarge, offset: limits.bytes) }
        if count >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF { throw fault(.byteOrderMark) }
        skipSpace()
        let result = try value(depth: limits.depth)
        skipSpace()
        if position < count { throw fault(.trailingData) }
        return result
    }

    func fault(_ kind: JSONError.Kind) -> Fault {
        Fault(kind: kind, offset: position)
    }

    /// What to say when the byte at the position does not belong there.
    func unexpected() -> Fault {
        fault(position < count ? .unexpectedByte : .unexpectedEnd)
    }

    @inline(__always)
    mutating func skipSpace() {
        while position < count {
            let byte = base[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// Steps over `byte` if it comes next.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard position < count, base[position] == byte else { return false }
        position += 1
        return true
    }

    /// `depth` is the number of levels that may still open.
    private mutating func value(depth: Int) throws(Fault) -> JSON {
        guard position < count else { throw fault(.unexpectedEnd) }
        switch base[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault(.unexpectedByte)
        }
    }

    private mutating func literal(_ word: StaticString, _ meaning: JSON) throws(Fault) -> JSON {
        let length = word.utf8CodeUnitCount
        guard position + length <= count else { throw fault(.invalidLiteral) }
        for offset in 0..<length where base[position + offset] != word.utf8Start[offset] {
            throw fault(.invalidLiteral)
        }
        position += length
        return meaning
    }

    private mutating func array(depth: Int) throws(Fault) -> JSON {
        guard depth > 0 else { throw fault(.tooDeep) }
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array([]) }
        var items: [JSON] = []
        while true {
            do {
                items.append(try value(depth: depth - 1))
            } catch {
                trail.append(.index(items.count))
                throw error
            }
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
            if position < count, base[position] == UInt8(ascii: "]") { throw fault(.trailingComma) }
        }
    }

    private mutating func object(depth: Int) throws(Fault) -> JSON {
        guard depth > 0 else { throw fault(.tooDeep) }
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(4)
        var keys = KeySet()
        while true {
            guard position < count, base[position] == UInt8(ascii: "\"") else { throw unexpected() }
            let start = position
            let key = try string()
            guard keys.insert(key, after: members) else {
                trail.append(.key(key))
                throw Fault(kind: .duplicateKey, offset: start)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected() }
            skipSpace()
            do {
                members.append(JSONObject.Member(key: key, value: try value(depth: depth - 1)))
            } catch {
                trail.append(.key(key))
                throw error
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(JSONObject(members)) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
            skipSpace()
            if position < count, base[position] == UInt8(ascii: "}") { throw fault(.trailingComma) }
        }
    }
}

/// The keys of the object being read: a scan while it is small, a hash table beyond, so that no document is quadratic.
///
/// Keys are equal as Swift strings are: canonically equivalent spellings of one name count as one key.
private struct KeySet {
    private static let scanned = 16
    private var hashed: Set<String> = []

    /// False when `key` is among `members`.
    @inline(__always)
    mutating func insert(_ key: String, after members: [JSONObject.Member]) -> Bool {
        if members.count < Self.scanned {
            for member in members where member.key == key { return false }
            return true
        }
        if hashed.isEmpty {
            for member in members { hashed.insert(member.key) }
        }
        return hashed.insert(key).inserted
    }
}
