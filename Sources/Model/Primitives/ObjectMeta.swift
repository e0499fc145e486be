/// What every object carries beside its spec and status: its names, identity, revision and relations.
package struct ObjectMeta: Hashable, Sendable {
    /// Unique in its namespace and kind; empty only in a request that gives `generateName`.
    package var name: String
    /// Start of a name that the server completes; empty when unset.
    package var generateName: String
    /// Empty for kinds of the cluster.
    package var namespace: String
    /// Identity over time: a re-created object has another one. Set by the server.
    package var uid: String
    /// Store revision of the last change, as opaque text; nil before the first write.
    package var resourceVersion: String?
    /// Counts the changes of the spec, from 1; 0 before the first write.
    package var generation: Int64
    package var creationTimestamp: Timestamp?
    /// When deletion was asked for; the object stays until its finalizers are gone.
    package var deletionTimestamp: Timestamp?
    package var deletionGracePeriodSeconds: Int64?
    package var labels: [String: String]
    package var annotations: [String: String]
    package var ownerReferences: [OwnerReference]
    package var finalizers: [String]

    package init(
        name: String = "",
        generateName: String = "",
        namespace: String = "",
        uid: String = "",
        resourceVersion: String? = nil,
        generation: Int64 = 0,
        creationTimestamp: Timestamp? = nil,
        deletionTimestamp: Timestamp? = nil,
        deletionGracePeriodSeconds: Int64? = nil,
        labels: [String: String] = [:],
        annotations: [String: String] = [:],
        ownerReferences: [OwnerReference] = [],
        finalizers: [String] = []
    ) {
        self.name = name
        self.generateName = generateName
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.labels = labels
        self.annotations = annotations
        self.ownerReferences = ownerReferences
        self.finalizers = finalizers
    }

    package var isTerminating: Bool { deletionTimestamp != nil }

    /// The owner that controls this object, when one does.
    package var controller: OwnerReference? { ownerReferences.first { $0.controller == true } }
}

/// An object that this one belongs to; when the last owner is gone, this one is collected.
package struct OwnerReference: Hashable, Sendable {
    package var apiVersion: String
    package var kind: String
    package var name: String
    package var uid: String
    package var controller: Bool?
    package var blockOwnerDeletion: Bool?

    package init(
        apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil,
        blockOwnerDeletion: Bool? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
        self.blockOwnerDeletion = blockOwnerDeletion
    }
}
