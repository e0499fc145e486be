import Testing

@testable import TidemillWire

@Suite("FieldSelector")
struct FieldSelectorTests {
    private static let job: JSON = [
        "metadata": ["name": "hello", "namespace": "lab"], "spec": ["retries": 3, "suspended": false],
        "status": [
            "gang": ["nodes": ["n1", "n2"]], "shares": [["device": "d0"], ["device": "d1"]], "note": "a,b=c\\",
        ],
    ]

    @Test(arguments: [
        ("", true), ("metadata.name=hello", true), ("metadata.name==hello", true), ("metadata.name=other", false),
        ("metadata.name!=hello", false), ("metadata.name!=other", true),
        ("metadata.name=hello,metadata.namespace=lab", true),
        ("metadata.name=hello,metadata.namespace=other", false), ("metadata.name=hello,metadata.name=hello", true),
        ("status.state=", true), ("status.state!=", false), ("status.state=Ready", false),
        ("status.state!=Ready", true),
        ("metadata.name=", false), ("metadata.name!=", true), ("spec.retries=3", true), ("spec.suspended=false", true),
        ("status.gang.nodes=n2", true), ("status.gang.nodes=n1", true), ("status.gang.nodes=n3", false),
        ("status.gang.nodes!=n1", false), ("status.gang.nodes!=n3", true), ("status.shares.device=d1", true),
        ("status.gang=", true),
        ("status.note=a\\,b\\=c\\\\", true), ("status.note!=a\\,b\\=c\\\\", false),
    ])
    func `matches fields of an object`(text: String, expected: Bool) throws {
        let selector = try FieldSelector(parsing: text)
        #expect(selector.matches(Self.job) == expected)
        #expect(try FieldSelector(parsing: selector.description) == selector)
    }

    @Test(arguments: ["metadata.name", "=x", "!=x", "a!b", "a=b=c", "a=b\\", "a=b\\n", "a=b,c"])
    func `refuses what it cannot read`(text: String) throws {
        let error = #expect(throws: SelectorError.self) { try FieldSelector(parsing: text) }
        #expect(error?.message.contains(text) == true)
    }

    @Test func `tells the value that a field must have`() throws {
        let selector = try FieldSelector(parsing: "status.state!=x,status.grant.node=n1")
        #expect(selector.requiredValue(of: "status.grant.node") == "n1")
        #expect(selector.requiredValue(of: "status.state") == nil)
        #expect(selector.terms.map(\.field) == ["status.state", "status.grant.node"])
    }
}
