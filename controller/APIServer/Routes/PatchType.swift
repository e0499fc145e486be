import HTTPTypes
import TidemillStore
import TidemillWire

/// How a patch says what it changes: the media type of its body.
enum PatchType: String, CaseIterable, Sendable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    /// A part of the object, with the fields that its writer claims. JSON is YAML.
    case apply = "application/apply-patch+yaml"

    /// Throws `.unsupportedMediaType`: for the strategic merge that `kubectl patch` sends by default, too, since our lists
    /// say their keys in the schema and not in the patch.
    init(of call: Call) throws(APIError) {
        let header = call.header(.contentType)
        let type = header.flatMap(MediaRange.init(parsing:)).map { "\($0.type)/\($0.subtype)" }
        guard let type, let known = PatchType(rawValue: type) else {
            let accepted = Self.allCases.map(\.rawValue).joined(separator: ", ")
            let problem =
                header.map { "the body of the request was in an unknown format (\(type ?? $0))" }
                ?? "a patch needs a Content-Type"
            throw .unsupportedMediaType("\(problem) - accepted media types include: \(accepted)")
        }
        self = known
    }

    /// Reads a body that is no apply. Throws `.badRequest` and `.tooLarge`.
    func patch(_ body: JSON) throws(APIError) -> ObjectPatch {
        if self == .merge { return .merge(body) }
        do throws(JSONPatchError) {
            return .json(try JSONPatch(body))
        } catch {
            throw APIError(error, kind: "", name: "")
        }
    }
}
