import Testing
import TidemillAPIServer
import TidemillModel
import TidemillWire

/// Says what it was asked.
private struct EchoingPlacement: PlacementHandler {
    func answer(_ review: Kinds.PlacementReview) async throws(APIError) -> Kinds.PlacementReviewStatus {
        if review.spec.jobName == "nobody" { throw .notFound(resource: "jobs.tidemill.dev", name: "nobody") }
        return Kinds.PlacementReviewStatus(
            answer: .now, message: "\(review.metadata.namespace) \(review.spec.job?.slice.cpu?.text ?? "-")")
    }

    func decisions(latest count: Int) async -> [JSON] { [["number": .integer(Int64(count))]] }

    func decision(_ number: Int) async -> JSON? { number == 7 ? ["number": 7] : nil }
}

@Suite struct PlacementRouteTests {
    private static let path = "/apis/tidemill.dev/v1alpha1/namespaces/default/placementreviews"

    private func review(_ spec: String) -> String {
        #"{"apiVersion":"tidemill.dev/v1alpha1","kind":"PlacementReview","metadata":{"name":"x"},"spec":\#(spec)}"#
    }

    @Test func `a review is answered, complete, and not kept`() async throws {
        try await withServer(placement: EchoingPlacement()) { test async throws in
            let job = #"{"job":{"slice":{"cpu":"250m"},"template":{"command":["true"]}}}"#
            let answer = try await test.admin.post(Self.path, review(job))
            #expect(answer.code == 201, "\(answer.text)")
            #expect(answer.json.at(["status", "answer"]) == "Now")
            #expect(answer.json.at(["status", "message"]) == "default 250m")
            #expect(answer.json.at(["spec", "job", "gang", "min"]) == 1, "defaults are filled in")
            #expect(answer.json.at(["metadata", "uid"])?.string?.isEmpty == false)
            #expect(try await test.admin.get(Self.path).code == 405)
            #expect(try await test.admin.get(Self.path + "/x").code == 405)
            #expect(try await test.admin.delete(Self.path + "/x").code == 405)
        }
    }

    @Test func `mistakes are named by their field`() async throws {
        try await withServer(placement: EchoingPlacement()) { test async throws in
            for (spec, message) in [
                (#"{}"#, "spec: Required value: name a job of the namespace with jobName"),
                (
                    #"{"job":{"slice":{"cpu":"0"},"template":{"command":["true"]}}}"#,
                    "spec.job.slice.cpu: Invalid value"
                ),
                (#"{"jobName":"a","job":{"slice":{"cpu":"1"},"template":{"command":["x"]}}}"#, "not both"),
                (#"{"jobname":"a"}"#, #"unknown field "spec.jobname""#),
            ] {
                let answer = try await test.admin.post(Self.path, review(spec))
                #expect(
                    answer.code >= 400 && answer.code < 500
                        && answer.text.contains(message.replacing("\"", with: "\\\"")), "\(answer.text)")
            }
            let nobody = try await test.admin.post(Self.path, review(#"{"jobName":"nobody"}"#))
            #expect(nobody.code == 404 && nobody.reason == "NotFound")
            let nowhere = Self.path.replacing("default", with: "nowhere")
            #expect(try await test.admin.post(nowhere, review(#"{"jobName":"a"}"#)).code == 404)
        }
    }

    @Test func `decisions are listed and given one by one`() async throws {
        try await withServer(placement: EchoingPlacement()) { test async throws in
            #expect(try await test.admin.get("/admin/v1/decisions?limit=3").json == ["items": [["number": 3]]])
            #expect(try await test.admin.get("/admin/v1/decisions?limit=0").code == 400)
            #expect(try await test.admin.get("/admin/v1/decisions/7").json == ["number": 7])
            #expect(try await test.admin.get("/admin/v1/decisions/8").code == 404)
            #expect(try await test.admin.get("/admin/v1/decisions/7/more").code == 404)
        }
    }

    @Test func `discovery says that reviews are created alone`() async throws {
        try await withServer { test async throws in
            let list = try await test.admin.get("/apis/tidemill.dev/v1alpha1").json["resources"]?.array ?? []
            #expect(list.first { $0["name"] == "placementreviews" }?["verbs"] == ["create"])
            #expect(!list.contains { $0["name"] == "placementreviews/status" })
            #expect(try await test.admin.post(Self.path, review(#"{"jobName":"a"}"#)).code == 404, "nobody answers")
        }
    }
}
