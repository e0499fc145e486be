import TidemillModel
import TidemillWire

/// Answers questions about placement; the scheduler is behind it.
package protocol PlacementHandler: Sendable {
    /// Why a job is where it is or waits, or whether one would fit.
    func answer(_ review: Kinds.PlacementReview) async throws(APIError) -> Kinds.PlacementReviewStatus

    /// The latest decisions that are still known, a line each, the oldest first.
    func decisions(latest count: Int) async -> [JSON]

    /// One decision with all that it was made on; nil when it is not known any more.
    func decision(_ number: Int) async -> JSON?
}
