import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire
import TidemillYAML

/// A whole object, in place of what people read.
enum DocumentOutput: String, ExpressibleByArgument, CaseIterable {
    case yaml, json
}

/// Sends reviews of placement, and shows what comes back.
struct Reviewing {
    let session: Session
    let output: DocumentOutput?

    func ask(_ review: Kinds.PlacementReview, about subject: String) async throws {
        let answered = try await session.client.create(Kinds.PlacementReview.info, review.json)
        try show(answered, about: subject)
    }

    @discardableResult
    func show(_ answered: JSON, about subject: String) throws -> Kinds.PlacementReviewStatus {
        let status: Kinds.PlacementReviewStatus
        do {
            status = try Kinds.PlacementReview(json: answered).status
        } catch {
            throw Failure("the server's answer cannot be read: \(error)")
        }
        switch output {
        case nil: Terminal.say(ReviewText(subject: subject, status: status).lines.joined(separator: "\n"))
        case .json: Terminal.emit(answered.prettyText)
        case .yaml: Terminal.emit(YAMLWriter.text(answered))
        }
        return status
    }
}
