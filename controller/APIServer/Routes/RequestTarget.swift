import TidemillWire

/// The path and query of one request, decoded.
struct RequestTarget: Sendable {
    /// Between the slashes, percent-decoded; empty ones are left out, so that a trailing slash changes nothing.
    let segments: [String]
    let query: Query

    /// Throws when a percent escape is broken or what it spells is not UTF-8.
    init(_ path: String) throws(APIError) {
        let mark = path.utf8.firstIndex(of: UInt8(ascii: "?"))
        let bare = mark.map { path[..<$0] } ?? path[...]
        var segments: [String] = []
        segments.reserveCapacity(8)
        for part in bare.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            segments.append(try percentDecoded(Substring(part), plusIsSpace: false))
        }
        self.segments = segments
        query = try mark.map { at throws(APIError) in try Query(path[path.utf8.index(after: at)...]) } ?? Query()
    }
}

/// The parameters after the `?`, in order. A name may come several times.
struct Query: Hashable, Sendable {
    struct Item: Hashable, Sendable {
        var name: String
        var value: String
    }

    private(set) var items: [Item] = []

    init() {}

    init(_ text: Substring) throws(APIError) {
        for part in text.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            items.append(
                Item(
                    name: try percentDecoded(Substring(pair[0]), plusIsSpace: true),
                    value: pair.count > 1 ? try percentDecoded(Substring(pair[1]), plusIsSpace: true) : ""))
        }
    }

    /// The first value of `name`.
    subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// All values of `name`.
    func all(_ name: String) -> [String] {
        items.compactMap { $0.name == name ? $0.value : nil }
    }

    /// `true`, `1` or nothing after the name switch a flag on.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch self[name] {
        case nil, "false", "0", "False", "FALSE", "f", "F": return false
        case "true", "1", "", "True", "TRUE", "t", "T": return true
        case .some(let text): throw .badRequest("\(name): Invalid value: \"\(text)\": must be true or false")
        }
    }

    /// The whole number `name`; nil when absent or empty.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw .badRequest(
                "\(name): Invalid value: \"\(text)\": must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }
}

/// `text` with its percent escapes resolved; must then be UTF-8 without NUL.
func percentDecoded(_ text: Substring, plusIsSpace: Bool) throws(APIError) -> String {
    let isPlain = !text.utf8.contains { $0 == UInt8(ascii: "%") || ($0 == UInt8(ascii: "+") && plusIsSpace) }
    if isPlain { return String(text) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%") {
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw .badRequest("invalid percent escape in \"\(text)\"")
            }
            bytes.append(high << 4 | low)
        } else {
            bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
        }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
        throw .badRequest("\"\(text)\" does not spell UTF-8 text")
    }
    return decoded
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
