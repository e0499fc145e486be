import Testing
import TidemillWire

@testable import TidemillYAML

@Suite struct YAMLReaderTests {
    @Test(
        arguments: [
            ("a: 1", ["a": 1]),
            ("a: '1'", ["a": "1"]),
            ("a: yes\nb: off\nc: 12:30", ["a": "yes", "b": "off", "c": "12:30"]),
            ("a: true\nb: ~\nc:", ["a": true, "b": .null, "c": .null]),
            ("a: 250m\nb: 12.5%\nc: 512Mi", ["a": "250m", "b": "12.5%", "c": "512Mi"]),
            (
                "a: 0.50\nb: .5\nc: 1e3\nd: 007",
                ["a": .number("0.50"), "b": .number("0.5"), "c": .number("1e3"), "d": 7]
            ),
            (
                "a: 9223372036854775807\nb: 9223372036854775808",
                ["a": 9_223_372_036_854_775_807, "b": .number("9223372036854775808")]
            ),
            ("a: 0x1F\nb: 0o17\nc: -0x1F", ["a": 31, "b": 15, "c": "-0x1F"]),
            ("a: !!str 12", ["a": "12"]),
            ("a: &x [1, two]\nb: *x", ["a": [1, "two"], "b": [1, "two"]]),
            ("a: |\n  one\n  two\n", ["a": "one\ntwo\n"]),
        ] as [(String, JSON)])
    func `reads scalars by the core schema`(text: String, expected: JSON) throws {
        #expect(try YAMLReader.documents(text).map(\.value) == [expected])
    }

    @Test func `reads many documents, leaves empty ones out and knows their lines`() throws {
        let documents = try YAMLReader.documents("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n")
        #expect(documents.map(\.value) == [["a": 1], ["b": 2]])
        #expect(documents.map(\.line) == [2, 7])
    }

    @Test func `JSON is YAML`() throws {
        let documents = try YAMLReader.documents(#"{"a": [1, 2.5, "x\u00e9", null], "b": {"c": false}}"#)
        #expect(documents.map(\.value) == [["a": [1, .number("2.5"), "xé", .null], "b": ["c": false]]])
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3", 1, "duplicate key \"a\""),
        ("a:\n  b: [1, 2", 3, "did not find expected ',' or ']'"),
        ("a: 1\n\tb: 2", 2, "found a tab character that violates indentation"),
        ("a: .inf", 1, ".inf is no number that JSON can carry: write it in quotes"),
        ("a: {<<: {b: 1}}", 1, "merge keys (<<) are not supported: write the members out"),
        ("? [a, b]\n: 1", 1, "a key must be a plain value"),
    ])
    func `says where a fault is`(text: String, line: Int, reason: String) {
        do {
            let documents = try YAMLReader.documents(text)
            Issue.record("read as \(documents)")
        } catch {
            #expect(error.line == line, "\(error)")
            #expect(error.column != nil)
            #expect(error.reason == reason)
        }
    }

    @Test func `refuses ten thousand levels of nesting`() {
        #expect(throws: YAMLError.self) { try YAMLReader.documents(String(repeating: "[", count: 10_000)) }
        let closed = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let error = #expect(throws: YAMLError.self) { try YAMLReader.documents(closed) }
        #expect(error?.reason == "nested deeper than 100 levels")
        let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: YAMLError.self) { try YAMLReader.documents(deep) }
    }

    @Test func `refuses aliases that expand beyond all bounds`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let item = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: item, count: 10).joined(separator: ", "))]\n"
        }
        #expect(throws: YAMLError.self) { try YAMLReader.documents(text) }
    }
}

@Suite struct YAMLWriterTests {
    @Test(
        arguments: [
            ["a": 1, "b": "1", "c": "yes", "d": "null", "e": .null, "f": true, "g": ""],
            ["list": [1, "two", ["three"], ["four": 4, "five": [5, 6]], [:], []]],
            ["script": "set -eu\n  echo one\n\necho two\n", "noEnd": "a\nb", "twoEnds": "a\n\n", "space": " a\nb"],
            [
                "quantity": "512Mi", "percent": "12.5%", "time": "2026-11-21T03:35:29Z", "sexagesimal": "12:30",
                "exp": "1e3",
            ],
            [
                "key: with colon": "value: with colon", "#": "# hash", "-": "- dash", "é": "ü", "tab": "a\tb",
                "bell": "\u{7}",
            ],
            ["float": .number("0.50"), "large": .number("9223372036854775808"), "trailing ": "space "],
            ["nested": ["a": ["b": ["c": [["d": 1], ["d": 2]]]]]],
            [1, 2, ["a": "b"]],
            "plain", [:], [], .null, "multi\nline",
        ] as [JSON])
    func `writes what the reader reads back`(value: JSON) throws {
        let text = YAMLWriter.text(value)
        let read = try YAMLReader.documents(text).map(\.value)
        #expect(read == (value == .null ? [] : [value]), "\(text)")
    }

    @Test func `looks like kubectl's`() {
        let value: JSON = [
            "kind": "Job", "spec": ["devices": [["class": "cpu", "memory": "512Mi"]], "run": "a\nb\n"],
        ]
        #expect(
            YAMLWriter.text(value) == """
                kind: Job
                spec:
                  devices:
                  - class: cpu
                    memory: 512Mi
                  run: |
                    a
                    b

                """)
    }
}
