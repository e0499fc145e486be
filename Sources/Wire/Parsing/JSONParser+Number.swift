extension JSONParser {
    /// The number whose first character is at the position.
    mutating func number() throws(Fault) -> JSON {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let digits = position
        var magnitude: UInt64 = 0
        var fits = true
        while position < count, let digit = digit(at: position) {
            if position - digits < 18 {
                magnitude = magnitude &* 10 &+ UInt64(digit)
            } else {
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
                fits = fits && !overflow && !carry
                magnitude = sum
            }
            position += 1
        }
        guard position > digits else { throw fault(.invalidNumber) }
        if base[digits] == UInt8(ascii: "0"), position > digits + 1 {
            throw Fault(kind: .leadingZero, offset: start)
        }
        let isWhole = try !fractionAndExponent()
        if position - start > limits.numberLength { throw Fault(kind: .numberTooLong, offset: start) }
        if isWhole, fits {
            if !isNegative, magnitude <= UInt64(Int64.max) { return .integer(Int64(magnitude)) }
            if isNegative, magnitude <= UInt64(Int64.max) + 1 {
                return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        let text = String(decoding: UnsafeBufferPointer(start: base + start, count: position - start), as: UTF8.self)
        guard let approximate = Double(text), approximate.isFinite else {
            throw Fault(kind: .numberOutOfRange, offset: start)
        }
        return .number(text)
    }

    /// Steps over `.5`, `e10` or both; false when neither is there.
    private mutating func fractionAndExponent() throws(Fault) -> Bool {
        let start = position
        if take(UInt8(ascii: ".")) { try someDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try someDigits()
        }
        return position > start
    }

    private mutating func someDigits() throws(Fault) {
        let start = position
        while position < count, digit(at: position) != nil { position += 1 }
        if position == start { throw fault(.invalidNumber) }
    }

    @inline(__always)
    private func digit(at index: Int) -> UInt8? {
        let value = base[index] &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }
}
