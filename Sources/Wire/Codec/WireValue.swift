import TidemillModel

/// A value with a form in JSON.
package protocol WireValue: Sendable {
    init(json: JSON) throws(DecodeFailure)
    var json: JSON { get }
}

/// A whole object of some kind with a form in JSON. Unknown members are passed over, so that clients survive newer servers.
package protocol WireObject: KindObject, WireValue {}

extension String: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard case .string(let text) = json else { throw .mismatch("a string", json) }
        self = text
    }
    package var json: JSON { .string(self) }
}

extension Bool: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard case .bool(let flag) = json else { throw .mismatch("a boolean", json) }
        self = flag
    }
    package var json: JSON { .bool(self) }
}

extension Int64: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard case .integer(let number) = json else { throw .mismatch("an integer", json) }
        self = number
    }
    package var json: JSON { .integer(self) }
}

extension Double: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        switch json {
        case .integer(let number): self = Double(number)
        case .number(let text):
            guard let number = Double(text) else { throw .mismatch("a number", json) }
            self = number
        default: throw .mismatch("a number", json)
        }
    }
    /// Null for what JSON has no number for.
    package var json: JSON {
        if let whole = Int64(exactly: self) { return .integer(whole) }
        return isFinite ? .number(description) : .null
    }
}

extension Quantity: WireValue {
    /// Takes a string, or a whole number as people write it in YAML.
    package init(json: JSON) throws(DecodeFailure) {
        let text: String
        switch json {
        case .string(let string): text = string
        case .integer(let number): text = String(number)
        case .number(let number): text = number
        default: throw .mismatch("a quantity", json)
        }
        do {
            try self.init(parsing: text)
        } catch {
            throw DecodeFailure(message: "\"\(text)\" \(error.message)")
        }
    }
    package var json: JSON { .string(text) }
}

extension APIDuration: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let text = try String(json: json)
        do {
            try self.init(parsing: text)
        } catch {
            throw DecodeFailure(message: "\"\(text)\" \(error.message)")
        }
    }
    package var json: JSON { .string(text) }
}

extension Timestamp: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let text = try String(json: json)
        guard let time = Timestamp(parsing: text) else {
            throw DecodeFailure(message: "\"\(text)\" is no RFC 3339 time")
        }
        self = time
    }
    package var json: JSON { .string(text) }
}

extension MicroTime: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let text = try String(json: json)
        guard let time = MicroTime(parsing: text) else {
            throw DecodeFailure(message: "\"\(text)\" is no RFC 3339 time")
        }
        self = time
    }
    package var json: JSON { .string(text) }
}

extension WireValue where Self: RawRepresentable, RawValue == String, Self: CaseIterable {
    package init(json: JSON) throws(DecodeFailure) {
        let text = try String(json: json)
        guard let value = Self(rawValue: text) else {
            let known = Self.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw DecodeFailure(message: "\"\(text)\" is none of \(known)")
        }
        self = value
    }
    package var json: JSON { .string(rawValue) }
}
