import TidemillLease
import TidemillSeams

/// Which report is written next, and which takes the place of which: of the reports of one grant only the newest counts,
/// since each says everything. Pure; one writer at a time for each grant.
package struct PendingReports: Sendable {
    /// What came of writing a report.
    package enum Heard: Hashable, Sendable {
        /// The controller has it, or a later grant of the slice.
        case acknowledged
        /// The controller does not know the slice, or not this grant of it yet.
        case unheard
    }

    private var wanted: [SliceKey: HeldSlice] = [:]
    private var writing: Set<SliceKey> = []

    package init() {}

    /// Takes a report; true when the caller is to write it (`next`), false when another writer will, or it is out of date.
    /// Reports come from tasks of their own: one that waited must not take the place of a later one.
    package mutating func offer(_ slice: HeldSlice) -> Bool {
        if let newer = wanted[slice.key], slice.phase.isBefore(newer.phase) { return false }
        wanted[slice.key] = slice
        return writing.insert(slice.key).inserted
    }

    /// What the writer of a grant writes now; nil when everything is written.
    package func next(_ key: SliceKey) -> HeldSlice? { wanted[key] }

    /// A report was written; the event for the core when it was that of a release and the last word. Nil otherwise: there is
    /// a newer report, or nothing more to say for now.
    package mutating func wrote(_ slice: HeldSlice, _ heard: Heard) -> SliceEvent? {
        guard wanted[slice.key] == slice else { return nil }
        wanted[slice.key] = nil
        guard case .released = slice.phase else { return nil }
        return heard == .acknowledged ? .releaseAcknowledged(slice.key) : .unheard(slice.key)
    }

    /// The writer of a grant is done.
    package mutating func stopped(_ key: SliceKey) {
        writing.remove(key)
    }
}
