import Testing

@testable import TidemillWire

@Suite("Accept")
struct AcceptTests {
    private static let kubectlTable =
        "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"

    @Test(
        arguments: [
            (nil, .json), ("", .json), ("*/*", .json), ("application/*", .json), ("application/json", .json),
            ("APPLICATION/JSON", .json),
            ("application/json, */*", .json), ("application/json;charset=utf-8", .json),
            ("text/html, */*;q=0.1", .json),
            ("application/vnd.kubernetes.protobuf,application/json", .json), (kubectlTable, .table(version: "v1")),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", .table(version: "v1beta1")),
            ("application/json; g=meta.k8s.io; v=v1; as=Table", .table(version: "v1")),
            ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", .json),
            ("application/json;as=Table;v=v1;g=x.y", nil),
            ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", .partialMetadata),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", .partialMetadata),
            ("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1beta1", nil),
            ("application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io", .table(version: "v1")),
            ("application/json;as=Table;v=v1;g=meta.k8s.io;q=0.2,application/json;q=0.9", .json),
            ("application/json;q=0", nil), ("text/html", nil), ("application/yaml", nil), ("application/cbor", nil),
            ("nonsense", nil),
            ("nonsense,application/json", .json), ("application/com.github.proto-openapi.spec.v2@v1.0+protobuf", nil),
        ] as [(String?, Representation?)])
    func `the first entry that can be served wins`(header: String?, expected: Representation?) {
        #expect(Accept(header).forObjects == expected)
    }

    @Test(
        arguments: [
            (
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
                .discovery(version: "v2")
            ),
            (
                "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io;profile=nopeer,application/json",
                .discovery(version: "v2")
            ),
            (
                "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
                .discovery(version: "v2beta1")
            ),
            ("application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json", .json),
            ("application/json", .json), (nil, .json), (kubectlTable, .json), ("text/plain", nil),
        ] as [(String?, Representation?)])
    func `discovery is aggregated only in the version asked for`(header: String?, expected: Representation?) {
        #expect(Accept(header).forDiscovery == expected)
    }

    @Test func `other media types are looked up by name`() {
        let gnostic = Accept("application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
        #expect(gnostic.accepts("application", "com.github.proto-openapi.spec.v2@v1.0+protobuf"))
        #expect(!gnostic.accepts("application", "json"))
        #expect(Accept("text/*").accepts("text", "plain"))
    }
}

@Suite("MediaRange")
struct MediaRangeTests {
    @Test func `reads parameters with any spacing and quotes`() throws {
        let range = try #require(MediaRange(parsing: " Application/JSON ; As=Table;v = \"v1\" ;q=0.25; "))
        #expect(range.type == "application" && range.subtype == "json")
        #expect(range.parameters == ["as": "Table", "v": "v1"])
        #expect(range.quality == 250)
    }

    @Test(arguments: ["", "json", "a/b/c", "/", "a/", "application/json;as", "a/b;q=2", "a/b;q=x"])
    func `refuses what is no media range`(text: String) {
        #expect(MediaRange(parsing: text) == nil)
    }
}
