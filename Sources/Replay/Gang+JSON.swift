import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillWire

extension Neighbour: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let nodes: [String] = try reader.list("nodes")
        let source: Source
        switch try reader.required("source") as String {
        case "affinity": source = .affinity
        case "antiAffinity": source = .antiAffinity
        case "antiAffinityOf": source = .other(try reader.required("job"))
        case let text:
            throw DecodeFailure(
                path: "source", message: "must be affinity, antiAffinity or antiAffinityOf, not \(text)")
        }
        self.init(
            source: source, isRequired: try reader.value("isRequired", default: false),
            within: try reader.required("within"), nodes: Set(nodes.map { NodeID($0) }))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        switch source {
        case .affinity: writer.put("source", "affinity")
        case .antiAffinity: writer.put("source", "antiAffinity")
        case .other(let job):
            writer.put("source", "antiAffinityOf")
            writer.put("job", job)
        }
        if isRequired { writer.put("isRequired", true) }
        writer.put("within", within)
        writer.put("nodes", nodes.map(\.rawValue).sorted())
        return writer.json
    }
}

extension PendingGang: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let passedOver: [String: String] = try reader.map("passedOver")
        self.init(
            namespace: try reader.required("namespace"), job: try reader.required("job"),
            members: try reader.list("members"), request: try reader.required("request"),
            tolerations: try reader.list("tolerations"),
            passedOver: Dictionary(passedOver.map { (NodeID($0.key), $0.value) }) { first, _ in first },
            constraints: try reader.value("constraints", default: Kinds.PlacementConstraints()),
            neighbours: try reader.list("neighbours"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("namespace", namespace)
        writer.put("job", job)
        writer.put("members", members)
        writer.put("request", request)
        writer.put("tolerations", tolerations)
        writer.put(
            "passedOver", Dictionary(passedOver.map { ($0.key.rawValue, $0.value) }) { first, _ in first })
        writer.putUnlessEmpty("constraints", constraints)
        writer.put("neighbours", neighbours)
        return writer.json
    }
}

extension Decision {
    /// What it decides, in full; equal decisions have equal bytes.
    package var json: JSON {
        var writer = ObjectWriter()
        switch self {
        case .place(let members): writer.put("place", members)
        case .pending(let cause):
            writer.put("reason", cause.reason.rawValue)
            writer.put("message", cause.message)
            writer.put("filters", cause.filters)
            writer.put("unblock", cause.remedy?.description)
        }
        return writer.json
    }
}

extension PendingCause.Filter: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let nodes: Int64 = try reader.required("nodes")
        self.init(
            text: try reader.required("text"), nodes: Int(nodes), largestFree: try reader.optional("largestFree"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("text", text)
        writer.put("nodes", Int64(nodes))
        writer.put("largestFree", largestFree)
        return writer.json
    }
}
