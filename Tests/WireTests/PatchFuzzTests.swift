import Testing
import TidemillModel

@testable import TidemillWire

/// RFC 6902 as plainly as it can be said: each operation makes a new document; nil is an error.
private enum PlainPatch {
    static func apply(_ operation: JSONPatch.Operation, to document: JSON) -> JSON? {
        switch operation {
        case .add(let path, let value): return add(value, to: document, path.tokens)
        case .remove(let path): return remove(from: document, path.tokens)
        case .replace(let path, let value):
            if path.tokens.isEmpty { return value }
            guard get(document, path.tokens) != nil else { return nil }
            return change(document, path.tokens) { parent, name in set(parent, name, value) }
        case .move(let from, let path):
            guard let value = get(document, from.tokens) else { return nil }
            if from.tokens == path.tokens { return document }
            return remove(from: document, from.tokens).flatMap { add(value, to: $0, path.tokens) }
        case .copy(let from, let path):
            return get(document, from.tokens).flatMap { add($0, to: document, path.tokens) }
        case .test(let path, let value):
            return get(document, path.tokens).flatMap { isEqual($0, value) ? document : nil }
        }
    }

    private static func index(_ name: String) -> Int? {
        guard let number = Int(name), number >= 0, Array("\(number)".utf8) == Array(name.utf8) else { return nil }
        return number
    }

    private static func get(_ document: JSON, _ path: [String]) -> JSON? {
        guard let name = path.first else { return document }
        let rest = Array(path.dropFirst())
        switch document {
        case .object(let object): return object[name].flatMap { get($0, rest) }
        case .array(let items):
            guard let index = index(name), index < items.count else { return nil }
            return get(items[index], rest)
        default: return nil
        }
    }

    /// The document with what `body` makes of the container that holds the last name.
    private static func change(_ document: JSON, _ path: [String], _ body: (JSON, String) -> JSON?) -> JSON? {
        if path.count == 1 { return body(document, path[0]) }
        guard let child = get(document, [path[0]]) else { return nil }
        return change(child, Array(path.dropFirst()), body).flatMap { set(document, path[0], $0) }
    }

    private static func set(_ container: JSON, _ name: String, _ value: JSON) -> JSON? {
        switch container {
        case .object(var object):
            object[name] = value
            return .object(object)
        case .array(var items):
            guard let index = index(name), index < items.count else { return nil }
            items[index] = value
            return .array(items)
        default: return nil
        }
    }

    private static func add(_ value: JSON, to document: JSON, _ path: [String]) -> JSON? {
        if path.isEmpty { return value }
        return change(document, path) { container, name in
            guard case .array(let items) = container else { return set(container, name, value) }
            guard let index = name == "-" ? items.count : index(name), index <= items.count else { return nil }
            return .array(items[..<index] + [value] + items[index...])
        }
    }

    private static func remove(from document: JSON, _ path: [String]) -> JSON? {
        if path.isEmpty || get(document, path) == nil { return nil }
        return change(document, path) { container, name in
            switch container {
            case .object(let object): return .object(JSONObject(object.members.filter { $0.key != name }))
            case .array(let items):
                return .array(items.enumerated().filter { "\($0.offset)" != name }.map(\.element))
            default: return nil
            }
        }
    }

    /// Numbers of the random documents differ by more than a rounding, but for one that no other is near to.
    private static func isEqual(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.integer, .integer): return a == b
        case (.integer, .number), (.number, .integer), (.number, .number): return Double(a.text) == Double(b.text)
        case (.string(let x), .string(let y)): return Array(x.utf8) == Array(y.utf8)
        case (.array(let x), .array(let y)):
            return x.count == y.count && x.indices.allSatisfy { isEqual(x[$0], y[$0]) }
        case (.object(let x), .object(let y)):
            return x.count == y.count
                && x.members.allSatisfy { member in y[member.key].map { isEqual(member.value, $0) } ?? false }
        default: return a == b
        }
    }
}

