/// Makes JSON of a message, by its table.
///
/// 1. The time is linear in the bytes, for each level of the table; fields are counted, so the memory is bounded.
/// 2. Members come in the order of the table, whatever the order of the fields.
struct ProtobufDecoder {
    /// Fields of a body, those within fields too.
    static let mostFields = 100_000
    private var fieldsLeft = Self.mostFields

    /// - Parameter path: where the message is, for errors.
    mutating func object(
        _ message: ProtobufMessage, _ bytes: ArraySlice<UInt8>, at path: String
    ) throws(ProtobufError) -> JSONObject {
        let values = try values(of: message, bytes, at: path)
        var object = JSONObject()
        for field in message.fields {
            guard let found = values[field.number] else { continue }
            let path = path.isEmpty ? field.name : "\(path).\(field.name)"
            if let member = try value(field.type, found, at: path) { object.append(field.name, member) }
        }
        return object
    }

    /// What the message holds of its table's fields, by number, in the order in which it came.
    private mutating func values(
        of message: ProtobufMessage, _ bytes: ArraySlice<UInt8>, at path: String
    ) throws(ProtobufError) -> [Int: [ProtobufReader.Value]] {
        var values: [Int: [ProtobufReader.Value]] = [:]
        for field in message.fields { values[field.number] = [] }
        var reader = ProtobufReader(bytes)
        do throws(ProtobufReader.Fault) {
            while fieldsLeft >= 0, let field = try reader.next() {
                fieldsLeft -= 1
                values[field.number]?.append(field.value)
            }
        } catch {
            throw .malformed(error.reason, at: path)
        }
        if fieldsLeft < 0 { throw .malformed("it has more than \(Self.mostFields) fields", at: "") }
        return values.filter { !$0.value.isEmpty }
    }

    /// Nil for what says nothing.
    private mutating func value(
        _ type: ProtobufMessage.FieldType, _ found: [ProtobufReader.Value], at path: String
    ) throws(ProtobufError) -> JSON? {
        switch type {
        case .text:
            let text = try texts(found, at: path).last ?? ""
            return text.isEmpty ? nil : .string(text)
        case .texts:
            return .array(try texts(found, at: path).map(JSON.string))
        case .bool:
            guard case .varint(let number) = found.last else { throw .malformed("it is not a boolean", at: path) }
            return .bool(number != 0)
        case .map:
            return .object(try map(found, at: path))
        case .message(let message):
            // A message that comes in pieces is all of them together.
            let pieces = try spans(found, at: path)
            let whole = pieces.count == 1 ? pieces[0] : ArraySlice(pieces.joined())
            return .object(try object(message, whole, at: path))
        case .messages(let message):
            var items: [JSON] = []
            for span in try spans(found, at: path) {
                items.append(.object(try object(message, span, at: "\(path)[\(items.count)]")))
            }
            return .array(items)
        }
    }

    private mutating func map(_ found: [ProtobufReader.Value], at path: String) throws(ProtobufError) -> JSONObject {
        let entry = ProtobufMessage(.init(1, "key", .text), .init(2, "value", .text))
        var members: [JSONObject.Member] = []
        var positions: [String: Int] = [:]
        for span in try spans(found, at: path) {
            let object = try object(entry, span, at: path)
            let key = object["key"]?.string ?? ""
            let value = object["value"] ?? ""
            // The last entry of a key counts.
            if let position = positions[key] {
                members[position].value = value
            } else {
                positions[key] = members.count
                members.append(.init(key: key, value: value))
            }
        }
        return JSONObject(members)
    }

    private func spans(
        _ found: [ProtobufReader.Value], at path: String
    ) throws(ProtobufError) -> [ArraySlice<UInt8>] {
        var spans: [ArraySlice<UInt8>] = []
        for value in found {
            guard case .bytes(let span) = value else { throw .malformed("it is a number", at: path) }
            spans.append(span)
        }
        return spans
    }

    private func texts(_ found: [ProtobufReader.Value], at path: String) throws(ProtobufError) -> [String] {
        var texts: [String] = []
        for span in try spans(found, at: path) {
            guard let text = String(validating: span, as: UTF8.self) else {
                throw .malformed("it is not UTF-8", at: path)
            }
            texts.append(text)
        }
        return texts
    }
}
