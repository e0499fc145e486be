import TidemillSeams

/// Tells from what agents have seen whether the store under the controller is the one that it was: an older copy does not
/// know what was granted since (section 4, Rollback).
package struct RollbackCheck: Hashable, Sendable {
    /// One start of a controller on the store.
    package struct Start: Hashable, Sendable {
        package var id: StartID
        /// The first revision that this start could write.
        package var firstRevision: Revision

        package init(id: StartID, firstRevision: Revision) {
            self.id = id
            self.firstRevision = firstRevision
        }
    }

    /// What an agent last saw of the store.
    package struct Sighting: Hashable, Sendable {
        package var incarnation: IncarnationID
        package var start: StartID?
        package var revision: Revision?

        package init(incarnation: IncarnationID, start: StartID?, revision: Revision?) {
            self.incarnation = incarnation
            self.start = start
            self.revision = revision
        }
    }

    private let incarnation: IncarnationID
    private let ancestors: Set<IncarnationID>
    /// Oldest first; the last one is the running controller's.
    private let starts: [Start]

    /// - Parameters:
    ///   - ancestors: lives that this one was restored from; what was seen of them says nothing about this one.
    ///   - starts: all starts of this incarnation, oldest first.
    package init(incarnation: IncarnationID, ancestors: [IncarnationID], starts: [Start]) {
        self.incarnation = incarnation
        self.ancestors = Set(ancestors)
        self.starts = starts
    }

    /// The life that was seen, when this store has neither it nor descends from it.
    package func unknownLife(_ seen: Sighting) -> IncarnationID? {
        seen.incarnation == incarnation || ancestors.contains(seen.incarnation) ? nil : seen.incarnation
    }

    /// What shows that the store is an older copy; nil when the sighting fits. `current` is the store's revision, not
    /// older than the sighting.
    package func contradiction(_ seen: Sighting, current: Revision) -> String? {
        if let life = unknownLife(seen) {
            return "saw incarnation \(life), which this store, \(incarnation), does not stem from"
        }
        guard seen.incarnation == incarnation else { return nil }
        guard let id = seen.start else { return nil }
        guard let index = starts.lastIndex(where: { $0.id == id }) else {
            return "saw start \(id) of the controller, which this store does not know"
        }
        guard let revision = seen.revision else { return nil }
        let isRunning = index == starts.count - 1
        let end = isRunning ? current : Revision(starts[index + 1].firstRevision.rawValue - 1)
        if revision <= end { return nil }
        return "saw revision \(revision) of start \(id), of which this store knows \(end) as the last"
    }
}

extension RollbackCheck {
    /// The one word for a controller whose store is an older copy.
    package static let reason = "ControllerRolledBack"

    /// Why the controller has halted, and the way out. `unknown` is a life that was seen and that the store does not know.
    package static func halt(
        node: NodeID, contradiction: String, unknown: IncarnationID? = nil
    ) -> GrantPermission.Hold {
        let word = unknown.map { " with `--after \($0)`" } ?? ""
        return GrantPermission.Hold(
            reason: reason,
            message: """
                The store is an older copy: the agent of node \(node) \(contradiction). Nothing is granted and no \
                heartbeat is accepted. Stop the controller and put the newest copy of its data folder back. If there is none, \
                `tidemill backup` this one, stop the controller, and `tidemill restore` that backup\(word).
                """)
    }
}
