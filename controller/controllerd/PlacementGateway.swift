import TidemillAPIServer
import TidemillModel
import TidemillPlacement
import TidemillReplay
import TidemillScheduler
import TidemillWire

/// Joins the scheduler to those who ask about placement. What is long to write is written here, while the scheduler goes on.
struct PlacementGateway: PlacementHandler {
    let scheduler: Scheduler

    func answer(_ review: Kinds.PlacementReview) async throws(APIError) -> Kinds.PlacementReviewStatus {
        try await scheduler.answer(review)
    }

    func decisions(latest count: Int) async -> [JSON] {
        await scheduler.decisions(latest: count).map(\.summary)
    }

    func decision(_ number: Int) async -> JSON? {
        await scheduler.decision(number)?.json
    }
}
