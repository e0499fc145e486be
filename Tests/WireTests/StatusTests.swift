import Testing
import TidemillModel

@testable import TidemillWire

@Suite("Status")
struct StatusTests {
    private static let required = FieldError(field: "spec.replicas", reason: .required, message: "Required value")
    private static let invalid = FieldError(
        field: "spec.a", reason: .invalid, value: "x", message: "Invalid value: \"x\": must be y")

    /// The error, its code, reason and message.
    private static let table: [(APIError, Int, String, String)] = [
        (.badRequest("no"), 400, "BadRequest", "no"),
        (.unauthorized("Unauthorized"), 401, "Unauthorized", "Unauthorized"),
        (.forbidden("f"), 403, "Forbidden", "f"),
        (.notFound(resource: "pools.tidemill.dev", name: "a"), 404, "NotFound", #"pools.tidemill.dev "a" not found"#),
        (.notFound(resource: "namespaces", name: "x"), 404, "NotFound", #"namespaces "x" not found"#),
        (.noSuchPath, 404, "NotFound", "the server could not find the requested resource"),
        (.methodNotAllowed("m"), 405, "MethodNotAllowed", "m"),
        (.notAcceptable("n"), 406, "NotAcceptable", "n"),
        (
            .alreadyExists(resource: "pools.tidemill.dev", name: "a"), 409, "AlreadyExists",
            #"pools.tidemill.dev "a" already exists"#
        ),
        (
            .modified(resource: "pools.tidemill.dev", name: "a"), 409, "Conflict",
            #"Operation cannot be fulfilled on pools.tidemill.dev "a": the object has been modified; please apply your changes to the latest version and try again"#
        ),
        (.expired("too old resource version: 1 (5)"), 410, "Expired", "too old resource version: 1 (5)"),
        (.tooLarge("l"), 413, "RequestEntityTooLarge", "l"),
        (.unsupportedMediaType("u"), 415, "UnsupportedMediaType", "u"),
        (
            .invalid(kind: "Pool.tidemill.dev", name: "a", errors: [required]), 422, "Invalid",
            #"Pool.tidemill.dev "a" is invalid: spec.replicas: Required value"#
        ),
        (
            .invalid(kind: "Pool.tidemill.dev", name: "a", errors: [required, invalid]), 422, "Invalid",
            #"Pool.tidemill.dev "a" is invalid: [spec.replicas: Required value, spec.a: Invalid value: "x": must be y]"#
        ),
        (.tooManyRequests(retryAfterSeconds: 3), 429, "TooManyRequests", "Too many requests, please try again later."),
        (.internalError("i"), 500, "InternalError", "Internal error occurred: i"),
        (.unavailable("disk full"), 503, "ServiceUnavailable", "disk full"),
        (.futureRevision(requested: 9, current: 4), 504, "Timeout", "Too large resource version: 9, current: 4"),
        (.timeout("t"), 504, "Timeout", "Timeout: t"),
    ]

    @Test(arguments: table)
    func `an error says what kubectl prints`(error: APIError, code: Int, reason: String, message: String) {
        let status = Status(error)
        #expect(status.code == code)
        #expect(status.reason == reason)
        #expect(status.message == message)
        #expect(!status.isSuccess)
        #expect(error.statusCode == code)
    }

    @Test(arguments: table)
    func `a client gets back the error that the server meant`(
        error: APIError, code: Int, reason: String, message: String
    ) throws {
        let status = try #require(Status(json: try JSON.parse(Status(error).json.bytes)))
        #expect(status == Status(error))
        let back = APIError(status: status)
        if case .invalid(let kind, let name, let errors) = error {
            // The refused value itself does not travel; the message has it.
            #expect(
                back
                    == .invalid(
                        kind: kind, name: name,
                        errors: errors.map { FieldError(field: $0.field, reason: $0.reason, message: $0.message) }))
        } else {
            #expect(back == error)
        }
    }

    @Test func `the details name group, plural and object`() {
        let body = Status(.notFound(resource: "pools.tidemill.dev", name: "a")).json
        #expect(
            body.text
                == #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pools.tidemill.dev \"a\" not found","reason":"NotFound","details":{"name":"a","group":"tidemill.dev","kind":"pools"},"code":404}"#
        )
    }

    @Test func `invalid fields are causes, under the kind's own name`() {
        let details = Status(.invalid(kind: "Pool.tidemill.dev", name: "a", errors: [Self.invalid])).json["details"]
        #expect(details?["kind"] == "Pool")
        #expect(
            details?["causes"] == [
                ["reason": "FieldValueInvalid", "message": "Invalid value: \"x\": must be y", "field": "spec.a"]
            ])
    }

    @Test func `what may pass says when to come back`() {
        #expect(Status(.unavailable("x")).details?.retryAfterSeconds == 1)
        #expect(Status(.tooManyRequests(retryAfterSeconds: 7)).json.at(["details", "retryAfterSeconds"]) == 7)
    }

    @Test func `a success tells whose object is gone`() {
        let body = Status(
            isSuccess: true, reason: "", message: "",
            details: .init(name: "a", group: "tidemill.dev", kind: "jobs", uid: "u"), code: 200
        ).json
        #expect(
            body.text
                == #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"a","group":"tidemill.dev","kind":"jobs","uid":"u"},"code":200}"#
        )
    }

    @Test func `another document is no status`() {
        #expect(Status(json: ["kind": "Job"]) == nil)
        #expect(Status(json: []) == nil)
        #expect(APIError(status: Status(reason: "", message: "teapot", code: 418)) == .internalError("teapot"))
    }
}
