import HTTPTypes
import TidemillModel
import TidemillStore
import TidemillWire

/// Answers what clients ask about themselves (`kubectl auth can-i`, `auth can-i --list`, `auth whoami`).
struct ReviewRoute: Sendable {
    let authorization: Authorization

    func answer(_ review: Review, _ call: Call) async throws(APIError) -> Reply {
        let body = try await call.tree()
        guard case .object = body else { throw .badRequest("a \(review.kind) must be an object, not \(body.typeName)") }
        for (field, wanted) in [("apiVersion", review.apiVersion), ("kind", review.kind)] {
            guard let found = body[field], found != .null, found != .string(wanted) else { continue }
            throw .badRequest("\(field) in the data (\(found.text)) does not match the expected \(field) (\(wanted))")
        }
        var answer: JSONObject = [
            "kind": .string(review.kind), "apiVersion": .string(review.apiVersion),
            "metadata": ["creationTimestamp": .null],
        ]
        if let spec = body["spec"] { answer.append("spec", spec) }
        answer.append("status", try status(review, body["spec"], call.peer))
        return .json(.object(answer), status: .created)
    }

    private func status(_ review: Review, _ spec: JSON?, _ peer: Peer) throws(APIError) -> JSON {
        switch review {
        case .subject:
            let groups = (peer.groups + ["system:authenticated"]).map(JSON.string)
            return ["userInfo": ["username": .string(peer.user), "groups": .array(groups)]]
        case .rules:
            return Self.rules(authorization.rules(for: peer))
        case .access:
            let refusal = try refusal(spec, peer)
            return refusal.map { ["allowed": false, "reason": .string($0)] } ?? ["allowed": true]
        }
    }

    /// Why the peer may not do what the spec names; nil when it may.
    private func refusal(_ spec: JSON?, _ peer: Peer) throws(APIError) -> String? {
        if let path = spec?["nonResourceAttributes"], path != .null {
            return authorization.mayRead(path: path["path"]?.string ?? "", peer)
                && (peer.isMaster || path["verb"]?.string == "get")
                ? nil : "operators alone may do that"
        }
        guard let wanted = spec?["resourceAttributes"], wanted != .null else {
            throw .invalid(
                kind: "SelfSubjectAccessReview.authorization.k8s.io", name: "",
                errors: [
                    .invalid(
                        "spec.resourceAttributes", "",
                        "exactly one of nonResourceAttributes or resourceAttributes must be specified")
                ])
        }
        // By kinds and verbs: which single object it is shows when it is written.
        let resource = [wanted["resource"], wanted["subresource"]].compactMap { $0?.string }.filter { !$0.isEmpty }
            .joined(separator: "/")
        let (verb, group) = (wanted["verb"]?.string ?? "", wanted["group"]?.string ?? "")
        let isAllowed = authorization.rules(for: peer).resources.contains { rule in
            [(rule.verbs, verb), (rule.groups, group), (rule.resources, resource)].allSatisfy {
                $0.0.contains($0.1) || $0.0.contains("*")
            }
        }
        return isAllowed
            ? nil : "User \"\(peer.user)\" cannot \(verb) resource \"\(resource)\" in API group \"\(group)\""
    }

    private static func rules(_ rules: AccessRules) -> JSON {
        [
            "resourceRules": .array(
                rules.resources.map {
                    [
                        "verbs": .array($0.verbs.map(JSON.string)), "apiGroups": .array($0.groups.map(JSON.string)),
                        "resources": .array($0.resources.map(JSON.string)),
                    ]
                }),
            "nonResourceRules": .array(
                rules.paths.map {
                    ["verbs": .array($0.verbs.map(JSON.string)), "nonResourceURLs": .array($0.paths.map(JSON.string))]
                }),
            "incomplete": .bool(rules.isIncomplete),
        ]
    }
}
