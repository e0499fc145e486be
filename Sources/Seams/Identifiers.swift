/// A typed name or id, so that a node's name is never passed where a slice's uid is meant.
package struct Identifier<Of>: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What identifiers are of.
package enum IdentifierSubject {
    package enum Node {}
    package enum Boot {}
    package enum Device {}
    package enum Slice {}
    package enum Job {}
    package enum Incarnation {}
    package enum Start {}
}

/// Name of a Node.
package typealias NodeID = Identifier<IdentifierSubject.Node>
/// The kernel's id of one boot of one machine.
package typealias BootID = Identifier<IdentifierSubject.Boot>
/// Name of a Device.
package typealias DeviceID = Identifier<IdentifierSubject.Device>
/// `metadata.uid` of a Slice.
package typealias SliceUID = Identifier<IdentifierSubject.Slice>
/// `metadata.uid` of a Job.
package typealias JobUID = Identifier<IdentifierSubject.Job>
/// Id of one life of a store, new after each restore.
package typealias IncarnationID = Identifier<IdentifierSubject.Incarnation>
/// Id of one start of a controller.
package typealias StartID = Identifier<IdentifierSubject.Start>

/// Orders the grants of one node and nothing else. Starts at 1, only grows (invariant 9).
package struct Epoch: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (a: Epoch, b: Epoch) -> Bool { a.rawValue < b.rawValue }
}

/// Store revision of the snapshot on which a grant was planned; tokens of one task index only grow, on any node.
package struct Token: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (a: Token, b: Token) -> Bool { a.rawValue < b.rawValue }
}

/// A point in the store's history. One counter for everything; only grows (invariant 9).
package struct Revision: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { String(rawValue) }
    package static func < (a: Revision, b: Revision) -> Bool { a.rawValue < b.rawValue }
}
