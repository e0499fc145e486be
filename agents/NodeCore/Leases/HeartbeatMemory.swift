import TidemillSeams
import TidemillWire

/// What heartbeats say of the past, kept in the journal so that a restarted agent says it too: the store that it last saw
/// (so that an older copy of it is noticed), and its predecessors (so that a successor is believed at once).
package struct HeartbeatMemory: Hashable, Sendable {
    /// The store as the last accepted reply showed it.
    package struct Seen: Hashable, Sendable {
        package var incarnation: IncarnationID
        package var startID: StartID
        package var revision: Int64

        package init(incarnation: IncarnationID, startID: StartID, revision: Int64) {
            self.incarnation = incarnation
            self.startID = startID
            self.revision = revision
        }
    }

    /// Starts of which it is not known whether a controller has accepted them that are remembered.
    static let keptStarts = 8

    package var seen: Seen?
    /// Ids of agent processes that held this journal, newest first; the last is the last one that surely was accepted.
    package var starts: [String]

    package init(seen: Seen? = nil, starts: [String] = []) {
        self.seen = seen
        self.starts = starts
    }

    /// As the journal is to read once an agent process begins: it may be accepted, or may not.
    package func beginning(_ start: String) -> HeartbeatMemory {
        var next = self
        next.starts.insert(start, at: 0)
        // The accepted one, the oldest, stays.
        if next.starts.count > Self.keptStarts { next.starts.remove(at: Self.keptStarts - 1) }
        return next
    }
}

extension HeartbeatMemory {
    package var json: JSON {
        var json: JSON = ["starts": .array(starts.map { .string($0) })]
        if let seen {
            json["incarnation"] = .string(seen.incarnation.rawValue)
            json["startID"] = .string(seen.startID.rawValue)
            json["revision"] = .integer(seen.revision)
        }
        return json
    }

    package init(json: JSON) {
        self.init(starts: json["starts"]?.array?.compactMap(\.string) ?? [])
        if let incarnation = json["incarnation"]?.string, let start = json["startID"]?.string,
            let revision = json["revision"]?.integer
        {
            seen = Seen(incarnation: IncarnationID(incarnation), startID: StartID(start), revision: revision)
        }
    }
}
