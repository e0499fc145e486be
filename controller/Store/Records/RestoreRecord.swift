import TidemillModel
import TidemillSeams
import TidemillWire

/// Says that this store was made from a backup and that nobody knows yet what the nodes run (section 4, Restore). As long
/// as it is there, nothing is granted and nothing is concluded from what the store says. Not served.
package struct RestoreRecord: Hashable, Sendable {
    /// The life of the store that began with the restore.
    package var incarnation: IncarnationID
    /// Every node of the roster, by name: each must report what it holds, or be confirmed dead.
    package var waitsFor: [NodeID]
    /// When the store was restored.
    package var since: Timestamp

    package init(incarnation: IncarnationID, waitsFor: [NodeID], since: Timestamp) {
        self.incarnation = incarnation
        self.waitsFor = waitsFor
        self.since = since
    }

    /// Where the record lies in the store.
    package static let key = "internal/restore//state"

    /// The record as the store's value, for whoever writes a store without running one.
    package var storedBytes: [UInt8] { Envelope.seal(record: json) }
}

extension RestoreRecord: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        guard let incarnation = json["incarnation"]?.string, let nodes = json["waitsFor"]?.array,
            let since = json["since"]
        else { throw DecodeFailure(message: "is no record of a restore") }
        self.init(
            incarnation: IncarnationID(incarnation), waitsFor: nodes.compactMap(\.string).map { NodeID($0) },
            since: try Timestamp(json: since))
    }

    package var json: JSON {
        [
            "incarnation": .string(incarnation.rawValue), "waitsFor": .array(waitsFor.map { .string($0.rawValue) }),
            "since": .string(since.text),
        ]
    }
}
