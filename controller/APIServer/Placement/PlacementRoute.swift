import HTTPTypes
import NIOCore
import TidemillModel
import TidemillStore
import TidemillWire

/// Reviews of placement, and its decisions. Operators only: both show what other tenants hold.
struct PlacementRoute: Sendable {
    let resources: Resources
    let authorization: Authorization
    let handler: (any PlacementHandler)?

    /// Decisions that one list shows at most.
    private static let mostDecisions = 10_000

    /// Answers a review that is created in a namespace.
    func review(_ kind: KindInfo, namespace: String?, _ call: Call) async throws(APIError) -> Reply {
        guard let namespace else {
            throw .methodNotAllowed("an object of \(kind.plural) is created in a namespace")
        }
        let attributes = Attributes(verb: .create, kind: kind, namespace: namespace, name: nil, part: nil)
        try authorization.checkKnown(call.peer, attributes)
        let options = try call.writeOptions()
        let body = try await call.object()
        try await authorization.check(call.peer, attributes, body: body)
        let (tree, warnings) = try await resources.review(kind, namespace: namespace, body, options)
        var review: Kinds.PlacementReview
        do throws(DecodeFailure) {
            review = try Kinds.PlacementReview(json: tree)
        } catch {
            throw .badRequest("\(error)")
        }
        review.status = try await answering().answer(review)
        var reply = Reply.json(review.json.bytes, status: .created)
        reply.warn(warnings)
        return reply
    }

    /// `GET /admin/v1/decisions` and `/admin/v1/decisions/NUMBER`.
    func decisions(_ number: String?, _ call: Call) async throws(APIError) -> Reply {
        guard call.peer.isMaster else {
            throw .forbidden("forbidden: User \"\(call.peer.user)\" cannot get path \"/admin/v1/decisions\"")
        }
        let handler = try answering()
        guard let number else {
            let count = try Self.count(call.query["limit"])
            let lines = await handler.decisions(latest: count)
            return .json((["items": .array(lines)] as JSON).bytes)
        }
        guard let wanted = Int(number), let decision = await handler.decision(wanted) else {
            throw .notFound(resource: "decisions", name: number)
        }
        return .json(decision.bytes)
    }

    private static func count(_ text: String?) throws(APIError) -> Int {
        guard let text, !text.isEmpty else { return 100 }
        guard let count = Int(text), count > 0 else {
            throw .badRequest("limit: Invalid value: \"\(text)\": must be a number of decisions, such as 100")
        }
        return min(count, mostDecisions)
    }

    private func answering() throws(APIError) -> any PlacementHandler {
        guard let handler else { throw .noSuchPath }
        return handler
    }
}
