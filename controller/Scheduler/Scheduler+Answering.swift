import TidemillModel
import TidemillPlacement
import TidemillReplay
import TidemillSeams
import TidemillStore
import TidemillWire

/// Beside its cycles the scheduler answers questions, each on a copy of what it knows.
extension Scheduler {
    /// Why a job is where it is or waits, or whether one would fit. Throws `.notFound` for a job that does not exist.
    ///
    /// Thought about outside of the actor, which goes on granting.
    package nonisolated func answer(
        _ review: Kinds.PlacementReview
    ) async throws(APIError) -> Kinds.PlacementReviewStatus {
        try await answers().answer(review)
    }

    private func answers() async throws(APIError) -> PlacementAnswers {
        let permission = await authority.permission()
        let (jobs, revision) = try await mirror.all(Kinds.Job.self)
        let nodes = try await mirror.all(Kinds.Node.self).objects
        let holdings = try await holdings()
        let now = Timestamp(resources.time.wall())
        var view = view
        view.take(jobs)
        view.take(nodes)
        view.take(holdings)
        view.refresh(at: revision, now)
        return PlacementAnswers(view: view, snapshot: view.snapshot(revision, permission, now: now))
    }

    /// The latest decisions that are still known, the oldest first.
    package func decisions(latest count: Int) -> [DecisionRecord.Line] { view.placement.record?.latest(count) ?? [] }

    /// One decision with all that it was made on; nil when it is not known any more.
    package func decision(_ number: Int) -> RecordedDecision? {
        view.placement.record?.excerpt(number).map { RecordedDecision($0.excerpt, $0.line) }
    }
}
