import Testing

@testable import TidemillWire

/// Target, patch and result of the examples in RFC 7386, appendix A.
private let appendixA: [(String, String, String)] = [
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
    (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
    (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
    (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
    (#"{"a":"foo"}"#, "null", "null"),
    (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
    ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
]

/// The example of section 3.
private let section3 = (
    #"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"x"}"#,
    #"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#,
    #"{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"x","phoneNumber":"+01-123-456-7890"}"#
)

@Suite("MergePatch")
struct MergePatchTests {
    @Test(arguments: appendixA + [section3])
    func `does what RFC 7386 shows`(target: String, patch: String, result: String) throws {
        let patched = MergePatch.apply(try JSON.parse(patch), to: try JSON.parse(target))
        #expect(patched.text == result)
    }

    @Test func `members that stay keep their places`() throws {
        let patched = MergePatch.apply(["b": 9, "d": 4, "a": .null], to: ["a": 1, "b": 2, "c": 3])
        #expect(patched.text == #"{"b":9,"c":3,"d":4}"#)
    }

    @Test(
        arguments: [
            (["a": 1, "b": ["c": 2, "d": [1]]], ["a": 1, "b": ["c": 3, "d": [1]]], #"{"b":{"c":3}}"#),
            (["a": 1, "b": 2], ["b": 2], #"{"a":null}"#),
            (["a": 1], ["a": 1, "b": ["c": 1]], #"{"b":{"c":1}}"#),
            (["a": ["x": 1]], ["a": [1]], #"{"a":[1]}"#),
            (["a": [1, 2]], ["a": [2]], #"{"a":[2]}"#),
            (["a": "x"], ["a": ["y": 1]], #"{"a":{"y":1}}"#),
            (["a": 1, "b": 2], ["b": 2, "a": 1], "{}"),
        ] as [(JSON, JSON, String)])
    func `diff makes the one of the other`(from: JSON, to: JSON, expected: String) {
        let patch = MergePatch.diff(from: from, to: to)
        #expect(patch.text == expected)
        #expect(MergePatch.apply(patch, to: from) == to)
    }

    @Test func `patches of a stranger's size are applied in linear time`() {
        let members = (0..<50_000).map { JSONObject.Member(key: "k\($0)", value: .integer($0)) }
        let target = JSON.object(JSONObject(members))
        let removal = JSON.object(JSONObject(members.dropFirst().map { .init(key: $0.key, value: .null) }))
        #expect(MergePatch.apply(removal, to: target) == ["k0": 0])
        #expect(MergePatch.diff(from: target, to: ["k0": 0]) == removal)
    }
}
