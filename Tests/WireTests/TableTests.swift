import Testing
import TidemillModel

@testable import TidemillWire

@Suite("Table")
struct TableTests {
    private static func column(
        _ name: String, _ path: String, _ type: String = "string", wide: Bool = false
    ) -> Column {
        Column(name: name, path: path.split(separator: ".").map(String.init), type: type, doc: "\(name)!", wide: wide)
    }

    private static func column(_ name: String, _ path: String, _ computed: ColumnComputation) -> Column {
        var column = column(name, path)
        column.computed = computed
        return column
    }

    private static func kind(_ columns: [Column]) -> KindInfo {
        KindInfo(
            kind: "Thing", group: "tidemill.dev", version: "v1alpha1", plural: "things", singular: "thing",
            shortNames: [],
            namespaced: true, categories: [], doc: "", columns: columns, hasStatus: true, selectableFields: [],
            schema: SchemaType(name: "Thing", doc: "", fields: []))
    }

    private static let now = Timestamp(seconds: 1_000_000)

    private func cell(_ column: Column, _ object: JSON) -> JSON? {
        Table.render(kind: Self.kind([column]), objects: [object], now: Self.now).rows[0].cells.first
    }

    private static func time(_ secondsAgo: Int64) -> JSON { .string(Timestamp(seconds: now.seconds - secondsAgo).text) }

