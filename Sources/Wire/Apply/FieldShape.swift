/// What server-side apply needs to know of a value: in which parts it is owned.
package indirect enum FieldShape: Equatable, Sendable {
    /// The server's own, such as `metadata.uid`, or another subresource's: nobody owns it, and applying leaves it alone.
    case unowned
    /// Owned and replaced whole: a scalar, or a list whose items nothing tells apart.
    case leaf
    /// Owned member by member; it has no members but these.
    case structure([String: FieldShape])
    /// Owned by key.
    case map(FieldShape)
    /// A list owned by item, each with other values of the members `keys`, which are sorted by name.
    case listMap(keys: [String], FieldShape)
    /// A list of scalars, each there once and owned by itself.
    case set
}

extension FieldShape {
    /// A part of a value, one step down.
    struct Part {
        var value: JSON
        var shape: FieldShape
        /// An entry of a map or a list, which is owned itself; a structure is owned through its members alone.
        var isItem: Bool
    }

    /// True when there are no parts to own.
    var isWhole: Bool { self == .leaf || self == .unowned }

    var isStructure: Bool {
        if case .structure = self { true } else { false }
    }

    /// True for a structure with members that nobody may own, such as metadata: it is always there.
    var isPartlyUnowned: Bool {
        if case .structure(let fields) = self { fields.values.contains(.unowned) } else { false }
    }

    /// The parts of a value that can be owned; none where it has not the form that the shape says. Of two items with one
    /// key the first counts.
    func parts(of value: JSON?) -> [FieldStep: Part] {
        var parts: [FieldStep: Part] = [:]
        func add(_ step: FieldStep?, _ value: JSON, _ shape: FieldShape, isItem: Bool) {
            guard let step, parts[step] == nil else { return }
            parts[step] = Part(value: value, shape: shape, isItem: isItem)
        }
        switch (self, value) {
        case (.structure(let fields), .object(let object)?):
            for member in object.members {
                guard let shape = fields[member.key], shape != .unowned else { continue }
                add(.field(member.key), member.value, shape, isItem: false)
            }
        case (.map(let shape), .object(let object)?):
            for member in object.members { add(.field(member.key), member.value, shape, isItem: true) }
        case (.listMap(let keys, let shape), .array(let items)?):
            for item in items { add(.item(item, keys: keys), item, shape, isItem: true) }
        case (.set, .array(let items)?):
            for item in items where item.isScalar { add(.value(item), item, .leaf, isItem: true) }
        default: break
        }
        return parts
    }

    /// The fields that a value speaks of: its leaves, its items, and the structures that it says to be empty.
    func fields(of value: JSON) -> FieldSet {
        FieldSet(
            parts(of: value).map { step, part in
                let isSaidEmpty = part.value.isEmptyContainer && !part.shape.isPartlyUnowned
                return FieldSet.Node(
                    step, isMember: part.isItem || part.shape.isWhole || isSaidEmpty,
                    below: part.shape.fields(of: part.value))
            })
    }
}

/// What a change of an object does to its fields.
struct FieldChanges {
    /// Leaves and items that are new, and leaves that have another value.
    var written = FieldSet()
    /// What is gone, structures included.
    var removed = FieldSet()

    init(from old: JSON?, to new: JSON?, along shape: FieldShape) {
        let (before, after) = (shape.parts(of: old), shape.parts(of: new))
        var (written, removed): ([FieldSet.Node], [FieldSet.Node]) = ([], [])
        for (step, part) in before where after[step] == nil {
            let below = FieldChanges(from: part.value, to: nil, along: part.shape)
            removed.append(.init(step, isMember: true, below: below.removed))
        }
        for (step, part) in after {
            let old = before[step]?.value
            let below = FieldChanges(from: old, to: part.value, along: part.shape)
            let isWritten = part.shape.isWhole ? part.value != old : part.isItem && old == nil
            written.append(.init(step, isMember: isWritten, below: below.written))
            removed.append(.init(step, isMember: false, below: below.removed))
        }
        self.written = FieldSet(written)
        self.removed = FieldSet(removed)
    }
}
