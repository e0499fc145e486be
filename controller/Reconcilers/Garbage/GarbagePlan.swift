import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// All that the collector saw.
package struct GarbageObservation: Sendable {
    /// Objects that may belong to others, listed before their owners, so that no owner is missed.
    package var dependents: [any WireObject]
    /// uids of all objects of the kinds in `ownerKinds`.
    package var owners: Set<String>
    /// Objects on their way out that go only after what belongs to them, or without it.
    package var waiting: [any WireObject]
    package var slices: [Kinds.Slice]
    package var events: [Kinds.Event]
    package var namespaces: [Kinds.Namespace]
    /// How many objects each terminating namespace still holds.
    package var contents: [String: Int]
    package var now: Timestamp

    /// Kinds whose objects can own others, as `Job.tidemill.dev`; a reference to any other kind keeps its dependent.
    package static let ownerKinds: Set<String> = Set(
        [
            Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info, Kinds.Node.info, Kinds.Device.info,
            Kinds.DeviceClass.info, Kinds.Lease.info, Kinds.Namespace.info,
        ].map(\.groupKind))

    package init(
        dependents: [any WireObject] = [], owners: Set<String> = [], waiting: [any WireObject] = [],
        slices: [Kinds.Slice] = [],
        events: [Kinds.Event] = [],
        namespaces: [Kinds.Namespace] = [], contents: [String: Int] = [:], now: Timestamp
    ) {
        self.dependents = dependents
        self.owners = owners
        self.waiting = waiting
        self.slices = slices
        self.events = events
        self.namespaces = namespaces
        self.contents = contents
        self.now = now
    }
}

/// What goes: dependents whose owners are gone, finalizers that have nothing left to wait for, old events, and the
/// contents of terminating namespaces.
package struct GarbagePlan: Sendable {
    /// How long an event is kept.
    package static let eventsLastSeconds: Int64 = 3600

    /// Each is a write of its own.
    package var changes: [PlannedChange] = []
    /// Namespaces whose contents are to be deleted.
    package var namespacesToEmpty: [String] = []

    package static func plan(_ seen: GarbageObservation) -> GarbagePlan {
        var plan = GarbagePlan()
        for object in seen.dependents where isOrphan(object.metadata, seen) { plan.changes.append(.delete(object)) }
        for owner in seen.waiting { plan.changes += waited(owner, seen) }
        for slice in seen.slices {
            if let freed = withoutFinalizer(slice) { plan.changes.append(.metadata(freed)) }
        }
        for event in seen.events where isOld(event, seen.now) { plan.changes.append(.delete(event)) }
        for namespace in seen.namespaces where namespace.metadata.isTerminating {
            if seen.contents[namespace.metadata.name, default: 0] > 0 {
                plan.namespacesToEmpty.append(namespace.metadata.name)
            } else if namespace.metadata.finalizers.contains(Resources.namespaceFinalizer) {
                var freed = namespace
                freed.metadata.finalizers.removeAll { $0 == Resources.namespaceFinalizer }
                plan.changes.append(.metadata(freed))
            }
        }
        return plan
    }

    /// Every owner is of a kind that we know and is gone, by uid: an owner re-created under its name is another one.
    private static func isOrphan(_ metadata: ObjectMeta, _ seen: GarbageObservation) -> Bool {
        guard !metadata.ownerReferences.isEmpty, !metadata.isTerminating else { return false }
        return metadata.ownerReferences.allSatisfy {
            GarbageObservation.ownerKinds.contains($0.groupKind) && !seen.owners.contains($0.uid)
        }
    }

    /// What a deleted owner waits for: dependents that are to stay lose their reference to it, others are deleted. When
    /// nothing is left to wait for, its finalizer goes.
    private static func waited(_ owner: any WireObject, _ seen: GarbageObservation) -> [PlannedChange] {
        let uid = owner.metadata.uid
        let dependents = seen.dependents.filter { dependent in
            dependent.metadata.uid != uid && dependent.metadata.ownerReferences.contains { $0.uid == uid }
        }
        if owner.metadata.waits(for: .orphan) {
            if dependents.isEmpty { return [.metadata(owner.without(.orphan))] }
            return dependents.map { .metadata($0.without(owner: uid)) }
        }
        guard owner.metadata.waits(for: .foreground) else { return [] }
        // What belongs to somebody else, too, goes on belonging to that one alone.
        let going = Set(seen.waiting.map(\.metadata.uid))
        let shared = dependents.filter { dependent in
            dependent.metadata.ownerReferences.contains {
                $0.uid != uid && seen.owners.contains($0.uid) && !going.contains($0.uid)
            }
        }
        if !shared.isEmpty { return shared.map { .metadata($0.without(owner: uid)) } }
        let blocking = dependents.contains { dependent in
            dependent.metadata.ownerReferences.contains { $0.uid == uid && $0.blockOwnerDeletion == true }
        }
        return dependents.filter { !$0.metadata.isTerminating }.map { .delete($0) }
            + (blocking ? [] : [.metadata(owner.without(.foreground))])
    }

    /// A slice that is to be deleted stays until its node holds nothing of it: Released, or never granted.
    private static func withoutFinalizer(_ slice: Kinds.Slice) -> Kinds.Slice? {
        guard slice.metadata.isTerminating, slice.metadata.finalizers.contains(Attempt.releaseFinalizer),
            slice.status.state == .released || slice.status.grant == nil
        else { return nil }
        var next = slice
        next.metadata.finalizers.removeAll { $0 == Attempt.releaseFinalizer }
        return next
    }

    private static func isOld(_ event: Kinds.Event, _ now: Timestamp) -> Bool {
        guard let last = event.lastTimestamp ?? event.metadata.creationTimestamp else { return false }
        return now.seconds - last.seconds > eventsLastSeconds
    }
}

extension OwnerReference {
    /// `Job.tidemill.dev`, or `Namespace` in the core group.
    fileprivate var groupKind: String {
        apiVersion.split(separator: "/", maxSplits: 1).dropLast().first.map { "\(kind).\($0)" } ?? kind
    }
}

extension ObjectMeta {
    /// True for an object on its way out that stays until that is done.
    package func waits(for propagation: DeleteOptions.Propagation) -> Bool {
        isTerminating && propagation.finalizer.map(finalizers.contains) ?? false
    }
}

extension WireObject {
    fileprivate func without(_ propagation: DeleteOptions.Propagation) -> Self {
        var object = self
        object.metadata.finalizers.removeAll { $0 == propagation.finalizer }
        return object
    }

    fileprivate func without(owner uid: String) -> Self {
        var object = self
        object.metadata.ownerReferences.removeAll { $0.uid == uid }
        return object
    }
}

extension GarbagePlan: CustomStringConvertible {
    package var description: String {
        (changes.map(\.description) + namespacesToEmpty.map { "empty Namespace \($0)" }).joined(separator: "\n")
    }
}