    @Test func `is what kubectl reads`() throws {
        let kind = Self.kind([
            Self.column("Name", "metadata.name"), Self.column("Count", "status.count", "integer"),
            Self.column("Age", "metadata.creationTimestamp", "date"), Self.column("Zone", "spec.zone", wide: true),
        ])
        let object: JSON = [
            "apiVersion": "tidemill.dev/v1alpha1", "kind": "Thing",
            "metadata": ["name": "a", "namespace": "n", "labels": ["x": "y"], "creationTimestamp": Self.time(192)],
            "status": ["count": 3],
        ]
        let table = Table.render(kind: kind, objects: [object], now: Self.now, metadata: ["resourceVersion": "7"])
        #expect(table.json["kind"] == "Table")
        #expect(table.json["apiVersion"] == "meta.k8s.io/v1")
        #expect(table.json["metadata"] == ["resourceVersion": "7"])
        #expect(
            table.json["columnDefinitions"] == [
                ["name": "Name", "type": "string", "format": "name", "description": "Name!", "priority": 0],
                ["name": "Count", "type": "integer", "format": "", "description": "Count!", "priority": 0],
                ["name": "Age", "type": "date", "format": "", "description": "Age!", "priority": 0],
                ["name": "Zone", "type": "string", "format": "", "description": "Zone!", "priority": 1],
            ])
        let row = try #require(table.json.at(["rows", "0"]))
        #expect(row["cells"] == ["a", 3, "3m12s", "<none>"])
        #expect(row["object"]?["kind"] == "PartialObjectMetadata")
        #expect(row["object"]?["metadata"] == object["metadata"])
        #expect(row["object"]?["status"] == nil)
    }

    @Test func `rows carry as much of the object as was asked for`() {
        let kind = Self.kind([Self.column("Name", "metadata.name")])
        let object: JSON = ["metadata": ["name": "a"], "spec": ["x": 1]]
        let bare = Table.render(kind: kind, objects: [object], now: Self.now, includeObject: .none)
        #expect(bare.json.at(["rows", "0", "object"]) == JSON.null)
        let whole = Table.render(kind: kind, objects: [object], now: Self.now, includeObject: .object)
        #expect(whole.rows[0].object == object)
        let old = Table.render(kind: kind, objects: [object], now: Self.now, version: "v1beta1")
        #expect(old.rows[0].object?["apiVersion"] == "meta.k8s.io/v1beta1")
        #expect(old.json["apiVersion"] == "meta.k8s.io/v1beta1")
    }

    @Test func `later events of a watch have no column definitions, and no list is null`() {
        let kind = Self.kind([Self.column("Name", "metadata.name")])
        let event = Table.render(kind: kind, objects: [["metadata": ["name": "a"]]], now: Self.now, withColumns: false)
        #expect(event.json["columnDefinitions"] == JSON.null)
        let empty = Table.render(kind: kind, objects: [], now: Self.now)
        #expect(empty.json["rows"] == [])
        #expect(empty.json["columnDefinitions"]?.array?.count == 1)
    }

    @Test(
        arguments: [
            (column("S", "status.x"), ["status": ["x": 5]], "5"),
            (column("S", "status.x"), ["status": ["x": true]], "true"),
            (column("S", "status.x"), ["status": ["x": .null]], "<none>"), (column("S", "status.x"), [:], "<none>"),
            (column("I", "status.x", "integer"), ["status": ["x": 5]], 5),
            (column("I", "status.x", "integer"), [:], "<none>"),
            (column("D", "status.shares.0.device"), ["status": ["shares": [["device": "d0"]]]], "d0"),
            (column("T", "status.t", "date"), ["status": ["t": time(5)]], "5s"),
            (column("T", "status.t", "date"), [:], "<unknown>"),
            (column("T", "status.t", "date"), ["status": ["t": "yesterday"]], "<unknown>"),
        ] as [(Column, JSON, JSON)])
    func `a cell says what is there and what is not`(column: Column, object: JSON, expected: JSON) {
        #expect(cell(column, object) == expected)
    }

    @Test(
        arguments: [
            (column("S", "status.state", .nodeStatus), ["status": ["state": "Ready"]], "Ready"),
            (
                column("S", "status.state", .nodeStatus),
                ["status": ["state": "Cordoned"], "spec": ["unschedulable": true]], "Cordoned"
            ),
            (column("S", "status.state", .nodeStatus), ["spec": ["unschedulable": false]], "Unknown"),
            (
                column("S", "status.state", .terminating), ["status": ["state": "Active"], "metadata": ["name": "a"]],
                "Active"
            ),
            (
                column("S", "status.state", .terminating),
                ["metadata": ["deletionTimestamp": "2026-01-01T00:00:00Z"], "status": ["state": "Active"]],
                "Terminating"
            ),
            (column("S", "status.state", .terminating), [:], "Pending"),
            (column("C", "status.succeeded", .completions), ["status": ["succeeded": 1, "members": 2]], "1/2"),
            (column("C", "status.succeeded", .completions), ["spec": ["gang": ["min": 4]]], "0/4"),
            (column("C", "status.succeeded", .completions), [:], "0/1"),
            (column("D", "status.startedAt", .duration), ["status": ["startedAt": time(90)]], "90s"),
            (
                column("D", "status.startedAt", .duration),
                ["status": ["startedAt": time(90), "finishedAt": time(60)]], "30s"
            ),
            (column("D", "status.startedAt", .duration), ["status": ["finishedAt": time(60)]], "<none>"),
            (
                column("F", "status.isolation", .firstItem), ["status": ["isolation": ["exclusive", "advisory"]]],
                "exclusive"
            ),
            (column("F", "status.isolation", .firstItem), ["status": ["isolation": []]], "<none>"),
            (column("J", "status.gang.nodes", .join), ["status": ["gang": ["nodes": ["a", "b"]]]], "a,b"),
            (column("J", "status.gang.nodes", .join), [:], "<none>"),
            (
                column("O", "involvedObject", .objectReference), ["involvedObject": ["kind": "Job", "name": "hello"]],
                "job/hello"
            ),
            (column("O", "involvedObject", .objectReference), ["involvedObject": ["kind": "Job"]], "<none>"),
        ] as [(Column, JSON, JSON)])
    func `a computed cell`(column: Column, object: JSON, expected: JSON) {
        #expect(cell(column, object) == expected)
    }

    @Test func `metadata alone is a list of its own kind`() {
        let list = PartialObjectMetadata.list(
            [["kind": "Thing", "metadata": ["name": "a"], "spec": [:]]], metadata: ["resourceVersion": "4"])
        #expect(
            list.text
                == #"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"4"},"items":[{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a"}}]}"#
        )
    }
}
