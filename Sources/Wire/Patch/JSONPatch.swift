import TidemillModel

/// A JSON patch (RFC 6902): operations that are carried out in their order, all of them or none.
package struct JSONPatch: Sendable {
    package enum Operation: Hashable, Sendable {
        case add(JSONPointer, JSON)
        case remove(JSONPointer)
        case replace(JSONPointer, JSON)
        case move(from: JSONPointer, to: JSONPointer)
        case copy(from: JSONPointer, to: JSONPointer)
        case test(JSONPointer, JSON)
    }

    /// What a stranger's patch may cost. A `copy` can double the document, and ten thousand of them are a small body.
    package struct Limits: Hashable, Sendable {
        /// As many as the Kubernetes API server takes.
        package var operations = 10_000
        /// Bytes of all that is copied, so that the result has at most these, the document's and the patch's.
        package var copiedBytes = 3 << 20
        /// Levels of arrays and objects in the document, after any operation.
        package var depth = 100
        /// Members looked at, items moved aside and levels counted, together.
        package var steps = 1 << 24

        package init() {}
    }

    package let operations: [Operation]
    private let limits: Limits

    /// Reads a patch; throws `malformed` or `tooLarge`.
    package init(_ document: JSON, limits: Limits = Limits()) throws(JSONPatchError) {
        guard case .array(let items) = document else {
            throw .malformed(document.isNot("an array of operations", at: "patch"))
        }
        guard items.count <= limits.operations else {
            throw .tooLarge("a JSON patch may have at most \(limits.operations) operations, not \(items.count)")
        }
        var operations: [Operation] = []
        operations.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            operations.append(try Operation(item, at: "patch[\(index)]"))
        }
        self.operations = operations
        self.limits = limits
    }

    /// `document` after all operations; throws `unmet` or `tooLarge`.
    package func apply(to document: JSON) throws(JSONPatchError) -> JSON {
        var bench = JSONPatchBench(document, limits: limits)
        for (index, operation) in operations.enumerated() {
            do throws(JSONPatchBench.Fault) {
                try bench.perform(operation)
            } catch {
                switch error {
                case .unmet(let place, let reason):
                    throw .unmet(.invalid("patch[\(index)].\(place.member)", place.pointer.text, reason))
                case .tooLarge(let reason):
                    throw .tooLarge("patch[\(index)]: \(reason)")
                }
            }
        }
        return bench.document
    }
}

extension JSONPatch.Operation {
    private enum Name: String, CaseIterable {
        case add, remove, replace, move, copy, test
    }

    fileprivate init(_ json: JSON, at field: String) throws(JSONPatchError) {
        guard case .object(let members) = json else { throw .malformed(json.isNot("an object", at: field)) }
        let op = try Self.text("op", of: members, at: field)
        guard let name = Name(rawValue: op) else {
            throw .malformed(.notSupported("\(field).op", op, supported: Name.allCases.map(\.rawValue)))
        }
        let path = try Self.pointer("path", of: members, at: field)
        switch name {
        case .add: self = .add(path, try Self.value(of: members, at: field))
        case .remove: self = .remove(path)
        case .replace: self = .replace(path, try Self.value(of: members, at: field))
        case .copy: self = .copy(from: try Self.pointer("from", of: members, at: field), to: path)
        case .test: self = .test(path, try Self.value(of: members, at: field))
        case .move:
            let from = try Self.pointer("from", of: members, at: field)
            if from.encloses(path) {
                throw .malformed(.invalid("\(field).path", path.text, "a value cannot be moved into itself"))
            }
            self = .move(from: from, to: path)
        }
    }

    private static func text(
        _ name: String, of members: JSONObject, at field: String
    ) throws(JSONPatchError) -> String {
        switch members[name] {
        case .string(let text): return text
        case .none: throw .malformed(.required("\(field).\(name)"))
        case .some(let other): throw .malformed(other.isNot("a string", at: "\(field).\(name)"))
        }
    }

    private static func pointer(
        _ name: String, of members: JSONObject, at field: String
    ) throws(JSONPatchError) -> JSONPointer {
        let text = try text(name, of: members, at: field)
        guard let pointer = JSONPointer(text) else {
            throw .malformed(
                .invalid(
                    "\(field).\(name)", text,
                    "a JSON pointer is empty or starts with \"/\", and has \"~\" only as \"~0\" and \"~1\""))
        }
        return pointer
    }

    /// Null is a value too.
    private static func value(of members: JSONObject, at field: String) throws(JSONPatchError) -> JSON {
        guard let value = members["value"] else { throw .malformed(.required("\(field).value")) }
        return value
    }
}

extension JSON {
    /// The text for messages, cut when it is long.
    var shown: String {
        let text = text
        return text.utf8.count > 100 ? String(text.unicodeScalars.prefix(100)) + "…" : text
    }

    fileprivate func isNot(_ wanted: String, at field: String) -> FieldError {
        .wrongType(field, wanted: wanted, found: typeName, value: shown)
    }
}
