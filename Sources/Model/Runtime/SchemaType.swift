/// A type of the schema, for admission and explanation. An object of its own, since admission passes it about a lot.
package final class SchemaType: Sendable {
    package let name: String
    package let doc: String
    /// No field of it may change once it is set.
    package let immutable: Bool
    package let fields: [SchemaField]

    package init(name: String, doc: String, immutable: Bool = false, fields: [SchemaField]) {
        self.name = name
        self.doc = doc
        self.immutable = immutable
        self.fields = fields
    }

    package func field(_ name: String) -> SchemaField? { fields.first { $0.name == name } }
}

/// One field of a type; see `SchemaType`.
package final class SchemaField: Sendable {
    package let name: String
    package let type: FieldType
    package let doc: String
    package let required: Bool
    package let immutable: Bool
    package let defaultValue: DefaultValue?
    package let minimum: Int64?
    package let maximum: Int64?
    /// In bytes of UTF-8.
    package let maxLength: Int?
    package let minItems: Int?
    package let maxItems: Int?
    package let format: FieldFormat?
    /// The member that tells the items of a list apart.
    package let listKey: String?

    package init(
        name: String, type: FieldType, doc: String, required: Bool = false, immutable: Bool = false,
        defaultValue: DefaultValue? = nil, minimum: Int64? = nil, maximum: Int64? = nil, maxLength: Int? = nil,
        minItems: Int? = nil, maxItems: Int? = nil, format: FieldFormat? = nil, listKey: String? = nil
    ) {
        self.name = name
        self.type = type
        self.doc = doc
        self.required = required
        self.immutable = immutable
        self.defaultValue = defaultValue
        self.minimum = minimum
        self.maximum = maximum
        self.maxLength = maxLength
        self.minItems = minItems
        self.maxItems = maxItems
        self.format = format
        self.listKey = listKey
    }
}

/// What a field holds.
package indirect enum FieldType: Hashable, Sendable {
    case string, bool, int, quantity, duration, time, microTime
    case enumeration([String])
    case list(FieldType)
    case map(FieldType)
    /// A type by its name in `Kinds.types`.
    case object(String)
}

/// What a string or quantity must look like.
package enum FieldFormat: String, Hashable, Sendable, CaseIterable {
    /// A DNS-1123 subdomain, the form of object names.
    case name
    case labelKey, labelValue
    /// A quantity of cores, not negative, in thousandths at the finest.
    case cpu
    /// A whole number of bytes, not negative.
    case bytes
    /// `bytes`, or a percentage of the device.
    case bytesOrPercentage
    /// From 0 to 1, as a decimal or a percentage.
    case fraction
    /// The name of an environment variable.
    case envName
    /// A path that starts at the root.
    case absolutePath
}

/// The value that a field gets when a client leaves it out.
package enum DefaultValue: Hashable, Sendable {
    case string(String)
    case int(Int64)
    case bool(Bool)
    /// An object made of its own fields' defaults.
    case emptyObject
}

extension FieldType {
    /// A list or a map.
    package var isCollection: Bool {
        switch self {
        case .list, .map: true
        default: false
        }
    }
}
