import TidemillModel

/// Why `metadata.managedFields` cannot be read.
package struct ManagedFieldsError: Error, Hashable, Sendable {
    package var message: String
}

extension ManagedFields {
    /// In bytes of UTF-8, as Kubernetes has it.
    private static let longestManager = 128
    private static let longestSubresource = 256

    package var json: JSON {
        .array(
            sorted.map { key, entry in
                var object: JSONObject = [
                    "manager": .string(key.writer.manager), "operation": .string(key.operation.rawValue),
                    "apiVersion": .string(key.writer.apiVersion),
                ]
                if let time = entry.time { object.append("time", .string(time.text)) }
                object.append("fieldsType", "FieldsV1")
                object.append("fieldsV1", entry.fields.json)
                if !key.writer.subresource.isEmpty { object.append("subresource", .string(key.writer.subresource)) }
                return .object(object)
            })
    }

    /// Reads the list; null is an empty one.
    package init(json: JSON) throws(ManagedFieldsError) {
        if json == .null {
            self.init()
            return
        }
        guard case .array(let items) = json else {
            throw ManagedFieldsError(message: "managedFields must be a list, not \(json.typeName)")
        }
        var list: [(Key, Entry)] = []
        for (index, item) in items.enumerated() {
            do {
                list.append(try Self.read(item))
            } catch {
                throw ManagedFieldsError(message: "managedFields[\(index)]: \(error.message)")
            }
        }
        self.init(list)
    }

    private static func read(_ item: JSON) throws(ManagedFieldsError) -> (Key, Entry) {
        guard case .object(let object) = item else {
            throw ManagedFieldsError(message: "must be an object, not \(item.typeName)")
        }
        guard let operation = object["operation"]?.string.flatMap(Operation.init(rawValue:)) else {
            throw ManagedFieldsError(message: "operation must be `Apply` or `Update`")
        }
        guard let apiVersion = object["apiVersion"]?.string, !apiVersion.isEmpty else {
            throw ManagedFieldsError(message: "apiVersion must not be empty")
        }
        guard object["fieldsType"] == "FieldsV1" else {
            throw ManagedFieldsError(message: "fieldsType must be `FieldsV1`")
        }
        let manager = try text(object, "manager", longest: longestManager)
        let subresource = try text(object, "subresource", longest: longestSubresource)
        let written = try text(object, "time", longest: 64)
        let time = Timestamp(parsing: written)
        if time == nil, !written.isEmpty { throw ManagedFieldsError(message: "time must be an RFC 3339 time") }
        let writer = FieldWriter(manager: manager, apiVersion: apiVersion, subresource: subresource)
        do {
            let fields = try FieldSet(json: object["fieldsV1"] ?? [:])
            return (Key(writer, operation), Entry(fields: fields, time: time))
        } catch {
            throw ManagedFieldsError(message: error.message)
        }
    }

    /// A text without control characters; empty when there is none.
    private static func text(_ object: JSONObject, _ name: String, longest: Int) throws(ManagedFieldsError) -> String {
        switch object[name] {
        case nil, .null: return ""
        case .string(let text) where text.utf8.count <= longest && text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }):
            return text
        default:
            throw ManagedFieldsError(message: "\(name) must be a printable text of at most \(longest) bytes")
        }
    }
}

/// Where they stand in an object.
extension ManagedFields {
    /// What a stored object says. One that cannot be read says nothing, so that it can still be written.
    package init(of object: JSON) {
        // Nobody is helped by an object that can no longer be changed.
        self = (try? ManagedFields(json: object.at(["metadata", "managedFields"]) ?? .null)) ?? ManagedFields()
    }

    /// What counts when `new` is written over `old`: what it says itself, unless it says nothing, or nothing that can be
    /// read. An empty list, or one empty entry, forgets everything. A subresource's body has no say.
    init(writing new: JSON, over old: JSON?, subresource: String) {
        let stored = old.map(ManagedFields.init(of:)) ?? ManagedFields()
        let said = new.at(["metadata", "managedFields"])
        if !subresource.isEmpty {
            self = stored
        } else if said == [] || said == [[:]] {
            self.init()
        } else {
            // A client that does not know them must not lose them.
            let read = (try? ManagedFields(json: said ?? .null)) ?? ManagedFields()
            self = read.isEmpty ? stored : read
        }
    }

    /// The object with these.
    func put(into object: JSON) -> JSON {
        guard !isEmpty || object.at(["metadata", "managedFields"]) != nil else { return object }
        var object = object
        object["metadata"]?["managedFields"] = isEmpty ? JSON?.none : json
        return object
    }
}