/// RFC 7386, section 2, line by line.
private func plainMerge(_ target: JSON, _ patch: JSON) -> JSON {
    guard case .object(let changes) = patch else { return patch }
    var result = target.object ?? JSONObject()
    for member in changes.members {
        result[member.key] = member.value == .null ? nil : plainMerge(result[member.key] ?? .null, member.value)
    }
    return .object(result)
}

/// Every failure names its seed.
@Suite("Patches, fuzzed")
struct PatchFuzzTests {
    @Test(arguments: Array(UInt64(1)...40))
    func `a JSON patch does what its operations do one after the other, or nothing`(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        var applied = 0
        var refused = 0
        for round in 0..<50 {
            let document = random.below(8) == 0 ? random.value() : random.object()
            var operations: [JSON] = []
            var expected: JSON? = document
            var firstRefused: Int?
            for index in 0..<(1 + random.below(4)) {
                operations.append(random.operation(on: expected ?? document))
                guard let before = expected else { continue }
                guard let patch = try? JSONPatch([operations[index]]) else {
                    // A move into itself, which needs no document to be wrong.
                    operations.removeLast()
                    operations.append(["op": "test", "path": "", "value": before])
                    continue
                }
                expected = PlainPatch.apply(patch.operations[0], to: before)
                if expected == nil { firstRefused = index }
            }
            let place: Comment = "seed \(seed), round \(round): \(JSON.array(operations).text) on \(document.text)"
            let outcome = Result { () throws(JSONPatchError) in
                try JSONPatch(.array(operations)).apply(to: document)
            }
            switch (outcome, expected) {
            case (.success(let result), .some(let expected)):
                #expect(result == expected, place)
                applied += 1
            case (.failure(.unmet(let fault)), .none):
                let index = try #require(firstRefused)
                #expect(fault.field.hasPrefix("patch[\(index)]."), place)
                refused += 1
            case (.failure(.malformed), .none): refused += 1
            default: Issue.record("\(outcome) where \(String(describing: expected)) is right; \(place)")
            }
        }
        #expect(applied > 5 && refused > 5, "seed \(seed): the patches say too little")
    }

    @Test(arguments: Array(UInt64(1)...20))
    func `whatever is sent as a patch is read or refused`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        var read = 0
        for _ in 0..<100 {
            let document = random.value()
            var operations = (0..<(1 + random.below(3))).map { _ in random.operation(on: document) }
            let spoilt = random.below(operations.count)
            operations[spoilt][random.pick(["op", "path", "from", "value"])] =
                random.below(3) == 0 ? nil : random.value(levels: 2)
            let patch = random.below(10) == 0 ? random.value() : .array(operations)
            let result = Result { () throws(JSONPatchError) in try JSONPatch(patch) }
            guard case .success(let parsed) = result else { continue }
            read += 1
            _ = Result { () throws(JSONPatchError) in try parsed.apply(to: document) }
        }
        #expect((1..<100).contains(read), "seed \(seed)")
    }

    @Test(arguments: Array(UInt64(1)...40))
    func `a merge patch does what RFC 7386 writes down`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for round in 0..<50 {
            let target = random.value()
            let patch = random.object()
            let place: Comment = "seed \(seed), round \(round): \(patch.text) on \(target.text)"
            let merged = MergePatch.apply(patch, to: target)
            #expect(merged == plainMerge(target, patch), place)
            #expect(MergePatch.apply(patch, to: merged) == merged, place)
        }
    }

    @Test(arguments: Array(UInt64(1)...40))
    func `a merge patch that was made of two documents makes the one of the other`(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for round in 0..<50 {
            let from = random.object()
            let to = random.object(allowsNull: false)
            let place: Comment = "seed \(seed), round \(round): from \(from.text) to \(to.text)"
            #expect(MergePatch.apply(MergePatch.diff(from: from, to: to), to: from) == to, place)
            #expect(MergePatch.diff(from: to, to: to) == [:], place)
        }
    }
}
