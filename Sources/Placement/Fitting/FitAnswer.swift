import TidemillModel
import TidemillSeams

/// Whether a gang would be placed, and what it would take.
package enum FitAnswer: Sendable, Equatable {
    case now([PlannedMember])
    /// If these were ended first: the fewest of what may be preempted, as far as one can be left after the other.
    case afterPreemption([PlannedMember], of: [Victim], PendingCause)
    /// When something else ends or is changed.
    case later(PendingCause)
    /// Not even with all known nodes empty.
    case never(PendingCause, Largest)
}

/// A job that may be preempted, with what it holds.
package struct Victim: Sendable, Hashable {
    package var namespace: String
    package var job: String
    package var slices: Set<SliceUID>
    package var cardUnits: Rational

    package init(namespace: String, job: String, slices: Set<SliceUID>, cardUnits: Rational) {
        self.namespace = namespace
        self.job = job
        self.slices = slices
        self.cardUnits = cardUnits
    }
}

/// The largest that the known nodes could hold when empty.
package struct Largest: Sendable, Equatable {
    /// One amount of the request that is too large for one member, all others being as they are.
    package struct Limit: Sendable, Equatable {
        /// Such as `devices[0].memory`.
        package var field: String
        package var asked: String
        /// Nil when no amount of it would do.
        package var largest: String?

        package init(field: String, asked: String, largest: String?) {
            self.field = field
            self.asked = asked
            self.largest = largest
        }
    }

    /// Members that would fit as the request is.
    package var members: Int
    package var limits: [Limit]

    package init(members: Int, limits: [Limit]) {
        self.members = members
        self.limits = limits
    }
}
