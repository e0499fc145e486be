import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillWire

/// The form in which the journal keeps a plan: steps as short lists, since each slice has some thirty.
extension SlicePlan {
    package var json: JSON {
        var json: JSON = [
            "cut": cut.json, "grade": .string(grade.rawValue), "steps": .array(steps.map(\.json)),
            "unenforced": .array(unenforced.map { .string($0) }),
        ]
        json["cpusFile"] = cpusFile.map { .string($0) }
        return json
    }

    /// Nil when any of it is not what this version wrote: half a plan undoes half.
    package init?(json: JSON) {
        guard let cut = json["cut"].flatMap(SliceCut.init(json:)),
            let grade = json["grade"]?.string.flatMap(Kinds.IsolationGrade.init(rawValue:)),
            let items = json["steps"]?.array
        else { return nil }
        let steps = items.compactMap(SliceStep.init(json:))
        guard steps.count == items.count else { return nil }
        self.init(
            steps: steps, cut: cut, grade: grade, unenforced: json["unenforced"]?.array?.compactMap(\.string) ?? [],
            cpusFile: json["cpusFile"]?.string)
    }
}

extension SliceCut {
    var json: JSON {
        var json: JSON = ["cpus": .integers(cpus), "memoryNodes": .integers(memoryNodes), "whole": .bool(isWhole)]
        json["quota"] = quotaMilliCPU.map { .integer($0) }
        json["memory"] = memoryBytes.map { .integer($0) }
        return json
    }

    init?(json: JSON) {
        guard let cpus = json["cpus"]?.integers, let nodes = json["memoryNodes"]?.integers,
            let isWhole = json["whole"]?.bool
        else { return nil }
        self.init(
            cpus: cpus, isWhole: isWhole, memoryNodes: nodes, quotaMilliCPU: json["quota"]?.integer,
            memoryBytes: json["memory"]?.integer)
    }
}

extension SliceStep {
    var json: JSON {
        var json: JSON = ["do": action.json]
        json["undo"] = undo?.json
        return json
    }

    init?(json: JSON) {
        guard let action = json["do"].flatMap(SliceAction.init(json:)) else { return nil }
        let undo = json["undo"].flatMap(SliceUndo.init(json:))
        guard undo != nil || json["undo"] == nil else { return nil }
        self.init(action, undo: undo)
    }
}

extension SliceAction {
    var json: JSON {
        switch self {
        case .makeFolder(let path, let mode): ["folder", .string(path), .integer(Int64(mode))]
        case .makeGroup(let path): ["group", .string(path)]
        case .write(let path, let value): ["write", .string(path), .string(value)]
        case .throttle(let path, let value): ["throttle", .string(path), .string(value)]
        case .confirm(let path, let value): ["confirm", .string(path), .string(value)]
        case .filterDevices(let path, let rules):
            ["devices", .string(path), .array(rules.map { .string($0.description) })]
        case .probe(let probe): ["probe", probe.json]
        }
    }

    init?(json: JSON) {
        guard let items = json.array, items.count >= 2, let kind = items[0].string else { return nil }
        if kind == "probe" {
            guard let probe = ProbePlan(json: items[1]) else { return nil }
            self = .probe(probe)
            return
        }
        guard let path = items[1].string else { return nil }
        let last = items.count == 3 ? items[2] : nil
        switch (kind, last?.string, last?.integer, last?.array) {
        case ("group", nil, nil, nil): self = .makeGroup(path: path)
        case ("folder", _, let mode?, _): self = .makeFolder(path: path, mode: UInt32(truncatingIfNeeded: mode))
        case ("write", let value?, _, _): self = .write(path: path, value: value)
        case ("throttle", let value?, _, _): self = .throttle(path: path, value: value)
        case ("confirm", let value?, _, _): self = .confirm(path: path, value: value)
        case ("devices", _, _, let texts?):
            let rules = texts.compactMap { $0.string.flatMap { DeviceRule($0) } }
            guard rules.count == texts.count else { return nil }
            self = .filterDevices(path: path, rules: rules)
        default: return nil
        }
    }
}

extension SliceUndo {
    var json: JSON {
        switch self {
        case .removeGroup(let path): ["group", .string(path)]
        case .dropCache(let path, let value, let usage): ["cache", .string(path), .string(value), .string(usage)]
        }
    }

    init?(json: JSON) {
        let words = json.array?.compactMap(\.string) ?? []
        switch (words.first, words.count) {
        case ("group", 2): self = .removeGroup(path: words[1])
        case ("cache", 4): self = .dropCache(path: words[1], value: words[2], usage: words[3])
        default: return nil
        }
    }
}

extension ProbePlan {
    var json: JSON {
        var json: JSON = [
            "checks": .array(checks.map { .string($0.rawValue) }),
            "files": .array(cgroupFiles.map { .string($0) }),
        ]
        json["throttle"] = throttleFile.map { .string($0) }
        json["cpus"] = cpus.map { .string($0) }
        return json
    }

    init?(json: JSON) {
        guard let names = json["checks"]?.array, let files = json["files"]?.array else { return nil }
        let checks = names.compactMap { $0.string.flatMap(ProbeSpec.Check.init(rawValue:)) }
        guard checks.count == names.count else { return nil }
        self.init(
            checks: checks, throttleFile: json["throttle"]?.string, cpus: json["cpus"]?.string,
            cgroupFiles: files.compactMap(\.string))
    }
}

extension JSON {
    fileprivate static func integers(_ numbers: [Int]) -> JSON { .array(numbers.map { .integer(Int64($0)) }) }

    fileprivate var integers: [Int]? { array?.compactMap { $0.integer.map { Int(clamping: $0) } } }
}
