/// The field numbers of the Kubernetes API, from its `generated.proto` files.
extension ProtobufMessage {
    /// A whole body, behind its magic: `runtime.Unknown`. Its `raw`, field 2, is a message of the kind that it names.
    static let envelope = ProtobufMessage(
        .init(1, "typeMeta", .message(typeMeta)),
        .init(3, "contentEncoding", .text),
        .init(4, "contentType", .text))
    static let typeMeta = ProtobufMessage(.init(1, "apiVersion", .text), .init(2, "kind", .text))

    static let objectMeta = ProtobufMessage(
        .init(1, "name", .text),
        .init(2, "generateName", .text),
        .init(3, "namespace", .text),
        .init(5, "uid", .text),
        .init(6, "resourceVersion", .text),
        .init(11, "labels", .map),
        .init(12, "annotations", .map),
        .init(13, "ownerReferences", .messages(ownerReference)),
        .init(14, "finalizers", .texts))
    static let ownerReference = ProtobufMessage(
        .init(5, "apiVersion", .text),
        .init(1, "kind", .text),
        .init(3, "name", .text),
        .init(4, "uid", .text),
        .init(6, "controller", .bool),
        .init(7, "blockOwnerDeletion", .bool))

    static let namespace = ProtobufMessage(
        .init(1, "metadata", .message(objectMeta)),
        .init(2, "spec", .message(ProtobufMessage(.init(1, "finalizers", .texts)))))

    static let selfSubjectReview = ProtobufMessage(.init(1, "metadata", .message(objectMeta)))
    static let selfSubjectRulesReview = ProtobufMessage(
        .init(1, "metadata", .message(objectMeta)),
        .init(2, "spec", .message(ProtobufMessage(.init(1, "namespace", .text)))))
    static let selfSubjectAccessReview = ProtobufMessage(
        .init(1, "metadata", .message(objectMeta)),
        .init(2, "spec", .message(accessReviewSpec)))

    private static let accessReviewSpec = ProtobufMessage(
        .init(1, "resourceAttributes", .message(resourceAttributes)),
        .init(2, "nonResourceAttributes", .message(nonResourceAttributes)))
    private static let resourceAttributes = ProtobufMessage(
        .init(1, "namespace", .text),
        .init(2, "verb", .text),
        .init(3, "group", .text),
        .init(4, "version", .text),
        .init(5, "resource", .text),
        .init(6, "subresource", .text),
        .init(7, "name", .text))
    private static let nonResourceAttributes = ProtobufMessage(
        .init(1, "path", .text),
        .init(2, "verb", .text))
}
