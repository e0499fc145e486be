import Testing
import TidemillSeams

@testable import TidemillWire

@Suite struct FieldSetTests {
    private func set(_ text: String) throws -> FieldSet {
        try FieldSet(json: JSON.parse(text))
    }

    @Test(
        arguments: [
            "{}",
            #"{"f:spec":{}}"#,
            #"{"f:spec":{"f:a":{},"f:b":{".":{},"f:c":{}}}}"#,
            #"{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:status":{},"f:type":{}}}}}"#,
            #"{"f:metadata":{"f:finalizers":{".":{},"v:\"a/b\"":{}},"f:labels":{"f:x.y/z":{}}}}"#,
            #"{"f:l":{"i:0":{},"i:12":{}},"v:1":{},"v:true":{}}"#,
            #"{"f:":{},"f:.":{},"f:f:":{}}"#,
        ])
    func `what is written is what was read`(text: String) throws {
        #expect(try set(text).json.text == text)
    }

    @Test(
        arguments: [
            (#"{"f:b":{},"f:a":{}}"#, #"{"f:a":{},"f:b":{}}"#),
            (#"{"v:1":{},"i:0":{},"k:{}":{},"f:z":{}}"#, #"{"f:z":{},"k:{}":{},"v:1":{},"i:0":{}}"#),
            (
                #"{"v:\"a\"":{},"v:10":{},"v:9":{},"v:true":{},"v:-1.5":{}}"#,
                #"{"v:-1.5":{},"v:9":{},"v:10":{},"v:\"a\"":{},"v:true":{}}"#
            ),
            (#"{"k:{\"b\":1,\"a\":2}":{}}"#, #"{"k:{\"a\":2,\"b\":1}":{}}"#),
            (
                #"{"k:{\"a\":2}":{},"k:{\"a\":1,\"b\":0}":{},"k:{\"a\":1}":{}}"#,
                #"{"k:{\"a\":1}":{},"k:{\"a\":1,\"b\":0}":{},"k:{\"a\":2}":{}}"#
            ),
            (#"{"f:a":{".":{}}}"#, #"{"f:a":{}}"#),
            (
                #"{"k:{\"a\":1}":{"f:x":{}},"k:{ \"a\" : 1 }":{".":{},"f:y":{}}}"#,
                #"{"k:{\"a\":1}":{".":{},"f:x":{},"f:y":{}}}"#
            ),
            (#"{"x:new":{"f:a":{}},"f:b":{}}"#, #"{"f:b":{}}"#),
            (#"{"f:a":{"x:new":{}}}"#, #"{"f:a":{}}"#),
        ])
    func `any spelling is written in one`(text: String, canonical: String) throws {
        #expect(try set(text).json.text == canonical)
    }

    @Test(
        arguments: [
            ("[]", #""fieldsV1" must be an object, not an array"#),
            (#"{"f:a":1}"#, #""f:a" must be an object, not an integer"#),
            (#"{"f:a":{"f:b":null}}"#, #""f:b" must be an object, not null"#),
            (#"{"":{}}"#, #""" is no field: a letter and a colon must come first"#),
            (#"{"f":{}}"#, #""f" is no field: a letter and a colon must come first"#),
            (#"{"spec":{}}"#, #""spec" is no field: a letter and a colon must come first"#),
            (#"{"é:x":{}}"#, #""é:x" is no field: a letter and a colon must come first"#),
            (#"{"i:x":{}}"#, #""i:x" is no field: a number must follow i:"#),
            (#"{"i:99999999999999999999":{}}"#, #""i:99999999999999999999" is no field: a number must follow i:"#),
            (#"{"v:":{}}"#, #""v:" is no field: line 1, column 1: the document ends too early"#),
            (#"{"v:[1]":{}}"#, #""v:[1]" is no field: a scalar must follow v:"#),
            (#"{"v:1 2":{}}"#, #""v:1 2" is no field: line 1, column 3: unexpected "2" after the document"#),
            (#"{"k:1":{}}"#, #""k:1" is no field: an object of scalars must follow k:"#),
            (#"{"k:{\"a\":{}}":{}}"#, #""k:{\"a\":{}}" is no field: an object of scalars must follow k:"#),
        ])
    func `what is malformed is named`(text: String, message: String) throws {
        #expect(throws: FieldSetError(message: message)) { try set(text) }
    }

    @Test func `paths go from the root to the leaves`() throws {
        let paths = try set(
            #"{"f:spec":{".":{},"f:env":{"k:{\"name\":\"A\"}":{".":{},"f:value":{}}}},"f:tags":{"v:\"x\"":{}},"i:1":{}}"#
        ).paths.map { $0.map(\.text).joined() }
        #expect(paths == [".spec", #".spec.env[name="A"]"#, #".spec.env[name="A"].value"#, #".tags[="x"]"#, "[1]"])
    }

    @Test(
        arguments: [
            (
                #"{"f:a":{},"f:b":{"f:c":{}}}"#, #"{"f:b":{},"f:d":{}}"#,
                #"{"f:a":{},"f:b":{".":{},"f:c":{}},"f:d":{}}"#, "{}", #"{"f:a":{},"f:b":{"f:c":{}}}"#
            ),
            (
                #"{"f:b":{".":{},"f:c":{}}}"#, #"{"f:b":{}}"#, #"{"f:b":{".":{},"f:c":{}}}"#, #"{"f:b":{}}"#,
                #"{"f:b":{"f:c":{}}}"#
            ),
            (
                #"{"f:b":{"f:c":{},"f:d":{}}}"#, #"{"f:b":{"f:d":{},"f:e":{}}}"#,
                #"{"f:b":{"f:c":{},"f:d":{},"f:e":{}}}"#, #"{"f:b":{"f:d":{}}}"#, #"{"f:b":{"f:c":{}}}"#
            ),
            (#"{"f:a":{}}"#, #"{"f:a":{}}"#, #"{"f:a":{}}"#, #"{"f:a":{}}"#, "{}"),
        ])
    func `sets are joined, met and taken from each other`(
        a: String, b: String, union: String, intersection: String, difference: String
    ) throws {
        let (a, b) = (try set(a), try set(b))
        #expect(a.union(b).json.text == union)
        #expect(a.intersection(b).json.text == intersection)
        #expect(a.subtracting(b).json.text == difference)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `random sets keep the laws of sets, and survive writing and reading`(seed: UInt64) throws {
        var random = RandomFields(seed: seed)
        for _ in 0..<20 {
            let (a, b) = (random.set(depth: 3), random.set(depth: 3))
            let (left, right) = (Set(a.paths), Set(b.paths))
            #expect(Set(a.union(b).paths) == left.union(right), "seed \(seed)")
            #expect(Set(a.intersection(b).paths) == left.intersection(right), "seed \(seed)")
            #expect(Set(a.subtracting(b).paths) == left.subtracting(right), "seed \(seed)")
            #expect(a.subtracting(b).union(a.intersection(b)) == a, "seed \(seed)")
            #expect(a.union(b) == b.union(a), "seed \(seed)")
            #expect(try set(a.json.text) == a, "seed \(seed)")
            #expect(try set(a.json.text).json.text == a.json.text, "seed \(seed)")
            for node in a.nodes { #expect(a[node.step] == node, "seed \(seed)") }
        }
    }

    @Test func `sets of a stranger's size are read and joined in less than quadratic time`() throws {
        let members = (0..<20_000).map { JSONObject.Member(key: "f:k\(($0 * 7919) % 20_000)", value: [:]) }
        let all = try FieldSet(json: .object(JSONObject(members)))
        let half = try FieldSet(json: .object(JSONObject(Array(members.prefix(10_000)))))
        #expect(all.nodes.count == 20_000)
        #expect(all.union(half) == all)
        #expect(all.subtracting(half).nodes.count == 10_000)
    }
}

/// Makes sets of fields, from a seed.
private struct RandomFields {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func set(depth: Int) -> FieldSet {
        let count = Int(random.next() % 4)
        return FieldSet(
            (0..<count).map { _ in
                FieldSet.Node(
                    step, isMember: random.next() & 1 == 0, below: depth == 0 ? FieldSet() : set(depth: depth - 1))
            })
    }

    private var step: FieldStep {
        mutating get {
            let number = Int64(random.next() % 3)
            return switch random.next() % 4 {
            case 0: .field(["a", "é", "\"\\"][Int(number)])
            case 1: .key([.init(key: "n", value: .integer(number)), .init(key: "t", value: "x")])
            case 2: .value([.integer(number), .string("\(number)"), .number("0.\(number)")][Int(number)])
            default: .index(Int(number))
            }
        }
    }
}
