import TidemillModel

/// Why something is not applied.
package enum ApplyFailure: Error, Hashable, Sendable {
    /// The body is not what an apply request may carry.
    case malformed(String)
    case invalid([FieldError])
    /// Others own, with other values, what is applied; nothing was changed.
    case conflicts([FieldConflict])
}

/// Writes to objects whose fields have owners.
///
/// 1. Whoever applies owns exactly what the configuration says. A field that it no longer says goes, unless another owns it.
/// 2. A field that another owns with another value is a conflict, or changes hands by force. With the same value it is shared.
/// 3. Every other write takes what it changes.
/// 4. Applying the same again changes nothing, whoever else applies the same.
package enum ServerSideApply {
    /// Owns what was in an object before anyone owned anything.
    private static let beforeFirstApply = "before-first-apply"

    /// `live` with what is applied and the owners that follow. A new object starts from one that has nothing but its
    /// identity. The result is not admitted yet.
    package static func apply(
        _ configuration: AppliedConfiguration, to live: JSON, by writer: FieldWriter, force: Bool, now: Timestamp
    ) throws(ApplyFailure) -> JSON {
        let shape = configuration.shape
        let key = ManagedFields.Key(writer, .apply)
        var managed = ManagedFields(of: live)
        managed.keep(apiVersion: writer.apiVersion)
        if managed.isEmpty {
            var first = writer
            first.manager = beforeFirstApply
            let all = FieldChanges(from: nil, to: live, along: shape).written
            managed.set(all, for: .init(first, .update), at: now)
        }
        let dropped = managed[key]?.fields ?? FieldSet()
        managed.set(configuration.fields, for: key, at: now)
        let merged = shape.merged(live, with: configuration.tree)
        let result = shape.pruned(merged, dropped: dropped, kept: managed.union)
        // What goes has no other owner, so that only what is written can be contested.
        let written = FieldChanges(from: live, to: result, along: shape).written
        let conflicts = FieldConflict.all(written, for: key, in: managed)
        if !force, !conflicts.isEmpty { throw .conflicts(conflicts) }
        managed.take(written, for: key)
        return managed.put(into: result)
    }

    /// `new` with the owners that follow when it is written over `old`, or created. Both are objects as they are stored;
    /// `new` may have a say in its owners, see `ManagedFields`. Fields of an old object that nobody owns are not
    /// followed until something is applied.
    package static func update(
        from old: JSON?, to new: JSON, by writer: FieldWriter, along shape: FieldShape, now: Timestamp
    ) -> JSON {
        var managed = ManagedFields(writing: new, over: old, subresource: writer.subresource)
        managed.keep(apiVersion: writer.apiVersion)
        guard !managed.isEmpty || old == nil else { return managed.put(into: new) }
        let key = ManagedFields.Key(writer, .update)
        let changes = FieldChanges(from: old, to: new, along: shape)
        let mine = managed[key]?.fields ?? FieldSet()
        managed.take(changes.written.union(changes.removed), for: key)
        managed.set(mine.subtracting(changes.removed).union(changes.written), for: key, at: now)
        managed.join(apiVersion: writer.apiVersion)
        return managed.put(into: new)
    }
}
