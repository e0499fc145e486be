/// What the server and its clients know of a kind: its names, scope, columns and schema. One for each kind, made by
/// `make generate`; two are equal when they name the same resource.
package final class KindInfo: Sendable {
    package let kind: String
    /// Empty for the core group.
    package let group: String
    package let version: String
    /// The resource's name in paths, lower case.
    package let plural: String
    package let singular: String
    package let shortNames: [String]
    package let namespaced: Bool
    package let categories: [String]
    package let doc: String
    package let columns: [Column]
    package let hasStatus: Bool
    /// Paths, beside metadata.name and metadata.namespace, that a field selector may name.
    package let selectableFields: [String]
    /// Answered when it is created, and not kept.
    package let isReview: Bool
    /// Present when the kind can be scaled (`/scale`).
    package let scale: Scale?
    /// The root type: its fields stand beside apiVersion, kind and metadata.
    package let schema: SchemaType

    /// `tidemill.dev/v1alpha1`, or `v1` in the core group.
    package let apiVersion: String
    /// `jobs.tidemill.dev`, or `namespaces` in the core group.
    package let groupResource: String
    /// `Job.tidemill.dev`, or `Namespace` in the core group.
    package let groupKind: String

    package init(
        kind: String, group: String, version: String, plural: String, singular: String, shortNames: [String],
        namespaced: Bool, categories: [String], doc: String, columns: [Column], hasStatus: Bool,
        selectableFields: [String], isReview: Bool = false, scale: Scale? = nil, schema: SchemaType
    ) {
        self.kind = kind
        self.group = group
        self.version = version
        self.plural = plural
        self.singular = singular
        self.shortNames = shortNames
        self.namespaced = namespaced
        self.categories = categories
        self.doc = doc
        self.columns = columns
        self.hasStatus = hasStatus
        self.selectableFields = selectableFields
        self.isReview = isReview
        self.scale = scale
        self.schema = schema
        apiVersion = group.isEmpty ? version : "\(group)/\(version)"
        groupResource = group.isEmpty ? plural : "\(plural).\(group)"
        groupKind = group.isEmpty ? kind : "\(kind).\(group)"
    }
}

extension KindInfo: Hashable, CustomStringConvertible {
    package static func == (a: KindInfo, b: KindInfo) -> Bool { a === b || a.groupResource == b.groupResource }
    package func hash(into hasher: inout Hasher) { hasher.combine(groupResource) }
    package var description: String { groupKind }
}

/// Where a kind says how many it has of what it is made of, for `/scale`.
package struct Scale: Hashable, Sendable {
    /// Path of the number that is wanted.
    package var replicas: [String]
    /// Path of an upper bound, which follows that number where it is set.
    package var most: [String]?
    /// Path of the number that there is.
    package var current: [String]
    /// What it is made of carries this label, with the object's name.
    package var label: String

    package init(replicas: [String], most: [String]? = nil, current: [String], label: String) {
        self.replicas = replicas
        self.most = most
        self.current = current
        self.label = label
    }
}

/// One column of the table that `get` prints.
package struct Column: Hashable, Sendable {
    package var name: String
    /// Where the value stands: member names and array indices.
    package var path: [String]
    /// `string`, `integer` or `date`, as OpenAPI would say.
    package var type: String
    package var doc: String
    /// Shown with `-o wide` only.
    package var wide: Bool
    /// How the cell is computed, when it is more than the value at the path.
    package var computed: ColumnComputation?

    package init(
        name: String, path: [String], type: String, doc: String, wide: Bool = false,
        computed: ColumnComputation? = nil
    ) {
        self.name = name
        self.path = path
        self.type = type
        self.doc = doc
        self.wide = wide
        self.computed = computed
    }
}

/// The cells that are more than a value at a path. `Table` in the wire module computes them.
package enum ColumnComputation: String, Hashable, Sendable, CaseIterable {
    /// The state with `,SchedulingDisabled` while the node is cordoned.
    case nodeStatus
    /// The value, or Terminating while the object is being deleted.
    case terminating
    /// Succeeded members of all: `1/2`.
    case completions
    /// Time from startedAt to finishedAt, or to now.
    case duration
    /// The first item of a list.
    case firstItem
    /// The items of a list with commas between them.
    case join
    /// `job/hello`.
    case objectReference
}
