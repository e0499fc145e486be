import Testing

@testable import TidemillWire

@Suite("JSON writing")
struct JSONWritingTests {
    @Test(
        arguments: [
            (JSON.null, "null"), (true, "true"), (false, "false"), (0, "0"), (-7, "-7"), (1_234_567_890, "1234567890"),
            (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
            (.number("1.50"), "1.50"),
            ("", #""""#), ("a/b <é> 😀", #""a/b <é> 😀""#), ("q\"b\\", #""q\"b\\""#),
            ("\u{8}\u{9}\u{A}\u{C}\u{D}", #""\b\t\n\f\r""#),
            ("\0\u{1}\u{F}\u{10}\u{1F}", #""\u0000\u0001\u000f\u0010\u001f""#),
            ("\u{7F}\u{2028}", "\"\u{7F}\u{2028}\""), ([], "[]"), ([:], "{}"), ([1, [2, .null]], "[1,[2,null]]"),
            (["b": 1, "a": ["x": "y"]], #"{"b":1,"a":{"x":"y"}}"#), (["k\n": 1], #"{"k\n":1}"#),
        ] as [(JSON, String)])
    func `writes values without white space`(value: JSON, expected: String) {
        #expect(value.text == expected)
        #expect(value.bytes == Array(expected.utf8))
    }

    @Test func `what is written is read back the same`() throws {
        let every = String(String.UnicodeScalarView((0..<0x300).compactMap(Unicode.Scalar.init(_:))))
        let value: JSON = [
            every: .string(every), "n": [.integer(.min), .number("1e-7"), .null, true, [:], []], "😀": "\u{10FFFF}",
        ]
        let read = try JSON.parse(value.bytes)
        #expect(read == value)
        #expect(read.bytes == value.bytes)
    }

    @Test func `appends to what is there`() {
        var bytes = Array("x:".utf8)
        JSON.integer(-42).write(into: &bytes)
        JSONText.append(quoted: "ż", to: &bytes)
        JSONText.append(7, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "x:-42\"ż\"7")
    }

    @Test func `pretty text is indented as kubectl does it`() {
        let value: JSON = ["a": [1, [:], []], "b": ["c": .null]]
        #expect(
            value.prettyText == """
                {
                    "a": [
                        1,
                        {},
                        []
                    ],
                    "b": {
                        "c": null
                    }
                }

                """)
    }
}

@Suite("JSONObject")
struct JSONObjectTests {
    @Test func `equal members in another order are equal`() {
        let a: JSON = ["x": 1, "y": [2, ["p": 1, "q": 2]], "z": 3]
        let b: JSON = ["z": 3, "y": [2, ["q": 2, "p": 1]], "x": 1]
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
    }

    @Test func `other values, names or counts are unequal`() {
        let a: JSON = ["x": 1, "y": 2]
        #expect(a != ["x": 1, "y": 3])
        #expect(a != ["y": 1, "x": 2])
        #expect(a != ["x": 1, "z": 2])
        #expect(a != ["x": 1])
        #expect(a != ["x": 1, "y": 2, "z": 3])
    }

    @Test func `large objects compare in any order`() {
        let members = (0..<20_000).map { JSONObject.Member(key: "k\($0)", value: .integer($0)) }
        let forward = JSONObject(members)
        var backward = JSONObject(members.reversed())
        #expect(forward == backward)
        backward["k7"] = 8
        #expect(forward != backward)
    }

    @Test func `setting nil removes a member and setting a new key appends it`() {
        var value: JSON = ["a": 1, "b": 2]
        value["a"] = nil
        value["c"] = 3
        #expect(value.text == #"{"b":2,"c":3}"#)
        #expect(value.at(["b"]) == 2)
        #expect((["l": [["x": 5]]] as JSON).at(["l", "0", "x"]) == 5)
        #expect((["l": [1]] as JSON).at(["l", "1"]) == nil)
    }
}
