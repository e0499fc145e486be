extension JSON {
    /// Equal as a patch's `test` means it (RFC 6902, section 4.6): numbers by their value, texts scalar by scalar,
    /// members in any order.
    package func isEquivalent(to other: JSON) -> Bool {
        switch (self, other) {
        case (.string(let mine), .string(let theirs)):
            mine.utf8.elementsEqual(theirs.utf8)
        case (.integer(let mine), .integer(let theirs)):
            mine == theirs
        case (.integer, .number), (.number, .integer), (.number, .number):
            Self.isSameNumber(text, other.text)
        case (.array(let mine), .array(let theirs)):
            mine.count == theirs.count && zip(mine, theirs).allSatisfy { $0.isEquivalent(to: $1) }
        case (.object(let mine), .object(let theirs)):
            Self.isSameObject(mine, theirs)
        default:
            self == other
        }
    }

    private static func isSameObject(_ a: JSONObject, _ b: JSONObject) -> Bool {
        guard a.count == b.count else { return false }
        let positions = JSONObject.Positions(b)
        return a.members.allSatisfy { mine in
            guard let index = positions[mine.key] else { return false }
            let theirs = b.members[index]
            return mine.key.utf8.elementsEqual(theirs.key.utf8) && mine.value.isEquivalent(to: theirs.value)
        }
    }

    private static func isSameNumber(_ a: String, _ b: String) -> Bool {
        guard let first = ExactNumber(a), let second = ExactNumber(b) else { return a == b }
        return first == second
    }
}

/// The exact value of a JSON number: `digits`, with no zero at either end, times ten to the `exponent`.
private struct ExactNumber: Equatable {
    private var isNegative = false
    private var digits: [UInt8] = []
    private var exponent = 0

    /// - Parameter text: a number as JSON spells it; nil when its exponent is absurd.
    init?(_ text: String) {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest.removeFirst()
        }
        var isFraction = false
        while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
            rest.removeFirst()
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            if isFraction { exponent -= 1 }
            if !digits.isEmpty || byte != UInt8(ascii: "0") { digits.append(byte) }
        }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty {
            isNegative = false
            exponent = 0
        } else if !rest.isEmpty {
            guard let shift = Int32(Substring(rest.dropFirst())) else { return nil }
            exponent += Int(shift)
        }
    }
}
