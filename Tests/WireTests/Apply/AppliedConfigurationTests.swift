import Testing
import TidemillModel

@testable import TidemillWire

@Suite struct AppliedConfigurationTests {
    private func job(_ parts: String, _ half: FieldShape.Half = .main) throws -> AppliedConfiguration {
        try AppliedConfiguration(JSON.parse(parts), Kinds.jobInfo, half)
    }

    @Test(
        arguments: [
            // What identifies the object, what the server sets and the other half are nobody's.
            (
                #"{"apiVersion":"tidemill.dev/v1alpha1","kind":"Job","metadata":{"name":"a","namespace":"d","uid":"u","resourceVersion":"1","generation":1,"creationTimestamp":null,"deletionTimestamp":"2026-11-21T03:35:29Z","managedFields":null},"status":{"state":"Running"}}"#,
                #"{"metadata":{}}"#
            ),
            // Values as the store spells them.
            (
                #"{"spec":{"slice":{"cpu":4,"memory":"1Gi","devices":[{"class":"c","memory":1024}]}}}"#,
                #"{"spec":{"slice":{"cpu":"4","memory":"1Gi","devices":[{"class":"c","memory":"1024"}]}}}"#
            ),
            // No defaults, but those within what is owned whole.
            (
                #"{"spec":{"gang":{},"retries":2,"tolerations":[{"key":"k"}]}}"#,
                #"{"spec":{"gang":{},"retries":2,"tolerations":[{"key":"k","operator":"Equal"}]}}"#
            ),
            // Null says nothing, nor does an empty list or map of parts; an empty list that is owned whole does.
            (
                #"{"metadata":{"labels":{},"annotations":null,"finalizers":[]},"spec":{"retries":null,"template":{"env":[]},"tolerations":[]}}"#,
                #"{"metadata":{},"spec":{"template":{},"tolerations":[]}}"#
            ),
            (
                #"{"metadata":{"labels":{"a":"1","b":null},"finalizers":["x/y","x/y"]}}"#,
                #"{"metadata":{"labels":{"a":"1"},"finalizers":["x/y"]}}"#
            ),
        ])
    func `of a body counts what can be owned`(body: String, tree: String) throws {
        #expect(try job(body).tree.text == tree)
    }

