import Testing

@testable import TidemillWire

/// What kubectl 1.32 and 1.33 send, byte for byte, and the same as JSON.
private let recorded: [(String, String, String)] = [
    (
        "can-i list jobs.tidemill.dev/status -n team",
        """
        6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a656374416363657373\
        526576696577124d0a100a0012001a0022002a00320038004200122f0a2d0a047465616d12046c6973741a0022002a116a6f\
        62732e746964656d696c6c2e64657632003a067374617475731a08080012001a0020001a002200
        """,
        #"""
        {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},"spec":{"resourceAttributes":\#
        {"namespace":"team","verb":"list","resource":"jobs.tidemill.dev","name":"status"}}}
        """#
    ),
    (
        "can-i get /metrics",
        """
        6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a656374416363657373\
        526576696577122f0a100a0012001a0022002a003200380042001211120f0a082f6d65747269637312036765741a08080012\
        001a0020001a002200
        """,
        #"""
        {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},\#
        "spec":{"nonResourceAttributes":{"path":"/metrics","verb":"get"}}}
        """#
    ),
    (
        "can-i --list -n team",
        """
        6b3873000a310a17617574686f72697a6174696f6e2e6b38732e696f2f7631121653656c665375626a65637452756c657352\
        657669657712200a100a0012001a0022002a0032003800420012060a047465616d1a04180022001a002200
        """,
        #"""
        {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","metadata":{},\#
        "spec":{"namespace":"team"}}
        """#
    ),
    (
        "whoami",
        """
        6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a6563745265766965\
        77121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200
        """,
        #"""
        {"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","metadata":{}}
        """#
    ),
    (
        "create ns team-a",
        """
        6b3873000a0f0a02763112094e616d657370616365121e0a160a067465616d2d6112001a0022002a0032003800420012001a\
        020a001a002200
        """,
        #"""
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team-a"},"spec":{}}
        """#
    ),
]

@Suite("KubernetesProtobuf")
struct KubernetesProtobufTests {
    private func decode(_ body: [UInt8]) -> Result<JSON, ProtobufError> {
        Result { () throws(ProtobufError) in try KubernetesProtobuf.decode(body) }
    }

    private func namespace(_ message: ProtobufBytes) -> Result<JSON, ProtobufError> {
        decode(ProtobufBytes.body("v1", "Namespace", message))
    }

    /// The `metadata` of a Namespace whose fields are `fields`.
    private func metadata(_ fields: ProtobufBytes) throws -> JSON? {
        try namespace(ProtobufBytes().message(1, fields)).get()["metadata"]
    }

    @Test(arguments: recorded)
    func `what kubectl sends is read`(verb: String, hexadecimal: String, json: String) throws {
        let digits = Array(hexadecimal.utf8)
        let body = try stride(from: 0, to: digits.count, by: 2).map { start in
            try #require(UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16))
        }
        #expect(try decode(body).get().text == json)
    }

    @Test func `every field of metadata has its name`() throws {
        let owner = ProtobufBytes().text(5, "tidemill.dev/v1alpha1").text(1, "Job").text(3, "j").text(4, "u").number(
            6, 1
        )
        .number(7, 0)
        let fields = ProtobufBytes().text(1, "a").text(2, "g-").text(3, "n").text(4, "/self").text(5, "id").text(6, "7")
            .number(7, 3).message(8, ProtobufBytes().number(1, 1_700_000_000)).entry(11, "l", "1").entry(12, "a/b", "2")
            .message(13, owner).text(14, "x/y").text(14, "z")
        #expect(
            try metadata(fields)?.text == #"""
                {"name":"a","generateName":"g-","namespace":"n","uid":"id","resourceVersion":"7","labels":{"l":"1"},\#
                "annotations":{"a/b":"2"},"ownerReferences":[{"apiVersion":"tidemill.dev/v1alpha1","kind":"Job",\#
                "name":"j","uid":"u","controller":true,"blockOwnerDeletion":false}],"finalizers":["x/y","z"]}
                """#)
    }

    @Test func `each kind is read by its own table`() throws {
        let spec = ProtobufBytes().message(
            1,
            ProtobufBytes().text(1, "n").text(2, "get").text(3, "tidemill.dev").text(4, "v1alpha1").text(5, "jobs")
                .text(6, "status").text(7, "j"))
        #expect(
            try decode(
                ProtobufBytes.body(
                    "authorization.k8s.io/v1", "SelfSubjectAccessReview", ProtobufBytes().message(2, spec))
            ).get().text == #"""
                {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":\#
                {"namespace":"n","verb":"get","group":"tidemill.dev","version":"v1alpha1","resource":"jobs",\#
                "subresource":"status","name":"j"}}}
                """#)
        let path = ProtobufBytes().message(2, ProtobufBytes().text(1, "/metrics").text(2, "get"))
        #expect(
            try decode(
                ProtobufBytes.body(
                    "authorization.k8s.io/v1", "SelfSubjectAccessReview", ProtobufBytes().message(2, path))
            ).get()["spec"] == ["nonResourceAttributes": ["path": "/metrics", "verb": "get"]])
        #expect(
            try decode(
                ProtobufBytes.body(
                    "authorization.k8s.io/v1", "SelfSubjectRulesReview",
                    ProtobufBytes().message(2, ProtobufBytes().text(1, "n")))
            ).get()["spec"] == ["namespace": "n"])
        #expect(
            try decode(ProtobufBytes.body("authentication.k8s.io/v1", "SelfSubjectReview", ProtobufBytes())).get()
                == ["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"])
        #expect(
            try namespace(ProtobufBytes().message(2, ProtobufBytes().text(1, "kubernetes"))).get()["spec"]
                == ["finalizers": ["kubernetes"]])
    }

    @Test func `what was never set is left out, and an empty message is not nothing`() throws {
        #expect(try metadata(ProtobufBytes().text(1, "").text(2, "").text(3, "n")) == ["namespace": "n"])
        #expect(try metadata(ProtobufBytes()) == [:])
        #expect(try namespace(ProtobufBytes()).get()["metadata"] == nil)
        #expect(
            try metadata(ProtobufBytes().entry(11, "", "").text(14, "")) == ["labels": ["": ""], "finalizers": [""]])
        // No `raw` at all.
        let meta = ProtobufBytes().text(1, "v1").text(2, "Namespace")
        #expect(
            try decode(ProtobufBytes.magic + ProtobufBytes().message(1, meta).bytes).get()
                == ["apiVersion": "v1", "kind": "Namespace"])
    }

    @Test func `fields that no table names are stepped over, whatever their type`() throws {
        let strange = ProtobufBytes().number(99, .max).field(98, type: 1, [UInt8](repeating: 0xFF, count: 8))
            .field(97, type: 5, [0xFF, 0xFF, 0xFF, 0xFF]).span(96, [0xFF, 0xFF]).number((1 << 29) - 1, 0)
        #expect(try metadata(strange.text(1, "a")) == ["name": "a"])
    }

    @Test func `of a field that comes twice the last counts, and pieces of a message belong together`() throws {
        #expect(try metadata(ProtobufBytes().text(1, "a").text(1, "b")) == ["name": "b"])
        #expect(try metadata(ProtobufBytes().text(1, "a").text(1, "")) == [:])
        let pieces = ProtobufBytes().message(1, ProtobufBytes().text(1, "a").text(14, "x"))
            .message(2, ProtobufBytes().text(1, "f")).message(1, ProtobufBytes().text(3, "n").text(14, "y"))
        #expect(
            try namespace(pieces).get()["metadata"] == ["name": "a", "namespace": "n", "finalizers": ["x", "y"]])
        let labels = ProtobufBytes().entry(11, "a", "1").entry(11, "b", "2").entry(11, "a", "3")
        #expect(try metadata(labels)?.text == #"{"labels":{"a":"3","b":"2"}}"#)
    }

    @Test(
        arguments: [
            ([], "it does not start with \"k8s\" and a zero byte"),
            (Array("k8s".utf8), "it does not start with \"k8s\" and a zero byte"),
            (Array("{}".utf8), "it does not start with \"k8s\" and a zero byte"),
            (ProtobufBytes.magic, "typeMeta: it must name an apiVersion and a kind"),
            (ProtobufBytes.body("", "Namespace", ProtobufBytes()), "typeMeta: it must name an apiVersion and a kind"),
            (ProtobufBytes.body("v1", "", ProtobufBytes()), "typeMeta: it must name an apiVersion and a kind"),
            (ProtobufBytes.magic + [0x0A], "it ends within a field"),
            (ProtobufBytes.magic + [0x0A, 0x05, 0x0A], "it ends within a field"),
            (ProtobufBytes.magic + [0x08], "it ends within a field"),
            (ProtobufBytes.magic + [0x09, 0, 0, 0, 0, 0, 0, 0], "it ends within a field"),
            (ProtobufBytes.magic + [0x0D, 0, 0, 0], "it ends within a field"),
            (ProtobufBytes.magic + [0x80], "it ends within a field"),
            (ProtobufBytes.magic + [0x00, 0x00], "a field's number is out of range"),
            (ProtobufBytes.magic + ProtobufBytes().number(1 << 29, 0).bytes, "a field's number is out of range"),
            (ProtobufBytes.magic + [0x0B], "a field has the wire type 3, which is not in use"),
            (ProtobufBytes.magic + [0x0F], "a field has the wire type 7, which is not in use"),
            (
                ProtobufBytes.magic + [0x08] + [UInt8](repeating: 0x80, count: 10) + [0x00],
                "a varint is longer than 64 bits"
            ),
            (
                ProtobufBytes.magic + [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02],
                "a varint is longer than 64 bits"
            ),
            (
                ProtobufBytes.magic + [0x12] + ProtobufBytes.varint(.max),
                "it ends within a field"
            ),
            (ProtobufBytes.magic + ProtobufBytes().number(1, 1).bytes, "typeMeta: it is a number"),
            (
                ProtobufBytes.magic
                    + ProtobufBytes().message(1, ProtobufBytes().text(1, "v1").text(2, "Namespace")).number(2, 1).bytes,
                "raw: it is a number"
            ),
            (
                ProtobufBytes.body("v1", "Namespace", ProtobufBytes().message(1, ProtobufBytes().number(1, 7))),
                "metadata.name: it is a number"
            ),
            (
                ProtobufBytes.body(
                    "v1", "Namespace",
                    ProtobufBytes().message(1, ProtobufBytes().field(11, type: 1, [UInt8](repeating: 0, count: 8)))),
                "metadata.labels: it is a number"
            ),
            (
                ProtobufBytes.body(
                    "v1", "Namespace", ProtobufBytes().message(1, ProtobufBytes().span(1, [0xC3, 0x28]))),
                "metadata.name: it is not UTF-8"
            ),
            (
                ProtobufBytes.body(
                    "v1", "Namespace", ProtobufBytes().message(1, ProtobufBytes().span(11, [0x0A, 0x01]))),
                "metadata.labels: it ends within a field"
            ),
            (
                ProtobufBytes.body(
                    "v1", "Namespace",
                    ProtobufBytes().message(
                        1, ProtobufBytes().message(13, ProtobufBytes()).message(13, ProtobufBytes().text(6, "x")))),
                "metadata.ownerReferences[1].controller: it is not a boolean"
            ),
        ] as [([UInt8], String)])
    func `what is malformed is named, with its place`(body: [UInt8], reason: String) {
        #expect(decode(body) == .failure(.malformed(reason)))
    }

    @Test func `other kinds and encodings are to be sent as JSON`() {
        let lease = decode(ProtobufBytes.body("coordination.k8s.io/v1", "Lease", ProtobufBytes()))
        let readable = """
            Namespace in v1, SelfSubjectAccessReview in authorization.k8s.io/v1, \
            SelfSubjectRulesReview in authorization.k8s.io/v1, SelfSubjectReview in authentication.k8s.io/v1
            """
        #expect(
            lease
                == .failure(
                    .unsupported(
                        "Lease in coordination.k8s.io/v1 is not read as protobuf (\(readable) are): send it as JSON")))
        #expect(
            decode(ProtobufBytes.body("v1", "Namespace", ProtobufBytes(), encoding: "gzip"))
                == .failure(.unsupported("a protobuf body with the content encoding \"gzip\" is not read")))
        #expect(
            decode(ProtobufBytes.body("v1", "Namespace", ProtobufBytes(), holds: "application/json"))
                == .failure(.unsupported("a protobuf body that holds \"application/json\" is not read")))
        #expect(
            decode(ProtobufBytes.body("v1", "Namespace", ProtobufBytes(), holds: KubernetesProtobuf.contentType))
                == .success(["apiVersion": "v1", "kind": "Namespace"]))
    }

    @Test func `the fields of a body are counted, wherever they are`() throws {
        let envelope = 4
        let typeMeta = 2
        let metadata = 1
        let rest = ProtobufDecoder.mostFields - envelope - typeMeta - metadata
        let finalizer = ProtobufBytes().text(14, "").bytes
        let finalizers = { (count: Int) in
            ProtobufBytes().span(1, Array(repeatElement(finalizer, count: count).joined()))
        }
        #expect(try namespace(finalizers(rest)).get().at(["metadata", "finalizers"])?.array?.count == rest)
        #expect(namespace(finalizers(rest + 1)) == .failure(.malformed("it has more than 100000 fields")))
    }

    @Test func `errors become what Kubernetes clients know`() {
        #expect(
            APIError(ProtobufError.malformed("x")) == .badRequest("the protobuf body cannot be read: x"))
        #expect(APIError(ProtobufError.unsupported("x")) == .unsupportedMediaType("x"))
    }
}
