/// Why a document is not JSON that this program accepts, and where.
package struct JSONError: Error, Hashable, Sendable {
    /// The rule that the document breaks.
    package enum Kind: Hashable, Sendable {
        case tooLarge
        case tooDeep
        case byteOrderMark
        case unexpectedEnd
        case unexpectedByte
        case trailingComma
        /// Something follows the document.
        case trailingData
        case invalidLiteral
        case invalidUTF8
        case controlCharacter
        case invalidEscape
        case loneSurrogate
        case leadingZero
        case invalidNumber
        case numberTooLong
        /// The number does not fit into a 64-bit floating point number.
        case numberOutOfRange
        case duplicateKey
    }

    package var kind: Kind
    /// Bytes before the fault.
    package var offset: Int
    /// Line of the fault, from 1.
    package var line: Int
    /// Column of the fault in characters (Unicode scalars), from 1.
    package var column: Int
    /// The value in which the fault lies, such as `spec.devices[0].compute`; empty for the document itself.
    package var path: String
    /// The limit that was passed, for `tooLarge`, `tooDeep` and `numberTooLong`.
    package var limit: Int?
    /// What the fault is, without the place.
    package var reason: String
}

extension JSONError: CustomStringConvertible {
    /// What is wrong and where, for people.
    package var message: String {
        if kind == .tooLarge { return reason }
        let place = path.isEmpty ? "" : " (in \(path))"
        return "line \(line), column \(column): \(reason)\(place)"
    }

    package var description: String { message }
}

extension JSONError.Kind {
    /// The rule in words; `byte` is what was found at the fault.
    func reason(found byte: UInt8?, limit: Int?) -> String {
        let bound = limit.map(String.init) ?? "?"
        return switch self {
        case .tooLarge: "the document is larger than \(bound) bytes"
        case .tooDeep: "nested deeper than \(bound) levels"
        case .byteOrderMark: "the document starts with a byte order mark"
        case .unexpectedEnd: "the document ends too early"
        case .unexpectedByte: "unexpected \(Self.spelled(byte))"
        case .trailingComma: "trailing comma"
        case .trailingData: "unexpected \(Self.spelled(byte)) after the document"
        case .invalidLiteral: "expected true, false or null"
        case .invalidUTF8: "invalid UTF-8"
        case .controlCharacter: "control character in a string: write it as an escape"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .leadingZero: "number with a leading zero"
        case .invalidNumber: "invalid number"
        case .numberTooLong: "number longer than \(bound) characters"
        case .numberOutOfRange: "number out of range"
        case .duplicateKey: "duplicate key"
        }
    }

    private static func spelled(_ byte: UInt8?) -> String {
        guard let byte else { return "end" }
        if (0x21...0x7E).contains(byte) { return "\"\(Character(Unicode.Scalar(byte)))\"" }
        let digits = String(byte, radix: 16)
        return "byte 0x\(digits.utf8.count < 2 ? "0" : "")\(digits)"
    }
}
