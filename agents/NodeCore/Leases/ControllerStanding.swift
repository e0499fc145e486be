import TidemillSeams

/// What this node may conclude from what a controller says: whether it is accepted, whether the life of the store
/// (incarnation) is one that it obeys, and whether the lists that it has are of that life. Pure.
///
/// A store that was restored from a backup has forgotten what came after it, so that its silence about a slice means
/// nothing until it has heard what this node holds. A list does not say whose it is; hence what follows from *absence* is
/// concluded only after a renewal that was **sent after the list had arrived** and named the known incarnation; and a list
/// that no renewal confirmed before another start of the controller answered is asked for again, since an older copy of the
/// store may have shown it. What a list does say (a newer grant, an end that is asked for, a deletion) is never undone by an
/// older copy and counts at once.
package struct ControllerStanding: Hashable, Sendable {
    /// What the node does about a change.
    package enum Change: Hashable, Sendable {
        /// List slices and gangs anew; only lists that began after this, under at least this number, count.
        case relist(Int)
        /// The incarnation is obeyed from now on: the journal keeps it.
        case known(IncarnationID)
    }

    package private(set) var isAdmitted = false
    /// Of the last accepted renewal.
    package private(set) var incarnation: IncarnationID?
    /// The start of the controller that acknowledged it.
    private var start: StartID?
    /// The one that this node obeys.
    package private(set) var known: IncarnationID?
    /// Number of the newest demand for fresh lists.
    package private(set) var demand = 0
    /// The controller has said that everything which this node keeps is in its store.
    private var isSettled = false
    private var slicesListedAt: Instant?
    private var gangsListedAt: Instant?
    /// Refused since the last renewal: whoever refused may have shown lists of a store that is an older copy.
    private var wasRefused = false
    /// When the newest renewal that `incarnation` acknowledged was sent.
    private var lastSent: Instant?

    /// `known` is what the journal says.
    package init(known: IncarnationID?) {
        self.known = known
    }

    /// The controller's store is one of which everything that this node holds is known to come.
    package var isKnown: Bool { known != nil && known == incarnation }

    /// Whether this node may tell of its slices, and may take and start work. A machine that is refused must not speak for
    /// the node; and while a restored store is being put right it is told by inventories alone, so that nothing is taken
    /// for acknowledged only because the store has forgotten it.
    package var maySpeak: Bool { isAdmitted && isKnown }

    package var hasList: Bool { slicesListedAt != nil }

    /// Whether a slice that is not listed is nobody's, and whether what is listed and not here may be given back.
    package var mayConclude: Bool {
        guard maySpeak, let slicesListedAt, let lastSent else { return false }
        return lastSent >= slicesListedAt
    }

    /// Whether the controller is to be told what this node holds, also when it did not ask.
    package var owesInventory: Bool { isAdmitted && !isKnown && !isSettled }

    /// A renewal was acknowledged. `holdsNothing`: the machine was looked through, and there is nothing that a list could
    /// end; a node that never knew a controller then obeys the first one.
    package mutating func renewed(
        sentAt: Instant, incarnation now: IncarnationID, start: StartID, holdsNothing: Bool
    ) -> [Change] {
        var changes: [Change] = []
        isAdmitted = true
        let isOther = incarnation != nil && incarnation != now
        if wasRefused || isOther || (start != self.start && hasUnconfirmedList) { changes.append(relist()) }
        if isOther {
            isSettled = false
            lastSent = nil
        }
        wasRefused = false
        self.start = start
        incarnation = now
        lastSent = max(sentAt, lastSent ?? sentAt)
        if known == nil, holdsNothing {
            known = now
            changes.append(.known(now))
        }
        if !isKnown, isSettled, let slicesListedAt, let gangsListedAt, sentAt >= max(slicesListedAt, gangsListedAt) {
            known = now
            changes.append(.known(now))
        }
        return changes
    }

    /// A list came after the last renewal.
    private var hasUnconfirmedList: Bool {
        [slicesListedAt, gangsListedAt].contains { listedAt in
            guard let listedAt else { return false }
            return lastSent.map { $0 < listedAt } ?? true
        }
    }

    package mutating func turnedAway() {
        isAdmitted = false
        wasRefused = true
    }

    /// The controller answered an inventory: all that this node keeps is in its store.
    package mutating func settled(_ answered: IncarnationID) -> [Change] {
        guard isAdmitted, !isKnown, !isSettled, answered == incarnation else { return [] }
        isSettled = true
        return [relist()]
    }

    /// A complete list of slices has arrived, begun under `demand`; false when it is too old to count.
    package mutating func listedSlices(under demand: Int, at now: Instant) -> Bool {
        guard demand >= self.demand else { return false }
        slicesListedAt = now
        return true
    }

    package mutating func listedGangs(under demand: Int, at now: Instant) -> Bool {
        guard demand >= self.demand else { return false }
        gangsListedAt = now
        return true
    }

    private mutating func relist() -> Change {
        demand += 1
        slicesListedAt = nil
        gangsListedAt = nil
        return .relist(demand)
    }
}
