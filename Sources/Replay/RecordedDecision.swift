import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillWire

/// A decision as a file: everything that it was made on, and what it was.
package struct RecordedDecision: Sendable {
    private static let format = "tidemill.dev/decision/v1"

    package var excerpt: DecisionExcerpt
    package var revision: Int64
    package var time: String
    /// As it was made.
    package var decision: JSON

    package init(_ excerpt: DecisionExcerpt, _ line: DecisionRecord.Line) {
        self.excerpt = excerpt
        revision = line.revision.rawValue
        time = line.time
        decision = line.decision.json
    }

    /// Makes the decision again, and returns what comes out.
    package func replayed() -> JSON { excerpt.replayed()?.json ?? .null }
}

extension RecordedDecision: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let format: String = try reader.required("format")
        guard format == Self.format else {
            throw DecodeFailure(path: "format", message: "must be \(Self.format), not \(format)")
        }
        let number: Int64 = try reader.required("number")
        excerpt = DecisionExcerpt(
            number: Int(number), start: try reader.required("start"), steps: try reader.list("steps"))
        guard excerpt.gang != nil else { throw DecodeFailure(path: "steps", message: "must end with a decision") }
        revision = try reader.required("revision")
        time = try reader.value("time", default: "")
        guard let decision = json["decision"] else { throw DecodeFailure(path: "decision", message: "is required") }
        self.decision = decision
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("format", Self.format)
        writer.put("number", Int64(excerpt.number))
        writer.put("revision", revision)
        writer.put("time", time)
        writer.put("start", excerpt.start)
        writer.put("steps", excerpt.steps)
        guard case .object(var object) = writer.json else { return .null }
        object.append("decision", decision)
        return .object(object)
    }
}

extension DecisionExcerpt.Step: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        if let gang: PendingGang = try reader.optional("decide") {
            self = .decide(gang)
        } else if let member: PlannedMember = try reader.optional("release") {
            self = .release(member, try reader.required("namespace"))
        } else if json["classes"] != nil {
            self = .classes(try reader.list("classes"), try Prices(reader).prices)
        } else {
            let removed: [String] = try reader.list("removed")
            self = .changed(try reader.list("changed"), removed: removed.map { NodeID($0) })
        }
    }

    package var json: JSON {
        var writer = ObjectWriter()
        switch self {
        case .decide(let gang): writer.put("decide", gang)
        case .release(let member, let namespace):
            writer.put("release", member)
            writer.put("namespace", namespace)
        case .classes(let classes, let prices):
            return .object(
                JSONObject([
                    .init(key: "classes", value: .array(classes.map(JSON.string))),
                    .init(
                        key: "prices",
                        value: .object(
                            JSONObject(
                                prices.sorted { $0.key < $1.key }.map {
                                    .init(key: $0.key, value: .string($0.value.description))
                                }))),
                ]))
        case .changed(let nodes, let removed):
            writer.put("changed", nodes)
            writer.put("removed", removed.map(\.rawValue))
        }
        return writer.json
    }
}

extension DecisionRecord.Line {
    /// For lists: which gang, when, and what was decided.
    package var summary: JSON {
        var writer = ObjectWriter()
        writer.put("number", Int64(number))
        writer.put("time", time)
        writer.put("revision", revision.rawValue)
        writer.put("namespace", gang.namespace)
        writer.put("job", gang.job)
        writer.put("members", Int64(gang.members.count))
        switch decision {
        case .place(let members): writer.put("nodes", Set(members.map(\.node.rawValue)).sorted())
        case .pending(let cause):
            writer.put("reason", cause.reason.rawValue)
            writer.put("message", cause.message)
        }
        return writer.json
    }
}