    @Test func `the status half is the status`() throws {
        let read = try job(
            #"{"metadata":{"name":"a","labels":{"x":"1"}},"spec":{"retries":1},"status":{"conditions":[{"type":"Ready","status":"True"}],"startedAt":"2026-11-21T04:35:29+01:00"}}"#,
            .status)
        #expect(
            read.tree.text
                == #"{"status":{"conditions":[{"type":"Ready","status":"True"}],"startedAt":"2026-11-21T03:35:29Z"}}"#)
        #expect(
            read.fields.json.text
                == #"{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:status":{},"f:type":{}}},"f:startedAt":{}}}"#
        )
    }

    @Test func `the parts of metadata are owned each`() throws {
        let read = try job(
            #"{"metadata":{"labels":{"a":"1"},"annotations":{"b":"2"},"finalizers":["x/y"],"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u"}]}}"#
        )
        #expect(
            read.fields.json.text
                == #"{"f:metadata":{"f:annotations":{"f:b":{}},"f:finalizers":{"v:\"x/y\"":{}},"f:labels":{"f:a":{}},"f:ownerReferences":{"k:{\"uid\":\"u\"}":{".":{},"f:apiVersion":{},"f:kind":{},"f:name":{},"f:uid":{}}}}}"#
        )
    }

    @Test(
        arguments: [
            ("[]", "what is applied must be an object, not an array"),
            (#"{"metadata":{"managedFields":[]}}"#, "metadata.managedFields must be nil"),
            (#"{"kind":"Node"}"#, #"kind in the data ("Node") does not match the expected kind (Job)"#),
            (
                #"{"apiVersion":"v1"}"#,
                #"apiVersion in the data ("v1") does not match the expected apiVersion (tidemill.dev/v1alpha1)"#
            ),
        ])
    func `a body that is no configuration is refused`(body: String, message: String) {
        #expect(throws: ApplyFailure.malformed(message)) { try job(body) }
    }

    @Test(
        arguments: [
            (#"{"spec":"x"}"#, #"spec: Invalid value: "x": must be an object, not a string"#),
            (#"{"spec":{"retries":"x"}}"#, #"spec.retries: Invalid value: "x": must be an integer, not a string"#),
            (#"{"metadata":{"labels":[]}}"#, "metadata.labels: Invalid value: []: must be an object, not an array"),
            (
                #"{"spec":{"template":{"env":[{"name":"A"},{"name":"A"}]}}}"#,
                #"spec.template.env[1].name: Duplicate value: "A""#
            ),
        ])
    func `a value that cannot be stored is refused`(body: String, message: String) {
        let failure = #expect(throws: ApplyFailure.self) { try job(body) }
        guard case .invalid(let errors)? = failure else {
            return #expect(Bool(false), "\(String(describing: failure))")
        }
        #expect(errors.map(\.description) == [message])
    }

    @Test func `what a whole object must have may be missing, and unknown members are told`() throws {
        let read = try job(#"{"spec":{"retries":1,"bogus":2,"gang":{"mim":1}},"extra":{}}"#)
        #expect(read.tree.text == #"{"spec":{"retries":1,"gang":{}}}"#)
        #expect(read.unknown.map(\.field) == ["extra", "spec.bogus", "spec.gang.mim"])
    }

    @Test(arguments: Kinds.all)
    func `every member of every kind has a shape, and every part has an owner in one half`(_ kind: KindInfo) throws {
        guard case .structure(let main) = FieldShape(kind), case .structure(let status) = FieldShape(kind, .status),
            case .structure(let metadata)? = main["metadata"]
        else { return #expect(Bool(false)) }
        #expect(Set(main.keys) == Set(kind.schema.fields.map(\.name) + ["apiVersion", "kind", "metadata"]))
        for field in kind.schema.fields where kind.hasStatus {
            #expect((main[field.name] == .unowned) != (status[field.name] == .unowned))
        }
        for field in MetadataSchema.fields { #expect(metadata[field.name] != nil) }
        #expect(
            metadata.filter { $0.value != .unowned }.keys.sorted() == [
                "annotations", "finalizers", "labels", "ownerReferences",
            ])
    }

    @Test func `what tells items apart is never missing`() {
        let types = Array(Kinds.types.values) + Kinds.all.map(\.schema)
        for field in types.flatMap(\.fields) {
            guard let key = field.listKey, case .list(.object(let name)) = field.type else {
                #expect(field.listKey == nil, "\(field.name)")
                continue
            }
            #expect(Kinds.types[name]?.field(key)?.required == true, "\(name).\(key)")
        }
    }

    /// Applies a whole object twice, by two managers, through admission and the store's text.
    @Test(arguments: Kinds.all, 0..<12 as Range<UInt64>)
    func `any object can be applied, by two alike, and again without a change`(_ kind: KindInfo, _ seed: UInt64) throws
    {
        var trees = RandomTree(seed: seed)
        var body = trees.object(of: kind)
        // Who applies nothing owns nothing.
        body["metadata"]?["annotations"] = ["by": "a test"]
        let configuration = try AppliedConfiguration(body, kind)
        #expect(configuration.unknown == [])
        var live: JSON = ["metadata": ["name": "x"]]
        var history: [JSON] = []
        for manager in ["a", "b", "a", "b"] {
            let applied = try ServerSideApply.apply(
                configuration, to: live, by: FieldWriter(manager: manager, apiVersion: kind.apiVersion), force: false,
                now: Timestamp(seconds: Int64(history.count)))
            var (admitted, errors) = Admission.admit(applied, kind: kind)
            #expect(errors == [], "seed \(seed)")
            admitted["metadata"]?["managedFields"] = applied["metadata"]?["managedFields"]
            live = try JSON.parse(admitted.text)
            history.append(live)
        }
        #expect(history[2] == history[1], "seed \(seed)")
        #expect(history[3] == history[1], "seed \(seed)")
        #expect(
            ManagedFields(of: live).sorted.map(\.entry.fields) == [configuration.fields, configuration.fields],
            "seed \(seed)")
    }
}
