import TidemillModel

/// What the server needs of a kind without knowing its Swift type.
package struct KindCodec: Sendable {
    package let info: KindInfo
    private let read: @Sendable (JSON) throws(DecodeFailure) -> any WireObject
    private let check: @Sendable (JSON, JSON?) throws(DecodeFailure) -> [FieldError]

    package init<K: WireObject>(_ kind: K.Type) {
        info = K.info
        read = { tree throws(DecodeFailure) in try K(json: tree) }
        check = { tree, oldTree throws(DecodeFailure) in
            let new = try K(json: tree)
            guard let oldTree else { return new.validate(old: nil) }
            return new.validate(old: try K(json: oldTree))
        }
    }

    /// The kind's Swift value of a tree.
    package func decode(_ tree: JSON) throws(DecodeFailure) -> any WireObject {
        try read(tree)
    }

    /// The rules that span fields, for a tree that the schema admits. A tree that cannot be read is one error.
    package func validate(_ tree: JSON, old oldTree: JSON?) -> [FieldError] {
        do {
            return try check(tree, oldTree)
        } catch {
            return [FieldError(field: error.path, reason: .invalid, message: "Invalid value: \(error.message)")]
        }
    }
}
