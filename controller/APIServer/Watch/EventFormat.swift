import NIOCore
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Spells the events of one watch in the form that its client asked for. A value with one piece of memory: only the first
/// Table carries the columns.
struct EventFormat: Sendable {
    private let kind: KindInfo
    private let view: KindView?
    private let representation: Representation
    private let includeObject: Table.IncludeObject
    private let time: any TimeSource
    private var hasSentColumns = false

    init(
        kind: KindInfo, view: KindView? = nil, representation: Representation, includeObject: Table.IncludeObject,
        time: any TimeSource
    ) {
        self.kind = view?.info ?? kind
        self.view = view
        self.representation = representation
        self.includeObject = includeObject
        self.time = time
    }

    /// One line, newline included.
    mutating func line(_ notice: ObjectNotice) -> ByteBuffer {
        switch notice {
        case .added(let object): event("ADDED", object)
        case .modified(let object): event("MODIFIED", object)
        case .deleted(let object): event("DELETED", object)
        case .bookmark(let revision): bookmark(revision)
        case .initialEventsEnd(let revision): bookmark(revision, annotations: ["k8s.io/initial-events-end": "true"])
        case .expired: Self.failure(.expired("too old resource version: the watch was too slow; list again"))
        }
    }

    /// An `ERROR` event, after which nothing follows.
    static func failure(_ error: APIError) -> ByteBuffer {
        frame("ERROR", Status(error).json.bytes)
    }

    private mutating func event(_ type: String, _ object: StoredObject) -> ByteBuffer {
        // The common case first: the bytes of the store, framed.
        if case .json = representation, view == nil { return Self.frame(type, object.encoded) }
        do {
            let tree = try object.tree
            return Self.frame(type, rendered(view?.seen(tree) ?? tree, revision: object.revision.rawValue).bytes)
        } catch {
            return Self.failure(error)
        }
    }

    private mutating func rendered(_ tree: JSON, revision: Int64) -> JSON {
        switch representation {
        case .table(let version):
            defer { hasSentColumns = true }
            return Table.render(
                kind: kind, objects: [tree], now: Timestamp(time.wall()), includeObject: includeObject,
                version: version, metadata: ["resourceVersion": .string(String(revision))],
                withColumns: !hasSentColumns
            ).json
        case .partialMetadata: return PartialObjectMetadata.of(tree)
        case .json, .discovery: return tree
        }
    }

    private mutating func bookmark(_ revision: Revision, annotations: JSONObject = [:]) -> ByteBuffer {
        var metadata: JSONObject = [
            "resourceVersion": .string(String(revision.rawValue)), "creationTimestamp": .null,
        ]
        if !annotations.isEmpty { metadata.append("annotations", .object(annotations)) }
        let object: JSON = [
            "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion), "metadata": .object(metadata),
        ]
        if case .table = representation {
            return Self.frame("BOOKMARK", rendered(object, revision: revision.rawValue).bytes)
        }
        return Self.frame("BOOKMARK", object.bytes)
    }

    private static func frame(_ type: String, _ object: [UInt8]) -> ByteBuffer {
        var line = ByteBufferAllocator().buffer(capacity: object.count + 32)
        line.writeStaticString("{\"type\":\"")
        line.writeString(type)
        line.writeStaticString("\",\"object\":")
        line.writeBytes(object)
        line.writeStaticString("}\n")
        return line
    }
}
