import Testing

@testable import TidemillWire

@Suite("JSONPatch.Limits")
struct JSONPatchLimitsTests {
    private func outcome(_ patch: JSON, _ document: JSON, _ limits: JSONPatch.Limits) -> Result<JSON, JSONPatchError> {
        Result { () throws(JSONPatchError) in try JSONPatch(patch, limits: limits).apply(to: document) }
    }

    private func copies(_ count: Int, from: String = "", path: String) -> JSON {
        .array(Array(repeating: ["op": "copy", "from": .string(from), "path": .string(path)], count: count))
    }

    @Test func `ten thousand operations are a patch, and one more is not`() {
        let test: JSON = ["op": "test", "path": "", "value": 7]
        #expect(outcome(.array(Array(repeating: test, count: 10_000)), 7, .init()) == .success(7))
        #expect(
            outcome(.array(Array(repeating: test, count: 10_001)), 7, .init())
                == .failure(.tooLarge("a JSON patch may have at most 10000 operations, not 10001")))
    }

    @Test func `copies that double the document end where all that they copied is too much`() {
        var limits = JSONPatch.Limits()
        limits.copiedBytes = 3 + 7 + 15
        limits.depth = 1000
        // Each turn copies the whole list behind itself.
        let document: JSON = [7]
        let doubling = copies(1, path: "/-")
        #expect(outcome(doubling, document, limits) == .success([7, [7]]))
        #expect(
            outcome(copies(10_000, path: "/-"), document, limits)
                == .failure(.tooLarge("patch[3]: the operations copy more than the patch may copy")))
        #expect(outcome(copies(10_000, path: "/-"), document, .init()).isTooLarge)
    }

    @Test func `what a copy adds counts in bytes, those of escapes too`() {
        var limits = JSONPatch.Limits()
        limits.copiedBytes = 8
        #expect(
            outcome(copies(1, from: "/a", path: "/b"), ["a": "\u{1}"], limits)
                == .success(["a": "\u{1}", "b": "\u{1}"]))
        limits.copiedBytes = 7
        #expect(outcome(copies(1, from: "/a", path: "/b"), ["a": "\u{1}"], limits).isTooLarge)
    }

    @Test(
        arguments: [
            ([["op": "add", "path": "/a/b", "value": 1]], true),
            ([["op": "add", "path": "/a/b", "value": []]], true),
            ([["op": "add", "path": "/a/b", "value": [[]]]], false),
            ([["op": "replace", "path": "/a", "value": ["b": ["c": 1]]]], true),
            ([["op": "replace", "path": "/a", "value": ["b": ["c": [1]]]]], false),
            ([["op": "copy", "from": "", "path": "/a/b"]], false),
            ([["op": "copy", "from": "/a", "path": "/a/b"]], true),
            ([["op": "copy", "from": "/x", "path": "/a/b"]], true),
            ([["op": "copy", "from": "/y", "path": "/a/b"]], false),
            ([["op": "move", "from": "/x", "path": "/a/b"]], true),
            ([["op": "move", "from": "/y", "path": "/a/b"]], false),
            ([["op": "add", "path": "/z/z/z/z/z", "value": []]], nil),
        ] as [(JSON, Bool?)])
    func `no operation nests the document deeper than the limit`(patch: JSON, fits: Bool?) {
        var limits = JSONPatch.Limits()
        limits.depth = 3
        let outcome = outcome(patch, ["a": [:], "x": [1], "y": [[1]]], limits)
        switch (fits, outcome) {
        case (true, .success), (nil, .failure(.unmet)): break
        case (false, .failure(let error)):
            #expect(error == .tooLarge("patch[0]: the document would be nested deeper than 3 levels"))
        default: Issue.record("\(outcome)")
        }
    }

    @Test func `copies into themselves never make a document that is too deep to walk through`() {
        #expect(
            outcome(copies(10_000, path: "/a"), ["a": 1], .init())
                == .failure(.tooLarge("patch[99]: the document would be nested deeper than 100 levels")))
    }

    @Test(
        arguments: [
            (["op": "remove", "path": "/list/0"], 1, 1004),
            (["op": "add", "path": "/list/0", "value": 1], 1, 1002),
            (["op": "replace", "path": "/object/k999", "value": [1, [1]]], 1, 1005),
            (["op": "test", "path": "/object/k999", "value": 999], 1, 1002),
            (["op": "add", "path": "/object/new", "value": 1], 1, 1002),
            (["op": "move", "from": "/object", "path": "/list/0"], 1, 2004 + 1),
            (["op": "add", "path": "/list/-", "value": 1], 10_000, 20_000),
            (["op": "replace", "path": "/list/999", "value": 1], 10_000, 20_000),
            (["op": "test", "path": "/list/999", "value": 999], 10_000, 20_000),
        ] as [(JSON, Int, Int)])
    func `what operations look at and move aside is counted`(operation: JSON, times: Int, steps: Int) {
        let document: JSON = [
            "list": .array((0..<1000).map(JSON.integer)),
            "object": .object(JSONObject((0..<1000).map { .init(key: "k\($0)", value: .integer($0)) })),
        ]
        let patch = JSON.array(Array(repeating: operation, count: times))
        var limits = JSONPatch.Limits()
        limits.steps = steps
        #expect(!outcome(patch, document, limits).isTooLarge)
        limits.steps = steps - 1
        #expect(outcome(patch, document, limits).isTooLarge)
    }

    /// A copy of the list for each item would take many minutes.
    @Test(.timeLimit(.minutes(1)))
    func `a document is changed in place: ten thousand items are put behind a million`() {
        let list = JSON.array(Array(repeating: 7, count: 1_000_000))
        let append: JSON = ["op": "add", "path": "/status/lists/0/-", "value": 7]
        let patched = outcome(.array(Array(repeating: append, count: 10_000)), ["status": ["lists": [list]]], .init())
        guard case .success(let document) = patched else {
            Issue.record("\(patched)")
            return
        }
        #expect(document.at(["status", "lists", "0"])?.array?.count == 1_010_000)
        #expect(list.array?.count == 1_000_000)
    }
}

extension Result<JSON, JSONPatchError> {
    fileprivate var isTooLarge: Bool {
        if case .failure(.tooLarge) = self { true } else { false }
    }
}
