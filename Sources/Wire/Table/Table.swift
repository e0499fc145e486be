import TidemillModel

/// Objects as rows of text, the form in which `kubectl get` prints them (`meta.k8s.io` Table).
package struct Table: Hashable, Sendable {
    /// How much of its object each row carries: the `includeObject` parameter.
    package enum IncludeObject: String, Hashable, Sendable {
        case none = "None"
        case metadata = "Metadata"
        case object = "Object"
    }

    package struct Row: Hashable, Sendable {
        package var cells: [JSON]
        package var object: JSON?
    }

    /// `v1`, or `v1beta1` for old clients.
    package var version: String
    /// `resourceVersion`, `continue` and `remainingItemCount` of the list.
    package var metadata: JSONObject
    /// Nil in the events of a watch after the first.
    package var columns: [Column]?
    package var rows: [Row]

    /// Renders objects of one kind. Ages are counted to `now`. All columns are there: clients leave out the wide ones.
    package static func render(
        kind: KindInfo, objects: [JSON], now: Timestamp, includeObject: IncludeObject = .metadata,
        version: String = "v1", metadata: JSONObject = JSONObject(), withColumns: Bool = true
    ) -> Table {
        let rows = objects.map { object in
            Row(
                cells: kind.columns.map { TableCell.render($0, of: object, now: now) },
                object: included(object, includeObject, version: version))
        }
        return Table(version: version, metadata: metadata, columns: withColumns ? kind.columns : nil, rows: rows)
    }

    private static func included(_ object: JSON, _ amount: IncludeObject, version: String) -> JSON? {
        switch amount {
        case .none: return nil
        case .object: return object
        case .metadata:
            var partial = PartialObjectMetadata.of(object)
            partial["apiVersion"] = .string("meta.k8s.io/\(version)")
            return partial
        }
    }

    /// The document that goes over the wire.
    package var json: JSON {
        [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": .object(metadata),
            "columnDefinitions": columns.map { .array($0.map(Self.definition)) } ?? .null,
            "rows": .array(rows.map { ["cells": .array($0.cells), "object": $0.object ?? .null] }),
        ]
    }

    private static func definition(_ column: Column) -> JSON {
        [
            "name": .string(column.name), "type": .string(column.type),
            "format": column.path == ["metadata", "name"] ? "name" : "", "description": .string(column.doc),
            "priority": column.wide ? 1 : 0,
        ]
    }
}
