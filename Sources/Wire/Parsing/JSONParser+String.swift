extension JSONParser {
    /// The string whose opening quote is at the position.
    mutating func string() throws(Fault) -> String {
        let start = position + 1
        var index = start
        var isASCII = true
        while index < count {
            let byte = base[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                let span = UnsafeBufferPointer(start: base + start, count: index - start)
                if isASCII { return String(decoding: span, as: UTF8.self) }
                return try validated(span, at: start)
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start, firstEscape: index) }
            if byte < 0x20 { throw Fault(kind: .controlCharacter, offset: index) }
            if byte >= 0x80 { isASCII = false }
            index += 1
        }
        throw Fault(kind: .unexpectedEnd, offset: count)
    }

    private func validated(_ span: UnsafeBufferPointer<UInt8>, at start: Int) throws(Fault) -> String {
        if let text = String(validating: span, as: UTF8.self) { return text }
        throw Fault(kind: .invalidUTF8, offset: start + UTF8Validation.firstInvalid(span))
    }

    /// A string with escapes: decoded into bytes of its own.
    private mutating func escapedString(from start: Int, firstEscape: Int) throws(Fault) -> String {
        var decoded = [UInt8](UnsafeBufferPointer(start: base + start, count: firstEscape - start))
        position = firstEscape
        while position < count {
            let byte = base[position]
            switch byte {
            case UInt8(ascii: "\""):
                let raw = UnsafeBufferPointer(start: base + start, count: position - start)
                position += 1
                if let text = String(validating: decoded, as: UTF8.self) { return text }
                // Escapes are whole scalars, so the fault is in the bytes as they were written.
                throw Fault(kind: .invalidUTF8, offset: start + UTF8Validation.firstInvalid(raw))
            case UInt8(ascii: "\\"):
                try escape(into: &decoded)
            case 0..<0x20:
                throw fault(.controlCharacter)
            default:
                decoded.append(byte)
                position += 1
            }
        }
        throw fault(.unexpectedEnd)
    }

    /// The escape whose backslash is at the position.
    private mutating func escape(into decoded: inout [UInt8]) throws(Fault) {
        guard position + 1 < count else { throw Fault(kind: .unexpectedEnd, offset: count) }
        let plain: UInt8
        switch base[position + 1] {
        case UInt8(ascii: "\""): plain = UInt8(ascii: "\"")
        case UInt8(ascii: "\\"): plain = UInt8(ascii: "\\")
        case UInt8(ascii: "/"): plain = UInt8(ascii: "/")
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"): return try unicodeEscape(into: &decoded)
        default: throw fault(.invalidEscape)
        }
        decoded.append(plain)
        position += 2
    }

    private mutating func unicodeEscape(into decoded: inout [UInt8]) throws(Fault) {
        let start = position
        let first = try codeUnit()
        var code = UInt32(first)
        if UTF16.isTrailSurrogate(first) { throw Fault(kind: .loneSurrogate, offset: start) }
        if UTF16.isLeadSurrogate(first) {
            guard position + 1 < count, base[position] == UInt8(ascii: "\\"), base[position + 1] == UInt8(ascii: "u")
            else { throw Fault(kind: .loneSurrogate, offset: start) }
            let second = try codeUnit()
            guard UTF16.isTrailSurrogate(second) else { throw Fault(kind: .loneSurrogate, offset: start) }
            code = 0x1_0000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Fault(kind: .loneSurrogate, offset: start) }
        decoded.append(contentsOf: Character(scalar).utf8)
    }

    /// The four digits of `\uXXXX`, whose backslash is at the position.
    private mutating func codeUnit() throws(Fault) -> UInt16 {
        guard position + 6 <= count else { throw Fault(kind: .unexpectedEnd, offset: count) }
        var unit: UInt16 = 0
        for index in position + 2..<position + 6 {
            let digit: UInt8
            switch base[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = base[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = base[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = base[index] - UInt8(ascii: "A") + 10
            default: throw fault(.invalidEscape)
            }
            unit = unit << 4 | UInt16(digit)
        }
        position += 6
        return unit
    }
}
