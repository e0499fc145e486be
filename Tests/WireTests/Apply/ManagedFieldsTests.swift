import Testing
import TidemillModel

@testable import TidemillWire

@Suite struct ManagedFieldsTests {
    private static func entry(_ changes: String) -> String {
        let whole: JSON = [
            "manager": "m", "operation": "Apply", "apiVersion": "v1", "time": "2026-11-21T03:35:29Z",
            "fieldsType": "FieldsV1", "fieldsV1": ["f:spec": ["f:a": [:]]], "subresource": "status",
        ]
        // A text that cannot be parsed shows in the tests that use it.
        return "[\(MergePatch.apply((try? JSON.parse(changes)) ?? .null, to: whole).text)]"
    }

    @Test(
        arguments: [
            "[]",
            entry("{}"),
            entry(#"{"subresource":null}"#),
            entry(#"{"time":null}"#),
            entry(#"{"operation":"Update","manager":""}"#),
        ])
    func `what is written is what was read`(text: String) throws {
        #expect(try ManagedFields(json: JSON.parse(text)).json.text == text)
    }

    @Test(
        arguments: [
            ("1", "managedFields must be a list, not an integer"),
            ("[1]", "managedFields[0]: must be an object, not an integer"),
            (entry(#"{"operation":null}"#), "managedFields[0]: operation must be `Apply` or `Update`"),
            (entry(#"{"operation":"apply"}"#), "managedFields[0]: operation must be `Apply` or `Update`"),
            (entry(#"{"apiVersion":""}"#), "managedFields[0]: apiVersion must not be empty"),
            (entry(#"{"apiVersion":1}"#), "managedFields[0]: apiVersion must not be empty"),
            (entry(#"{"fieldsType":null}"#), "managedFields[0]: fieldsType must be `FieldsV1`"),
            (entry(#"{"manager":1}"#), "managedFields[0]: manager must be a printable text of at most 128 bytes"),
            (entry(#"{"manager":"a\nb"}"#), "managedFields[0]: manager must be a printable text of at most 128 bytes"),
            (
                entry(#"{"manager":"\#(String(repeating: "m", count: 129))"}"#),
                "managedFields[0]: manager must be a printable text of at most 128 bytes"
            ),
            (
                entry(#"{"subresource":[]}"#),
                "managedFields[0]: subresource must be a printable text of at most 256 bytes"
            ),
            (entry(#"{"time":"noon"}"#), "managedFields[0]: time must be an RFC 3339 time"),
            (entry(#"{"fieldsV1":1}"#), #"managedFields[0]: "fieldsV1" must be an object, not an integer"#),
            (
                entry(#"{"fieldsV1":{"spec":{}}}"#),
                #"managedFields[0]: "spec" is no field: a letter and a colon must come first"#
            ),
        ])
    func `what is malformed is named`(text: String, message: String) throws {
        let json = try JSON.parse(text)
        #expect(throws: ManagedFieldsError(message: message)) { try ManagedFields(json: json) }
    }

    @Test func `entries stand in one order`() throws {
        let changes = [
            #"{"operation":"Update","time":"2026-11-21T00:00:00Z"}"#,
            #"{"time":"2026-11-21T00:00:02Z","manager":"a"}"#,
            #"{"time":"2026-11-21T00:00:01Z","manager":"z"}"#, #"{"time":"2026-11-21T00:00:01Z","subresource":"x"}"#,
            #"{"time":"2026-11-21T00:00:01Z"}"#, #"{"time":null,"apiVersion":"v0"}"#,
        ]
        let items = try changes.flatMap { try #require(JSON.parse(Self.entry($0)).array) }
        let expected = [5, 4, 3, 2, 1, 0].map { items[$0] }
        let written = try ManagedFields(json: .array(items)).json.text
        #expect(written == JSON.array(expected).text)
        #expect(try ManagedFields(json: .array(items.reversed())).json.text == written)
    }

    @Test func `of two entries with one key the last counts, and empty ones do not`() throws {
        let text = Self.entry(#"{"fieldsV1":{"f:b":{}}}"#)
        let items = try [Self.entry("{}"), text, Self.entry(#"{"manager":"n","fieldsV1":null}"#)].flatMap {
            try #require(JSON.parse($0).array)
        }
        #expect(try ManagedFields(json: .array(items)).json == JSON.parse(text))
    }
}
