import Testing
import TidemillModel

@testable import TidemillWire

@Suite struct ServerSideUpdateTests {
    private let writer = FieldWriter(manager: "a", apiVersion: ApplyScene.version)

    private func created(_ parts: String) throws -> ApplyScene {
        var scene = try ApplyScene(parts)
        scene.object = ServerSideApply.update(
            from: nil, to: scene.object, by: writer, along: ApplyScene.shape, now: Timestamp(seconds: 0))
        return scene
    }

    @Test func `who creates owns all of it but what is nobody's`() throws {
        let scene = try created(
            #"{"kind":"K","metadata":{"labels":{"x":"1"}},"spec":{"region":"r","env":[{"name":"A"}]},"status":{"n":1}}"#
        )
        #expect(
            scene.owners == [
                "a (update)": [
                    ".metadata.labels.x", #".spec.env[name="A"]"#, #".spec.env[name="A"].name"#, ".spec.region",
                ]
            ])
    }

    @Test(
        arguments: [
            (
                #"{"spec":{"region":"s"}}"#, [".spec.region"],
                [".spec.drain.force", ".spec.finalizers[=\"f\"]", ".spec.size"]
            ),
            (
                #"{"spec":{"region":"r"}}"#, [],
                [".spec.drain.force", ".spec.finalizers[=\"f\"]", ".spec.region", ".spec.size"]
            ),
            (#"{"spec":{"size":null}}"#, [], [".spec.drain.force", ".spec.finalizers[=\"f\"]", ".spec.region"]),
            (#"{"spec":{"drain":null}}"#, [], [".spec.finalizers[=\"f\"]", ".spec.region", ".spec.size"]),
            (
                #"{"spec":{"drain":{"timeout":"1s"}}}"#, [".spec.drain.timeout"],
                [".spec.drain.force", ".spec.finalizers[=\"f\"]", ".spec.region", ".spec.size"]
            ),
            (
                #"{"spec":{"finalizers":["g"]}}"#, [".spec.finalizers[=\"g\"]"],
                [".spec.drain.force", ".spec.region", ".spec.size"]
            ),
            (
                #"{"status":{"n":1},"metadata":{"name":"b"}}"#, [],
                [".spec.drain.force", ".spec.finalizers[=\"f\"]", ".spec.region", ".spec.size"]
            ),
        ] as [(String, [String], [String])])
    func `who writes takes what changes, and what is removed is nobody's`(
        patch: String, taken: [String], left: [String]
    ) throws {
        var scene = try created(#"{"spec":{"region":"r","size":1,"finalizers":["f"],"drain":{"force":true}}}"#)
        try scene.update("b", patch)
        #expect(scene.owners["a (update)"] == left)
        #expect(scene.owners["b (update)"] ?? [] == taken)
    }

    @Test func `an applied field that another writes is that other's`() throws {
        var scene = try ApplyScene()
        try scene.apply("a", #"{"spec":{"region":"r","size":1}}"#)
        try scene.update("b", #"{"spec":{"region":"s"}}"#)
        #expect(scene.owners == ["a": [".spec.size"], "b (update)": [".spec.region"]])
        try scene.update("b", #"{"spec":{"region":null}}"#)
        #expect(scene.owners == ["a": [".spec.size"]])
    }

    @Test func `nothing is followed in an object that nobody owns`() throws {
        var scene = try ApplyScene(#"{"spec":{"region":"r"}}"#)
        try scene.update("b", #"{"spec":{"region":"s"}}"#)
        #expect(scene.owners == [:])
        #expect(scene.object["metadata"]?["managedFields"] == nil)
    }

    @Test(arguments: ["[]", "[{}]"])
    func `an empty list or entry forgets the owners`(text: String) throws {
        var scene = try created(#"{"spec":{"region":"r"}}"#)
        try scene.update("b", #"{"metadata":{"managedFields":\#(text)},"spec":{"region":"s"}}"#)
        #expect(scene.object.text == #"{"metadata":{"name":"a"},"spec":{"region":"s"}}"#)
    }

    @Test(
        arguments: [
            "null", "1", #""x""#, "{}", "[1]", "[{},{}]", #"[{"manager":"x"}]"#,
            #"[{"manager":"x","operation":"Apply","apiVersion":"tidemill.dev/v1","fieldsType":"FieldsV1","fieldsV1":{"region":{}}}]"#,
            #"[{"manager":"x","operation":"Apply","apiVersion":"tidemill.dev/v1","fieldsType":"FieldsV1","fieldsV1":{}}]"#,
        ])
    func `owners that cannot be read, or are none, leave those that are stored`(text: String) throws {
        var scene = try created(#"{"spec":{"region":"r","size":1}}"#)
        try scene.update("b", #"{"metadata":{"managedFields":\#(text)},"spec":{"size":2}}"#)
        #expect(scene.owners == ["a (update)": [".spec.region"], "b (update)": [".spec.size"]])
    }

    @Test func `a client may write the owners, and then what it changes is still its own`() throws {
        var scene = try created(#"{"spec":{"region":"r","size":1}}"#)
        let owners =
            #"[{"manager":"x","operation":"Apply","apiVersion":"tidemill.dev/v1","time":"2026-11-21T03:35:29Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:region":{},"f:size":{}}}}]"#
        try scene.update("b", #"{"metadata":{"managedFields":\#(owners)},"spec":{"size":2}}"#)
        #expect(scene.owners == ["x": [".spec.region"], "b (update)": [".spec.size"]])
    }

    @Test func `a subresource's body has no say in the owners`() throws {
        var scene = try created(#"{"spec":{"region":"r","size":1}}"#)
        try scene.update("b", #"{"metadata":{"managedFields":[]},"spec":{"size":2}}"#, subresource: "scale")
        #expect(scene.owners == ["a (update)": [".spec.region"], "b (update)": [".spec.size"]])
    }

    @Test func `the oldest of many updates become one`() throws {
        var scene = try created(#"{"spec":{"region":"r"}}"#)
        for number in 1...15 {
            try scene.update("m\(number)", #"{"metadata":{"labels":{"l\#(number)":"x"}}}"#)
            if number == 10 { #expect(scene.times["ancient-changes"] == 1) }
        }
        try scene.apply("applier", #"{"spec":{"size":1}}"#)
        #expect(
            Set(scene.owners.keys)
                == Set((7...15).map { "m\($0) (update)" } + ["ancient-changes (update)", "applier"]))
        #expect(
            scene.owners["ancient-changes (update)"]
                == (1...6).map { ".metadata.labels.l\($0)" } + [".spec.region"])
        #expect(scene.times["ancient-changes"] == 6)
    }
}
