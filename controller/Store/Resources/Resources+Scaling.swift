import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// The object's `Scale`. Throws `.noSuchPath` for a kind that has none.
    package func scale(_ ref: ObjectRef) async throws(APIError) -> JSON {
        guard let scale = ref.kind.scale else { throw .noSuchPath }
        return ScaleView.of(try await get(ref).tree, scale)
    }

    /// Writes what `change` makes of the object's `Scale`, whose resourceVersion is a lock, and answers with the new one.
    package func rescale(
        _ ref: ObjectRef, _ options: WriteOptions, _ change: (JSON) throws(APIError) -> JSON
    ) async throws(APIError) -> JSON {
        guard let scale = ref.kind.scale else { throw .noSuchPath }
        let written = try await write(ref, .main, options) { object throws(APIError) in
            try ScaleView.applied(try change(ScaleView.of(object, scale)), to: object, scale)
        }
        return ScaleView.of(try written.tree, scale)
    }
}
