import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillWire

extension DeviceSnapshot: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let grades: [String: GradeList] = try reader.map("classes")
        let numaNode: Int64? = try reader.optional("numaNode")
        let links: [String] = try reader.list("links")
        let capacity: DeviceAmounts = try reader.required("capacity")
        self.init(
            name: DeviceID(try reader.required("name")), isCPU: try reader.value("isCPU", default: false),
            classes: grades.mapValues(\.grades), isCordoned: try reader.value("isCordoned", default: false),
            isHealthy: try reader.value("isHealthy", default: true), capacity: capacity,
            allocatable: try reader.value("allocatable", default: capacity), numaNode: numaNode.map { Int($0) },
            attributes: try reader.map("attributes"), links: Set(links.map { DeviceID($0) }),
            held: try reader.list("held"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("name", name.rawValue)
        if isCPU { writer.put("isCPU", true) }
        writer.put("classes", classes.mapValues { GradeList(grades: $0) })
        if isCordoned { writer.put("isCordoned", true) }
        if !isHealthy { writer.put("isHealthy", false) }
        writer.put("capacity", capacity)
        if allocatable != capacity { writer.put("allocatable", allocatable) }
        writer.put("numaNode", numaNode.map { Int64($0) })
        writer.put("attributes", kind.attributes)
        writer.put("links", links.map(\.rawValue).sorted())
        writer.put("held", held)
        return writer.json
    }
}

/// The grades of one class.
private struct GradeList: WireValue {
    var grades: [Kinds.IsolationGrade]

    init(grades: [Kinds.IsolationGrade]) {
        self.grades = grades
    }

    init(json: JSON) throws(DecodeFailure) {
        guard case .array(let items) = json else { throw .mismatch("a list of isolation grades", json) }
        grades = []
        for item in items { grades.append(try Kinds.IsolationGrade(json: item)) }
    }

    var json: JSON { .array(grades.map(\.json)) }
}

extension NodeSnapshot: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let boot: String? = try reader.optional("bootID")
        self.init(
            name: NodeID(try reader.required("name")), bootID: boot.map { BootID($0) },
            state: try reader.required("state"), isCordoned: try reader.value("isCordoned", default: false),
            taints: try reader.list("taints"), labels: try reader.map("labels"), devices: try reader.list("devices"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("name", name.rawValue)
        writer.put("bootID", bootID?.rawValue)
        writer.put("state", state)
        if isCordoned { writer.put("isCordoned", true) }
        writer.put("taints", taints)
        writer.put("labels", labels)
        writer.put("devices", devices)
        return writer.json
    }
}
