import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct BadInputTests {
    /// What a client may send wrongly, and what it must then read.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: [UInt8]
        var code: Int
        var reason: String
        /// All must be in the message.
        var says: [String]

        init(_ description: String, _ body: String, _ code: Int, _ reason: String, says: [String]) {
            self.init(description, bytes: Array(body.utf8), code, reason, says: says)
        }

        init(_ description: String, bytes: [UInt8], _ code: Int, _ reason: String, says: [String]) {
            testDescription = description
            body = bytes
            self.code = code
            self.reason = reason
            self.says = says
        }
    }

    private static func job(slice: String) -> String {
        #"{"metadata":{"name":"x"},"spec":{"slice":\#(slice),"template":{"command":["a"]}}}"#
    }

    static let cases: [Case] = [
        Case(
            "unknown field", jobText("x", extra: #","bogus":1"#), 400, "BadRequest",
            says: [#"strict decoding error: unknown field "spec.bogus""#]),
        Case(
            "unknown field deep down",
            job(slice: #"{"cpu":"1","memory":"64Mi","devices":[{"class":"t","colour":"red"}]}"#),
            400, "BadRequest", says: [#"spec.slice.devices[0].colour"#]),
        Case(
            "wrong type", jobText("x", extra: #","retries":"three""#), 422, "Invalid",
            says: ["spec.retries", "must be an integer, not a string"]),
        Case("spec of the wrong type", #"{"metadata":{"name":"x"},"spec":[]}"#, 422, "Invalid", says: ["spec"]),
        Case("metadata of the wrong type", #"{"metadata":7,"spec":{}}"#, 400, "BadRequest", says: ["metadata"]),
        Case(
            "negative quantity", job(slice: #"{"cpu":"-1","memory":"64Mi"}"#), 422, "Invalid",
            says: ["spec.slice.cpu", "-1"]),
        Case(
            "absurd quantity", job(slice: #"{"cpu":"99999999999999999999999","memory":"64Mi"}"#), 422, "Invalid",
            says: ["spec.slice.cpu", "99999999999999999999999"]),
        Case(
            "no quantity at all", job(slice: #"{"cpu":"lots","memory":"64Mi"}"#), 422, "Invalid",
            says: ["spec.slice.cpu", "lots"]),
        Case("bad name", jobText("Hello_World"), 422, "Invalid", says: ["metadata.name", "Hello_World"]),
        Case(
            "no name", #"{"metadata":{},"spec":{"slice":{"cpu":"1","memory":"64Mi"},"template":{"command":["a"]}}}"#,
            422, "Invalid", says: ["metadata.name", "Required"]),
        Case(
            "required field missing", #"{"metadata":{"name":"x"},"spec":{}}"#, 422, "Invalid",
            says: ["spec.slice", "Required"]),
        Case(
            "duplicate key", #"{"metadata":{"name":"x"},"spec":{"retries":1,"retries":2}}"#, 400, "BadRequest",
            says: ["retries", "line 1", "column"]),
        Case(
            "10,000 levels of nesting",
            String(repeating: #"{"a":"#, count: 10_000) + "1" + String(repeating: "}", count: 10_000), 400,
            "BadRequest",
            says: ["100 levels"]),
        Case(
            "invalid UTF-8", bytes: Array(#"{"metadata":{"name":""#.utf8) + [0xC3, 0x28] + Array(#""}}"#.utf8), 400,
            "BadRequest", says: ["UTF-8", "metadata.name"]),
        Case("no JSON", "{", 400, "BadRequest", says: ["not valid JSON", "line 1"]),
        Case("no object", "[]", 400, "BadRequest", says: ["must be an object, not an array"]),
        Case("nothing", "", 400, "BadRequest", says: ["empty"]),
        Case("another kind", #"{"kind":"Node","metadata":{"name":"x"}}"#, 400, "BadRequest", says: ["Node", "Job"]),
        Case(
            "another namespace", #"{"metadata":{"name":"x","namespace":"other"}}"#, 400, "BadRequest",
            says: ["other", "default"]),
    ]

    @Test(arguments: cases) func `is a Status that names the field and the value`(_ bad: Case) async throws {
        try await withServer { test async throws in
            let answer = try await test.admin.send(
                .POST, Path.jobs, body: .bytes(ByteBuffer(bytes: bad.body)),
                headers: [("Content-Type", "application/json")])
            #expect(answer.code == bad.code, "\(answer.text)")
            #expect(answer.json["kind"] == "Status")
            #expect(answer.reason == bad.reason)
            for text in bad.says {
                #expect(answer.message?.contains(text) == true, "\(text) in: \(answer.message ?? "")")
            }
            #expect(try await test.admin.get(Path.jobs).json["items"] == [], "nothing was stored")
        }
    }

    @Test func `a body of 10 MiB is too large, with and without a length, and the server goes on`() async throws {
        try await withServer { test async throws in
            let large = ByteBuffer(repeating: UInt8(ascii: " "), count: 10 << 20)
            let known = try await test.admin.send(.POST, Path.jobs, body: .bytes(large))
            #expect(known.code == 413)
            #expect(known.reason == "RequestEntityTooLarge")
            #expect(known.message?.contains("3145728") == true)
            let chunks = AsyncStream<ByteBuffer> { stream in
                for _ in 0..<10 { stream.yield(ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 20)) }
                stream.finish()
            }
            let unknown = try await test.admin.send(.POST, Path.jobs, body: .stream(chunks, length: .unknown))
            #expect(unknown.code == 413)
            #expect(try await test.admin.get("/healthz").text == "ok")
        }
    }

    @Test(arguments: [
        ("/apis/tidemill.dev/v1alpha1/dragons", 404), ("/apis/tidemill.dev/v9/jobs", 404), ("/apis/other/v1/jobs", 404),
        ("/apis/tidemill.dev/v1alpha1/namespaces/default/jobs/x/size", 404), ("/nope", 404), ("/agent/v1/nope", 404),
        ("/apis/tidemill.dev/v1alpha1/namespaces/default/jobs/missing", 404),
        ("/apis/tidemill.dev/v1alpha1/nodes?watch=perhaps", 400), ("/api//v1/namespaces//default", 200),
    ]) func `a path that names nothing is a Status`(_ path: String, _ code: Int) async throws {
        try await withServer { test async throws in
            let answer = try await test.admin.get(path)
            #expect(answer.code == code, "\(answer.text)")
            if code != 200 { #expect(answer.json["kind"] == "Status") }
        }
    }

    @Test func `bodies in other formats are refused with the list of what is accepted`() async throws {
        try await withServer { test async throws in
            for type in ["application/cbor", "application/merge-patch+json", "application/vnd.other.protobuf"] {
                let answer = try await test.admin.post(Path.jobs, "a: b", type: type)
                #expect(answer.code == 415)
                #expect(answer.message?.contains("application/json") == true)
            }
            let yaml = try await test.admin.post(Path.jobs, "a: [", type: "application/yaml")
            #expect(yaml.code == 400)
            #expect(yaml.message?.contains("line ") == true)
            let bomb = "a: &a [x, x]\nb: &b [*a, *a]\n? *b\n: 1\n"
            let marked = try await test.admin.post(Path.jobs, bomb, type: "application/yaml")
            #expect(marked.code == 400)
            #expect(marked.message?.contains("anchors and aliases") == true)
            let two = try await test.admin.post(Path.jobs, "a: 1\n---\nb: 2\n", type: "application/yaml")
            #expect(two.message == "the body of the request must be one YAML document, and it has 2")
            let protobuf = try await test.admin.post(Path.jobs, "k8s", type: "application/vnd.kubernetes.protobuf")
            #expect(protobuf.code == 400)
            #expect(protobuf.message?.hasPrefix("the protobuf body cannot be read") == true)
            #expect(
                try await test.admin.post(Path.jobs, jobText("x"), type: "application/x-www-form-urlencoded").code
                    == 201)
        }
    }

    @Test func `methods that do not fit are refused`() async throws {
        try await withServer { test async throws in
            #expect(try await test.admin.post("/version", "{}").code == 405)
            #expect(try await test.admin.put(Path.jobs, "{}").code == 405)
            #expect(try await test.admin.post(Path.group + "/jobs", jobText("x")).code == 405)
        }
    }
}
