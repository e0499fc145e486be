import Testing
import TidemillModel

@testable import TidemillWire

/// A document, the patch, and what becomes of it.
private let applied: [(String, String, String)] = [
    // Nothing to do.
    ("{}", "[]", "{}"),
    (#"{"b":1,"a":[2]}"#, "[]", #"{"b":1,"a":[2]}"#),
    ("null", "[]", "null"),

    // add: members, new and old ones, with every kind of value.
    (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
    (#"{"a":1,"b":2}"#, #"[{"op":"add","path":"/a","value":3}]"#, #"{"a":3,"b":2}"#),
    (#"{"a":1}"#, #"[{"op":"add","path":"/A","value":2}]"#, #"{"a":1,"A":2}"#),
    ("{}", #"[{"op":"add","path":"/a","value":null}]"#, #"{"a":null}"#),
    ("{}", #"[{"op":"add","path":"/a","value":false}]"#, #"{"a":false}"#),
    ("{}", #"[{"op":"add","path":"/a","value":[1,{"b":[]}]}]"#, #"{"a":[1,{"b":[]}]}"#),
    (#"{"a":{"b":{}}}"#, #"[{"op":"add","path":"/a/b/c","value":"x"}]"#, #"{"a":{"b":{"c":"x"}}}"#),
    (#"{"a":[{"b":1}]}"#, #"[{"op":"add","path":"/a/0/c","value":2}]"#, #"{"a":[{"b":1,"c":2}]}"#),

    // add: items, at the front, between, at the end, and behind it.
    ("[1,2]", #"[{"op":"add","path":"/0","value":0}]"#, "[0,1,2]"),
    ("[1,2]", #"[{"op":"add","path":"/1","value":[9]}]"#, "[1,[9],2]"),
    ("[1,2]", #"[{"op":"add","path":"/2","value":3}]"#, "[1,2,3]"),
    ("[1,2]", #"[{"op":"add","path":"/-","value":3}]"#, "[1,2,3]"),
    ("[]", #"[{"op":"add","path":"/0","value":"x"}]"#, #"["x"]"#),
    ("[0,[1,[2]]]", #"[{"op":"add","path":"/1/1/-","value":{"a":[]}}]"#, #"[0,[1,[2,{"a":[]}]]]"#),
    (
        "[]",
        #"[{"op":"add","path":"/-","value":1},{"op":"add","path":"/-","value":2},{"op":"add","path":"/0","value":0}]"#,
        "[0,1,2]"
    ),

    // remove.
    (#"{"a":1,"b":[1,2],"c":3}"#, #"[{"op":"remove","path":"/b"}]"#, #"{"a":1,"c":3}"#),
    (#"{"a":null}"#, #"[{"op":"remove","path":"/a"}]"#, "{}"),
    (#"{"a":[{"b":1,"c":2}]}"#, #"[{"op":"remove","path":"/a/0/b"}]"#, #"{"a":[{"c":2}]}"#),
    ("[0,1,2,3]", #"[{"op":"remove","path":"/1"},{"op":"remove","path":"/2"}]"#, "[0,2]"),
    ("[0]", #"[{"op":"remove","path":"/0"}]"#, "[]"),

    // replace, also by another type, in its place.
    (#"{"a":1,"b":2}"#, #"[{"op":"replace","path":"/a","value":[1,2]}]"#, #"{"a":[1,2],"b":2}"#),
    (#"{"a":[1,2],"b":2}"#, #"[{"op":"replace","path":"/a","value":{"c":{}}}]"#, #"{"a":{"c":{}},"b":2}"#),
    (#"{"a":{"b":"x"}}"#, #"[{"op":"replace","path":"/a/b","value":null}]"#, #"{"a":{"b":null}}"#),
    (#"{"a":null}"#, #"[{"op":"replace","path":"/a","value":"x"}]"#, #"{"a":"x"}"#),
    (#"["x","y"]"#, #"[{"op":"replace","path":"/1","value":true}]"#, #"["x",true]"#),

    // move: the value goes first, then it comes.
    (#"{"a":1,"b":2}"#, #"[{"op":"move","from":"/a","path":"/c"}]"#, #"{"b":2,"c":1}"#),
    (#"{"a":1,"b":2}"#, #"[{"op":"move","from":"/a","path":"/b"}]"#, #"{"b":1}"#),
    (#"{"a":1,"b":2}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":1,"b":2}"#),
    (#"{"a":{"x":1},"b":{}}"#, #"[{"op":"move","from":"/a/x","path":"/b/y"}]"#, #"{"a":{},"b":{"y":1}}"#),
    (#"{"a":{"b":{"c":1}}}"#, #"[{"op":"move","from":"/a/b","path":"/a"}]"#, #"{"a":{"c":1}}"#),
    (#"{"a":null}"#, #"[{"op":"move","from":"/a","path":"/b"}]"#, #"{"b":null}"#),
    ("[0,1,2,3]", #"[{"op":"move","from":"/0","path":"/2"}]"#, "[1,2,0,3]"),
    ("[0,1,2,3]", #"[{"op":"move","from":"/3","path":"/0"}]"#, "[3,0,1,2]"),
    ("[0,1,2]", #"[{"op":"move","from":"/0","path":"/-"}]"#, "[1,2,0]"),
    (#"{"a":1}"#, #"[{"op":"move","from":"","path":""}]"#, #"{"a":1}"#),

    // copy: a value of its own.
    (#"{"a":{"b":[1]}}"#, #"[{"op":"copy","from":"/a/b","path":"/c"}]"#, #"{"a":{"b":[1]},"c":[1]}"#),
    (#"{"a":null}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":null,"b":null}"#),
    (#"{"a":1}"#, #"[{"op":"copy","from":"","path":"/b"}]"#, #"{"a":1,"b":{"a":1}}"#),
    (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":""}]"#, #"{"b":1}"#),
    (#"{"a":{}}"#, #"[{"op":"copy","from":"/a","path":"/a/b"}]"#, #"{"a":{"b":{}}}"#),
    ("[1,2]", #"[{"op":"copy","from":"/0","path":"/-"}]"#, "[1,2,1]"),
    (
        #"{"a":{"b":[{"c":1}]}}"#,
        #"[{"op":"copy","from":"/a","path":"/d"},{"op":"replace","path":"/d/b/0/c","value":2}]"#,
        #"{"a":{"b":[{"c":1}]},"d":{"b":[{"c":2}]}}"#
    ),
    (
        #"{"a":{"b":[{"c":1}]}}"#,
        #"[{"op":"copy","from":"/a","path":"/d"},{"op":"remove","path":"/a/b/0/c"}]"#,
        #"{"a":{"b":[{}]},"d":{"b":[{"c":1}]}}"#
    ),

    // The whole document.
    (#"{"a":1}"#, #"[{"op":"replace","path":"","value":{"b":2}}]"#, #"{"b":2}"#),
    (#"{"a":1}"#, #"[{"op":"add","path":"","value":[]}]"#, "[]"),
    (#""x""#, #"[{"op":"replace","path":"","value":7}]"#, "7"),
    ("[]", #"[{"op":"add","path":"","value":{}},{"op":"add","path":"/a","value":1}]"#, #"{"a":1}"#),

    // Names: escapes, empty ones, those that look like something else.
    (
        #"{"a/b":1,"c~d":2}"#, #"[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}]"#,
        #"{"c~d":3}"#
    ),
    (#"{"~1":1,"/":2}"#, #"[{"op":"remove","path":"/~01"}]"#, #"{"/":2}"#),
    ("{}", #"[{"op":"add","path":"/","value":1}]"#, #"{"":1}"#),
    (#"{"a":{}}"#, #"[{"op":"add","path":"/a/","value":1}]"#, #"{"a":{"":1}}"#),
    (#"{"":{"":1}}"#, #"[{"op":"remove","path":"//"}]"#, #"{"":{}}"#),
    ("{}", #"[{"op":"add","path":"/0","value":1},{"op":"add","path":"/-","value":2}]"#, #"{"0":1,"-":2}"#),
    (#"{"01":1,"1e0":2}"#, #"[{"op":"replace","path":"/01","value":3},{"op":"remove","path":"/1e0"}]"#, #"{"01":3}"#),
    (
        "{}",
        #"[{"op":"add","path":"/__proto__","value":{}},{"op":"add","path":"/__proto__/x","value":1},{"op":"add","path":"/constructor","value":2}]"#,
        #"{"__proto__":{"x":1},"constructor":2}"#
    ),
    (#"{"a":1}"#, #"[{"op":"remove","path":"/a","value":"spurious","from":7,"why":null}]"#, "{}"),

    // What kubectl and operators send.
    (
        #"{"metadata":{"name":"a","resourceVersion":"7"}}"#,
        #"[{"op":"test","path":"/metadata/resourceVersion","value":"7"},{"op":"add","path":"/metadata/finalizers","value":["kopf.zalando.org/f"]}]"#,
        #"{"metadata":{"name":"a","resourceVersion":"7","finalizers":["kopf.zalando.org/f"]}}"#
    ),
    (
        #"{"metadata":{"managedFields":[{"manager":"old"}],"resourceVersion":"7"}}"#,
        #"[{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"new"}]},{"op":"replace","path":"/metadata/resourceVersion","value":"7"}]"#,
        #"{"metadata":{"managedFields":[{"manager":"new"}],"resourceVersion":"7"}}"#
    ),
    (
        #"{"metadata":{"annotations":{"tidemill.dev/job":"x"}}}"#,
        #"[{"op":"remove","path":"/metadata/annotations/tidemill.dev~1job"}]"#, #"{"metadata":{"annotations":{}}}"#
    ),
]

/// A document and a test that it passes.
private let alike: [(String, String, String)] = [
    (#"{"a":{"x":1,"y":[2]}}"#, "/a", #"{"y":[2],"x":1}"#),
    (#"[{"x":1,"y":2}]"#, "", #"[{"y":2,"x":1}]"#),
    (#"{"a":null}"#, "/a", "null"),
    (#"{"":0," ":1,"a%b":2,"c^d":3,"e|f":4,"g\\h":5,"i\"j":6}"#, "/i\"j", "6"),
    ("[1]", "/0", "1.0"),
    ("[1.50]", "/0", "15e-1"),
    ("[100]", "/0", "1E+2"),
    ("[0]", "/0", "-0.0e7"),
    ("[0.00]", "/0", "0e99999999999"),
    ("[-250]", "/0", "-2.5e2"),
    ("[18446744073709551616]", "/0", "18446744073709551616.0"),
    ("[1e-99999999999999]", "/0", "1e-99999999999999"),
    (#"["A\u00e9"]"#, "/0", #""\u0041é""#),
]

/// A document, a test, and why it fails.
private let different: [(String, String, String, String)] = [
    ("[10]", "/0", #""10""#, #"the value is 10, not "10""#),
    ("[1]", "/0", "2", "the value is 1, not 2"),
    ("[1]", "/0", "-1", "the value is 1, not -1"),
    ("[1]", "/0", "1.0000000000000000000000000001", "the value is 1, not 1.0000000000000000000000000001"),
    ("[9007199254740993]", "/0", "9007199254740992.0", "the value is 9007199254740993, not 9007199254740992.0"),
    ("[1e-99999999999999]", "/0", "2e-99999999999999", "the value is 1e-99999999999999, not 2e-99999999999999"),
    ("[true]", "/0", "1", "the value is true, not 1"),
    ("[false]", "/0", "null", "the value is false, not null"),
    ("[[1,2]]", "/0", "[2,1]", "the value is [1,2], not [2,1]"),
    ("[[1,2]]", "/0", "[1]", "the value is [1,2], not [1]"),
    (#"[{"a":1}]"#, "/0", #"{"a":1,"b":null}"#, #"the value is {"a":1}, not {"a":1,"b":null}"#),
    (#"[{"a":1}]"#, "/0", #"{"b":1}"#, #"the value is {"a":1}, not {"b":1}"#),
    (#"["\u00e9"]"#, "/0", #""e\u0301""#, "the value is \"\u{e9}\", not \"e\u{301}\""),
    (#"[{"\u00e9":1}]"#, "/0", #"{"e\u0301":1}"#, "the value is {\"\u{e9}\":1}, not {\"e\u{301}\":1}"),
]

/// A document, a patch that it does not allow, and what is wrong.
private let unmet: [(String, String, String)] = [
    (
        #"{"a":1}"#, #"[{"op":"add","path":"/b/c","value":1}]"#,
        #"patch[0].path: Invalid value: "/b/c": there is no member "b""#
    ),
    (
        #"{"a":"x"}"#, #"[{"op":"add","path":"/a/b","value":1}]"#,
        #"patch[0].path: Invalid value: "/a/b": a string has no member "b""#
    ),
    (
        "7", #"[{"op":"add","path":"/a","value":1}]"#,
        #"patch[0].path: Invalid value: "/a": an integer has no member "a""#
    ),
    (
        "[1,2]", #"[{"op":"add","path":"/3","value":1}]"#,
        #"patch[0].path: Invalid value: "/3": there is no place 3 in an array of 2"#
    ),
    (
        "[1,2]", #"[{"op":"add","path":"/-1","value":1}]"#,
        #"patch[0].path: Invalid value: "/-1": "-1" is no index of an array"#
    ),
    (
        "[1]", #"[{"op":"add","path":"/a","value":1}]"#,
        #"patch[0].path: Invalid value: "/a": "a" is no index of an array"#
    ),
    (
        "[1]", #"[{"op":"add","path":"/00","value":1}]"#,
        #"patch[0].path: Invalid value: "/00": "00" is no index of an array"#
    ),
    (
        "[1]", #"[{"op":"add","path":"/99999999999999999999","value":1}]"#,
        #"patch[0].path: Invalid value: "/99999999999999999999": "99999999999999999999" is no index of an array"#
    ),
    (
        "[[1]]", #"[{"op":"add","path":"/-/0","value":1}]"#,
        #"patch[0].path: Invalid value: "/-/0": there is no item 1 in an array of 1"#
    ),
    (#"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, #"patch[0].path: Invalid value: "/b": there is no member "b""#),
    (
        "[0]", #"[{"op":"remove","path":"/1"}]"#,
        #"patch[0].path: Invalid value: "/1": there is no item 1 in an array of 1"#
    ),
    (
        "[0]", #"[{"op":"remove","path":"/-"}]"#,
        #"patch[0].path: Invalid value: "/-": there is no item 1 in an array of 1"#
    ),
    (
        #"[{"a":1}]"#, #"[{"op":"remove","path":"/1e0/a"}]"#,
        #"patch[0].path: Invalid value: "/1e0/a": "1e0" is no index of an array"#
    ),
    ("{}", #"[{"op":"remove","path":""}]"#, #"patch[0].path: Invalid value: "": the whole document cannot be removed"#),
    (
        #"{"a":1}"#, #"[{"op":"replace","path":"/b","value":1}]"#,
        #"patch[0].path: Invalid value: "/b": there is no member "b""#
    ),
    (
        "[0]", #"[{"op":"replace","path":"/-","value":1}]"#,
        #"patch[0].path: Invalid value: "/-": there is no item 1 in an array of 1"#
    ),
    (
        #"["x"]"#, #"[{"op":"replace","path":"/01","value":1}]"#,
        #"patch[0].path: Invalid value: "/01": "01" is no index of an array"#
    ),
    (
        #"{"a":1}"#, #"[{"op":"move","from":"/b","path":"/a"}]"#,
        #"patch[0].from: Invalid value: "/b": there is no member "b""#
    ),
    (
        #"{"a":1}"#, #"[{"op":"move","from":"/b","path":"/b"}]"#,
        #"patch[0].from: Invalid value: "/b": there is no member "b""#
    ),
    (
        "[0,[1]]", #"[{"op":"move","from":"/1","path":"/2"}]"#,
        #"patch[0].path: Invalid value: "/2": there is no place 2 in an array of 1"#
    ),
    (
        #"{"a":1}"#, #"[{"op":"copy","from":"/a/b","path":"/c"}]"#,
        #"patch[0].from: Invalid value: "/a/b": an integer has no member "b""#
    ),
    (
        #"{"a":1}"#, #"[{"op":"copy","from":"/a","path":"/b/c"}]"#,
        #"patch[0].path: Invalid value: "/b/c": there is no member "b""#
    ),
    (
        #"{"a":1}"#, #"[{"op":"test","path":"/b","value":null}]"#,
        #"patch[0].path: Invalid value: "/b": there is no member "b""#
    ),
    (
        "[0,1]", #"[{"op":"test","path":"/1e0","value":1}]"#,
        #"patch[0].path: Invalid value: "/1e0": "1e0" is no index of an array"#
    ),
    (
        #"{"metadata":{"resourceVersion":"8"}}"#,
        #"[{"op":"add","path":"/a","value":1},{"op":"test","path":"/metadata/resourceVersion","value":"7"}]"#,
        #"patch[1].path: Invalid value: "/metadata/resourceVersion": the test failed: the value is "8", not "7""#
    ),
    (
        "{}", #"[{"op":"add","path":"/a","value":1},{"op":"add","path":"/b","value":1},{"op":"remove","path":"/c"}]"#,
        #"patch[2].path: Invalid value: "/c": there is no member "c""#
    ),
]

/// What is no JSON patch, and what is wrong with it.
private let malformed: [(String, String)] = [
    ("{}", "patch: Invalid value: {}: must be an array of operations, not an object"),
    (#"{"spec":{"a":1}}"#, #"patch: Invalid value: {"spec":{"a":1}}: must be an array of operations, not an object"#),
    (#""x""#, #"patch: Invalid value: "x": must be an array of operations, not a string"#),
    ("null", "patch: Invalid value: null: must be an array of operations, not null"),
    ("[7]", "patch[0]: Invalid value: 7: must be an object, not an integer"),
    ("[[]]", "patch[0]: Invalid value: []: must be an object, not an array"),
    ("[{}]", "patch[0].op: Required value"),
    (#"[{"op":7,"path":"/a"}]"#, "patch[0].op: Invalid value: 7: must be a string, not an integer"),
    (
        #"[{"op":"spam","path":"/a","value":1}]"#,
        #"patch[0].op: Unsupported value: "spam": supported values: "add", "remove", "replace", "move", "copy", "test""#
    ),
    (
        #"[{"op":"Add","path":"/a","value":1}]"#,
        #"patch[0].op: Unsupported value: "Add": supported values: "add", "remove", "replace", "move", "copy", "test""#
    ),
    (#"[{"op":"add","value":1}]"#, "patch[0].path: Required value"),
    (#"[{"op":"add","path":null,"value":1}]"#, "patch[0].path: Invalid value: null: must be a string, not null"),
    (#"[{"op":"add","path":"/a"}]"#, "patch[0].value: Required value"),
    (#"[{"op":"replace","path":"/a"}]"#, "patch[0].value: Required value"),
    (#"[{"op":"test","path":"/a"}]"#, "patch[0].value: Required value"),
    (#"[{"op":"copy","path":"/a"}]"#, "patch[0].from: Required value"),
    (#"[{"op":"move","path":""}]"#, "patch[0].from: Required value"),
    (#"[{"op":"move","path":"/a","from":7}]"#, "patch[0].from: Invalid value: 7: must be a string, not an integer"),
    (
        #"[{"op":"remove","path":"/a"},{"op":"remove","path":"a"}]"#,
        #"patch[1].path: Invalid value: "a": a JSON pointer is empty or starts with "/", and has "~" only as "~0" and "~1""#
    ),
    (
        #"[{"op":"copy","path":"/a","from":"/a~2"}]"#,
        #"patch[0].from: Invalid value: "/a~2": a JSON pointer is empty or starts with "/", and has "~" only as "~0" and "~1""#
    ),
    (
        #"[{"op":"move","from":"/a","path":"/a/b"}]"#,
        #"patch[0].path: Invalid value: "/a/b": a value cannot be moved into itself"#
    ),
    (
        #"[{"op":"move","from":"","path":"/a"}]"#,
        #"patch[0].path: Invalid value: "/a": a value cannot be moved into itself"#
    ),
]

@Suite("JSONPatch")
struct JSONPatchTests {
    private func patch(_ text: String, limits: JSONPatch.Limits = .init()) throws -> JSONPatch {
        try JSONPatch(try JSON.parse(text), limits: limits)
    }

    @Test(arguments: applied)
    func `does what RFC 6902 says`(document: String, patch: String, result: String) throws {
        #expect(try self.patch(patch).apply(to: JSON.parse(document)).text == result)
    }

    @Test(arguments: alike)
    func `a test passes when the values are equal, however they are written`(
        document: String, path: String, value: String
    ) throws {
        let document = try JSON.parse(document)
        let test: JSON = [["op": "test", "path": .string(path), "value": try JSON.parse(value)]]
        #expect(try JSONPatch(test).apply(to: document) == document)
    }

    @Test(arguments: different)
    func `a test fails when they differ, and says in what`(
        document: String, path: String, value: String, reason: String
    ) throws {
        let test: JSON = [["op": "test", "path": .string(path), "value": try JSON.parse(value)]]
        let error = #expect(throws: JSONPatchError.self) { try JSONPatch(test).apply(to: JSON.parse(document)) }
        guard case .unmet(let fault) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(fault.message == "Invalid value: \"\(path)\": the test failed: \(reason)")
    }

    @Test(arguments: unmet)
    func `what the document does not allow is named, with its operation and its place`(
        document: String, patch: String, message: String
    ) throws {
        let error = #expect(throws: JSONPatchError.self) { try self.patch(patch).apply(to: JSON.parse(document)) }
        guard case .unmet(let fault) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(fault.description == message)
    }

    @Test(arguments: malformed)
    func `what is no patch is named, whatever the document`(patch: String, message: String) throws {
        let error = #expect(throws: JSONPatchError.self) { try self.patch(patch) }
        guard case .malformed(let fault) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(fault.description == message)
    }

    @Test func `an operation with two ops is no JSON that is read`() {
        let text = #"[{"op":"add","path":"/a","value":1,"op":"remove"}]"#
        #expect(throws: JSONError.self) { try JSON.parse(text) }
    }

    @Test func `errors become what Kubernetes clients know`() throws {
        let unreadable = #expect(throws: JSONPatchError.self) { try patch(#"[{"op":"add","path":"/a"}]"#) }
        let first = APIError(try #require(unreadable), kind: "Job.tidemill.dev", name: "a")
        #expect(first == .badRequest("the JSON patch cannot be read: patch[0].value: Required value"))
        #expect(first.statusCode == 400)

        let failed = #expect(throws: JSONPatchError.self) {
            try patch(#"[{"op":"remove","path":"/b"}]"#).apply(to: ["a": 1])
        }
        let status = Status(APIError(try #require(failed), kind: "Job.tidemill.dev", name: "a"))
        #expect(status.code == 422)
        #expect(status.reason == "Invalid")
        let cause = #"Invalid value: "/b": there is no member "b""#
        #expect(status.message == #"Job.tidemill.dev "a" is invalid: patch[0].path: \#(cause)"#)
        #expect(
            status.details?.causes == [.init(reason: "FieldValueInvalid", message: cause, field: "patch[0].path")])

        #expect(APIError(.tooLarge("x"), kind: "Job.tidemill.dev", name: "a").statusCode == 413)
    }
}
