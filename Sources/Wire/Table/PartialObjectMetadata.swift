/// The form of an object for clients that look at metadata only.
package enum PartialObjectMetadata {
    /// The metadata of `object`, without the rest.
    package static func of(_ object: JSON) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"] ?? [:],
        ]
    }

    /// The same for the objects of a list; `metadata` is the list's own.
    package static func list(_ objects: [JSON], metadata: JSONObject) -> JSON {
        [
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": .object(metadata),
            "items": .array(objects.map(of)),
        ]
    }
}
