/// Why a set of fields cannot be read.
package struct FieldSetError: Error, Hashable, Sendable {
    package var message: String
}

/// The names of steps in the format `FieldsV1`: `f:spec`, `k:{"type":"Ready"}`, `v:"a"`, `i:3`.
extension FieldStep {
    var name: String {
        switch self {
        case .field(let name): "f:" + name
        case .key(let members): "k:" + JSON.object(JSONObject(members)).text
        case .value(let value): "v:" + value.text
        case .index(let index): "i:\(index)"
        }
    }

    /// The step of that name; nil when it is of a kind that is not known, which readers pass over.
    static func named(_ name: String) throws(FieldSetError) -> FieldStep? {
        guard name.utf8.dropFirst().first == UInt8(ascii: ":") else {
            throw FieldSetError(message: "\(quoted(name)) is no field: a letter and a colon must come first")
        }
        let rest = String(name.unicodeScalars.dropFirst(2))
        switch name.utf8.first {
        case UInt8(ascii: "f"):
            return .field(rest)
        case UInt8(ascii: "k"):
            guard let members = try value(rest, of: name).object?.members, members.allSatisfy(\.value.isScalar) else {
                throw FieldSetError(message: "\(quoted(name)) is no field: an object of scalars must follow k:")
            }
            return .key(members.sorted { $0.key < $1.key })
        case UInt8(ascii: "v"):
            let value = try value(rest, of: name)
            guard value.isScalar else {
                throw FieldSetError(message: "\(quoted(name)) is no field: a scalar must follow v:")
            }
            return .value(value)
        case UInt8(ascii: "i"):
            guard let index = Int(rest) else {
                throw FieldSetError(message: "\(quoted(name)) is no field: a number must follow i:")
            }
            return .index(index)
        default:
            return nil
        }
    }

    private static func value(_ text: String, of name: String) throws(FieldSetError) -> JSON {
        do {
            return try JSON.parse(text)
        } catch {
            throw FieldSetError(message: "\(quoted(name)) is no field: \(error.message)")
        }
    }

    private static func quoted(_ name: String) -> String { JSON.string(name).shortText }
}
