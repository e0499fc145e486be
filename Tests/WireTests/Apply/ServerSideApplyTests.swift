import Testing
import TidemillModel

@testable import TidemillWire

@Suite struct ServerSideApplyTests {
    // MARK: Ownership

    @Test func `who applies owns what is said, and no more`() throws {
        var scene = try ApplyScene()
        try scene.apply(
            "a",
            #"{"metadata":{"labels":{"x":"1"}},"spec":{"region":"r","tolerations":[{"key":"k"}],"finalizers":["f"],"env":[{"name":"A","value":"1"}],"drain":{"force":true},"pools":{"p":{"size":2}}}}"#
        )
        #expect(
            scene.content
                == #"{"metadata":{"name":"a","labels":{"x":"1"}},"spec":{"region":"r","tolerations":[{"key":"k"}],"finalizers":["f"],"env":[{"name":"A","value":"1"}],"drain":{"force":true},"pools":{"p":{"size":2}}}}"#
        )
        #expect(
            scene.owners == [
                "a": [
                    ".metadata.labels.x", ".spec.drain.force", #".spec.env[name="A"]"#, #".spec.env[name="A"].name"#,
                    #".spec.env[name="A"].value"#, #".spec.finalizers[="f"]"#, ".spec.pools.p", ".spec.pools.p.size",
                    ".spec.region", ".spec.tolerations",
                ]
            ])
    }

    @Test func `the same value is shared`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r","size":1}}"#)
        try scene.apply("b", #"{"spec":{"region":"r"}}"#)
        #expect(scene.owners == ["a": [".spec.region", ".spec.size"], "b": [".spec.region"]])
    }

    @Test func `a shared field stays until its last owner drops it`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r","size":1}}"#)
        try scene.apply("b", #"{"spec":{"region":"r"}}"#)
        try scene.apply("a", #"{"spec":{"size":1}}"#)
        #expect(scene.content == #"{"metadata":{"name":"a"},"spec":{"region":"r","size":1}}"#)
        try scene.apply("b", #"{"spec":{}}"#)
        #expect(scene.content == #"{"metadata":{"name":"a"},"spec":{"size":1}}"#)
        #expect(scene.owners == ["a": [".spec.size"], "b": [".spec"]])
    }

    @Test func `who applies nothing any more owns nothing`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"metadata":{"labels":{"x":"1"}},"spec":{"region":"r"}}"#)
        try scene.apply("a", "{}")
        #expect(scene.object.text == #"{"metadata":{"name":"a"}}"#)
    }

    @Test(
        arguments: [
            // A structure goes with what others filled in, unless another owns some of it.
            (#"{"drain":{"force":true}}"#, #"{"drain":{"timeout":"1s"}}"#, "{}", #"{}"#),
            // A list owned by item keeps the others' items, a set the others' values, a map the others' keys.
            (
                #"{"env":[{"name":"A"},{"name":"B"}]}"#, #"{"env":[{"name":"A"},{"name":"B"},{"name":"C"}]}"#,
                #"{"env":[{"name":"B"}]}"#, #"{"env":[{"name":"B"},{"name":"C"}]}"#
            ),
            (
                #"{"finalizers":["a","b"]}"#, #"{"finalizers":["c","a","b"]}"#, #"{"finalizers":["b"]}"#,
                #"{"finalizers":["c","b"]}"#
            ),
            (
                #"{"pools":{"p":{"size":1}}}"#, #"{"pools":{"q":{"size":2}}}"#, #"{"region":"r"}"#,
                #"{"pools":{"q":{"size":2}},"region":"r"}"#
            ),
            // An item goes with what nobody owns in it.
            (
                #"{"env":[{"name":"A"},{"name":"B"}]}"#, #"{"env":[{"name":"A","value":"1"},{"name":"B"}]}"#,
                #"{"env":[{"name":"B"}]}"#, #"{"env":[{"name":"B"}]}"#
            ),
            // What is left empty is not there.
            (#"{"region":"r","env":[{"name":"A"}]}"#, "{}", #"{"region":"r"}"#, #"{"region":"r"}"#),
            (#"{"region":"r","finalizers":["a"],"pools":{"p":{}}}"#, "{}", #"{"region":"r"}"#, #"{"region":"r"}"#),
            // A list owned whole goes whole.
            (#"{"region":"r","tolerations":[1,2]}"#, "{}", #"{"region":"r"}"#, #"{"region":"r"}"#),
        ])
    func `what an applier drops goes, unowned parts with it`(
        applied: String, filledIn: String, then: String, left: String
    ) throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":\#(applied)}"#)
        // Nobody's: what defaults or an untracked writer put there.
        scene.object = MergePatch.apply(try JSON.parse(#"{"spec":\#(filledIn)}"#), to: scene.object)
        try scene.apply("a", #"{"spec":\#(then)}"#)
        #expect(scene.object["spec"]?.text == left)
    }

    @Test func `an item in which another owns something stays, with what tells it apart`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"env":[{"name":"A","value":"1"}],"pools":{"p":{"size":1,"model":"m"}}}}"#)
        try scene.update("editor", #"{"spec":{"env":[{"name":"A","value":"2"}],"pools":{"p":{"size":2}}}}"#)
        try scene.apply("a", #"{"spec":{"region":"r"}}"#)
        #expect(
            scene.content
                == #"{"metadata":{"name":"a"},"spec":{"env":[{"name":"A","value":"2"}],"pools":{"p":{"size":2}},"region":"r"}}"#
        )
        #expect(scene.owners["editor (update)"] == [#".spec.env[name="A"].value"#, ".spec.pools.p.size"])
    }

    // MARK: Conflicts

    @Test(
        arguments: [
            (#"{"region":"s"}"#, [".spec.region"]),
            (#"{"region":"r","size":2}"#, []),
            (#"{"tolerations":[1]}"#, [".spec.tolerations"]),
            (#"{"tolerations":[]}"#, [".spec.tolerations"]),
            (#"{"tolerations":[1,2]}"#, []),
            (#"{"env":[{"name":"A","value":"2"}]}"#, [#".spec.env[name="A"].value"#]),
            (#"{"env":[{"name":"A"}]}"#, []),
            (#"{"env":[{"name":"B","value":"2"}]}"#, []),
            (#"{"finalizers":["f","g"]}"#, []),
            (#"{"drain":{"timeout":"1s"}}"#, []),
            (#"{"drain":{"force":false,"timeout":"1s"}}"#, [".spec.drain.force"]),
            (#"{"pools":{"p":{"size":2,"model":"m"},"q":{"size":1}}}"#, [".spec.pools.p.size"]),
            (#"{"region":"s","drain":{"force":false}}"#, [".spec.drain.force", ".spec.region"]),
        ] as [(String, [String])])
    func `another value of what another owns is a conflict`(applied: String, fields: [String]) throws {
        var scene = try ApplyScene()
        try scene.apply(
            "a",
            #"{"spec":{"region":"r","tolerations":[1,2],"env":[{"name":"A","value":"1"}],"finalizers":["f"],"drain":{"force":true},"pools":{"p":{"size":1}}}}"#
        )
        #expect(try scene.conflict("b", #"{"spec":\#(applied)}"#) == fields.map { #"conflict with "a": "# + $0 })
        // Force changes hands, and only those.
        let before = try #require(scene.owners["a"])
        try scene.apply("b", #"{"spec":\#(applied)}"#, force: true)
        #expect(scene.owners["a"] == before.filter { !fields.contains($0) })
        for field in fields { #expect(scene.owners["b"]?.contains(field) == true) }
    }

    @Test func `a conflict names each owner, and how it came to own`() throws {
        var scene = try ApplyScene(
            #"{"spec":{"region":"r","size":1,"tolerations":[1],"env":[{"name":"A","value":"1"}]}}"#)
        try scene.apply("b", #"{"spec":{"size":1}}"#)
        try scene.update("a", #"{"spec":{"region":"s"}}"#)
        try scene.update("sub", #"{"spec":{"env":[{"name":"A","value":"2"}]}}"#, subresource: "scale")
        #expect(
            try scene.conflict(
                "c", #"{"spec":{"region":"x","size":9,"tolerations":[],"env":[{"name":"A","value":"9"}]}}"#)
                == [
                    #"conflict with "a" using tidemill.dev/v1: .spec.region"#,
                    #"conflict with "b": .spec.size"#,
                    #"conflict with "before-first-apply" using tidemill.dev/v1: .spec.size"#,
                    #"conflict with "before-first-apply" using tidemill.dev/v1: .spec.tolerations"#,
                    #"conflict with "sub" with subresource "scale" using tidemill.dev/v1: .spec.env[name="A"].value"#,
                ])
    }

    @Test func `one's own update is another's, and force ends it`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r"}}"#)
        try scene.update("a", #"{"spec":{"region":"s"}}"#)
        #expect(
            try scene.conflict("a", #"{"spec":{"region":"r"}}"#) == [
                #"conflict with "a" using tidemill.dev/v1: .spec.region"#
            ])
        try scene.apply("a", #"{"spec":{"region":"r"}}"#, force: true)
        #expect(scene.owners == ["a": [".spec.region"]])
    }

    @Test func `conflicts are told as Kubernetes tells them`() throws {
        let updater = ManagedFields.Key(FieldWriter(manager: "kubectl-patch", apiVersion: "tidemill.dev/v1"), .update)
        let applier = ManagedFields.Key(FieldWriter(manager: "a\"b", apiVersion: "tidemill.dev/v1"), .apply)
        let one = FieldConflict(owner: updater, path: [.field("spec"), .field("region")])
        let other = FieldConflict(owner: applier, path: [.field("spec"), .key([.init(key: "type", value: "Ready")])])
        #expect(
            Status(APIError(conflicts: [one])).json.text
                == #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Apply failed with 1 conflict: conflict with \"kubectl-patch\" using tidemill.dev/v1: .spec.region","reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"kubectl-patch\" using tidemill.dev/v1","field":".spec.region"}]},"code":409}"#
        )
        let both = Status(APIError(conflicts: [one, other]))
        #expect(
            both.message
                == #"Apply failed with 2 conflicts: conflict with "kubectl-patch" using tidemill.dev/v1: .spec.region, conflict with "a\"b": .spec[type="Ready"]"#
        )
        #expect(both.details?.causes.map(\.field) == [".spec.region", #".spec[type="Ready"]"#])
        let many = Status(APIError(conflicts: Array(repeating: one, count: 70)))
        #expect(many.message.hasPrefix("Apply failed with 70 conflicts: "))
        #expect(many.message.hasSuffix(", and 6 more"))
        #expect(many.details?.causes.count == 64)
    }

    // MARK: Stability

    @Test func `applying the same again changes nothing`() throws {
        let configuration =
            #"{"metadata":{"labels":{"x":"1"}},"spec":{"drain":{},"tolerations":[],"env":[{"name":"B"},{"name":"A"}],"finalizers":["f"]}}"#
        var scene = try ApplyScene(#"{"spec":{"env":[{"name":"A","value":"1"},{"name":"C"}],"size":1}}"#)
        try scene.apply("a", configuration)
        let first = scene.object
        try scene.apply("a", configuration)
        #expect(scene.object.text == first.text)
        try scene.apply("a", configuration, force: true)
        #expect(scene.object.text == first.text)
    }

    @Test func `an entry's time is that of the last change of its set by its writer`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r","size":1}}"#)
        try scene.apply("b", #"{"spec":{"region":"r"}}"#)
        #expect(scene.times == ["a": 1, "b": 2])
        try scene.apply("a", #"{"spec":{"region":"r","size":2}}"#)
        #expect(scene.times == ["a": 1, "b": 2])
        try scene.apply("b", #"{"spec":{"region":"r","size":3}}"#, force: true)
        #expect(scene.times == ["a": 1, "b": 4])
        try scene.apply("a", #"{"spec":{}}"#)
        #expect(scene.times == ["a": 5, "b": 4])
        try scene.update("c", #"{"metadata":{"labels":{"x":"1"}}}"#)
        try scene.update("c", #"{"metadata":{"labels":{"x":"2"}}}"#)
        #expect(scene.times == ["a": 5, "b": 4, "c": 6])
    }

    @Test(
        arguments: [
            ("[]", #"["b","a"]"#, #"["b","a"]"#),
            (#"["a","b"]"#, #"["b","a"]"#, #"["b","a"]"#),
            (#"["a","x","b"]"#, #"["b","a"]"#, #"["b","x","a"]"#),
            (#"["x","a","y","b","z"]"#, #"["n","b","m","a","o"]"#, #"["x","n","b","y","m","a","z","o"]"#),
            (#"["x"]"#, #"["a"]"#, #"["x","a"]"#),
            (#"["a","a","x"]"#, #"["a"]"#, #"["a","x"]"#),
        ])
    func `items stand in the order of who applies last, others in their places`(
        live: String, applied: String, result: String
    ) throws {
        let merged = FieldShape.set.merged(try JSON.parse(live), with: try JSON.parse(applied))
        #expect(merged.text == result)
    }

    @Test func `what cannot be stored makes no conflict between those who say it alike`() throws {
        var scene = try ApplyScene()
        for manager in ["a", "b"] {
            try scene.apply(manager, #"{"spec":{"tolerations":[],"drain":{}}}"#)
            // The store keeps neither.
            scene.object["spec"] = ["region": "r"]
        }
        #expect(
            try scene.conflict("c", #"{"spec":{"tolerations":[1]}}"#)
                == ["a", "b"].map { #"conflict with "\#($0)": .spec.tolerations"# })
        #expect(try scene.conflict("c", #"{"spec":{"drain":{"force":true}}}"#) == [])
    }

    @Test func `an empty list clears what one owns`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"tolerations":[1]}}"#)
        try scene.apply("a", #"{"spec":{"tolerations":[]}}"#)
        #expect(scene.object["spec"]?.text == #"{"tolerations":[]}"#)
        #expect(scene.owners == ["a": [".spec.tolerations"]])
    }

    // MARK: What came before

    @Test func `what was there before the first apply is owned by that name`() throws {
        var scene = try ApplyScene(
            #"{"metadata":{"labels":{"x":"1"}},"spec":{"region":"r","size":1},"status":{"n":1}}"#)
        try scene.apply("a", #"{"spec":{"region":"r"}}"#)
        #expect(
            scene.owners == [
                "a": [".spec.region"],
                "before-first-apply (update)": [".metadata.labels.x", ".spec.region", ".spec.size"],
            ])
        #expect(
            try scene.conflict("a", #"{"spec":{"size":2}}"#) == [
                #"conflict with "before-first-apply" using tidemill.dev/v1: .spec.size"#
            ])
    }

    @Test func `a new object belongs to nobody before`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r"}}"#)
        #expect(scene.owners == ["a": [".spec.region"]])
    }

    @Test func `entries of another version are forgotten`() throws {
        var scene = try ApplyScene(
            #"{"metadata":{"managedFields":[{"manager":"old","operation":"Apply","apiVersion":"tidemill.dev/v0","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:region":{}}}},{"manager":"b","operation":"Apply","apiVersion":"tidemill.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:size":{}}}}]},"spec":{"region":"r","size":1}}"#
        )
        try scene.apply("a", #"{"spec":{"region":"s"}}"#)
        #expect(scene.owners == ["a": [".spec.region"], "b": [".spec.size"]])
    }
}
