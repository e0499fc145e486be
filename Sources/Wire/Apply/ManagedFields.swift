import TidemillModel

/// Who writes: what sets one entry of `metadata.managedFields` apart, beside its operation.
package struct FieldWriter: Hashable, Sendable {
    /// The client's own name for itself (`fieldManager`).
    package var manager: String
    package var apiVersion: String
    /// Empty for the object itself.
    package var subresource: String

    package init(manager: String, apiVersion: String, subresource: String = "") {
        self.manager = manager
        self.apiVersion = apiVersion
        self.subresource = subresource
    }
}

/// Who owns which fields of an object: its `metadata.managedFields`.
///
/// 1. Each writer has one entry for what it applies, and one for what it updates otherwise. No entry is empty.
/// 2. The time of an entry is that of the last change of its set by its own writer: writing the same fields again, or
///    losing some to another, leaves it.
package struct ManagedFields: Hashable, Sendable {
    package enum Operation: String, Hashable, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    package struct Key: Hashable, Sendable {
        package var writer: FieldWriter
        package var operation: Operation

        package init(_ writer: FieldWriter, _ operation: Operation) {
            self.writer = writer
            self.operation = operation
        }
    }

    package struct Entry: Hashable, Sendable {
        package var fields: FieldSet
        package var time: Timestamp?
    }

    private var entries: [Key: Entry] = [:]

    package init() {}

    /// Of two entries with one key the last counts.
    init(_ list: [(Key, Entry)]) {
        for (key, entry) in list { entries[key] = entry.fields.isEmpty ? nil : entry }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// Applied entries first, then older ones before younger ones, then by name; as they are written.
    package var sorted: [(key: Key, entry: Entry)] {
        entries.map { ($0.key, $0.value) }.sorted(by: Self.precedes)
    }

    package subscript(key: Key) -> Entry? { entries[key] }

    private static func precedes(_ a: (key: Key, entry: Entry), _ b: (key: Key, entry: Entry)) -> Bool {
        if a.key.operation != b.key.operation { return a.key.operation == .apply }
        let (first, second) = (a.entry.time?.seconds ?? .min, b.entry.time?.seconds ?? .min)
        if first != second { return first < second }
        let (mine, theirs) = (a.key.writer, b.key.writer)
        return (mine.manager, mine.apiVersion, mine.subresource)
            < (theirs.manager, theirs.apiVersion, theirs.subresource)
    }
}

extension ManagedFields {
    /// The most entries for updates; beyond them the oldest become one, of `ancient`.
    static let mostUpdates = 10
    static let ancient = "ancient-changes"

    /// What all own together.
    var union: FieldSet { entries.values.reduce(FieldSet()) { $0.union($1.fields) } }

    /// Makes `fields` what the key owns.
    mutating func set(_ fields: FieldSet, for key: Key, at now: Timestamp) {
        if fields == entries[key]?.fields { return }
        entries[key] = fields.isEmpty ? nil : Entry(fields: fields, time: now)
    }

    /// Takes `fields` from everyone but `key`.
    mutating func take(_ fields: FieldSet, for key: Key) {
        guard !fields.isEmpty else { return }
        for (other, entry) in entries where other != key {
            let rest = entry.fields.subtracting(fields)
            entries[other] = rest.isEmpty ? nil : Entry(fields: rest, time: entry.time)
        }
    }

    /// Forgets entries of other versions than `apiVersion`: their paths mean nothing here.
    mutating func keep(apiVersion: String) {
        entries = entries.filter { $0.key.writer.apiVersion == apiVersion }
    }

    /// Joins the oldest updates, so that an object that many clients write stays bounded.
    mutating func join(apiVersion: String) {
        let updates = sorted.filter { $0.key.operation == .update }
        guard updates.count > Self.mostUpdates else { return }
        let bucket = Key(FieldWriter(manager: Self.ancient, apiVersion: apiVersion), .update)
        // The bucket is no entry more when it is one of those that are joined.
        let others = updates.filter { $0.key != bucket }
        let joined = others.prefix(others.count - Self.mostUpdates + 1)
        var all = Entry(fields: entries[bucket]?.fields ?? FieldSet(), time: joined.last?.entry.time)
        for (key, entry) in joined {
            all.fields = all.fields.union(entry.fields)
            entries[key] = nil
        }
        entries[bucket] = all
    }
}
