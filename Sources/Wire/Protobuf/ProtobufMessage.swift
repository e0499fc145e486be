/// What is read of a message: the numbers of its fields, and what they are in JSON. Other fields are stepped over.
struct ProtobufMessage: Sendable {
    struct Field: Sendable {
        let number: Int
        /// The name of the JSON member.
        let name: String
        let type: FieldType

        init(_ number: Int, _ name: String, _ type: FieldType) {
            self.number = number
            self.name = name
            self.type = type
        }
    }

    enum FieldType: Sendable {
        /// A text. An empty one says as little as none: Kubernetes writes fields that were never set.
        case text
        case texts
        case bool
        /// A map of texts to texts.
        case map
        case message(ProtobufMessage)
        case messages(ProtobufMessage)
    }

    let fields: [Field]

    init(_ fields: Field...) {
        self.fields = fields
    }
}
