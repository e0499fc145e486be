/// Says how good it is to place a shape on a node, from what the node has before and after, and nothing else: nodes with
/// equal rooms are scored once.
package protocol PackingPolicy: Sendable {
    /// What a room is worth to work that is still to come; asked once for each room.
    func worth(_ room: Room) -> Double

    /// How good the placement is, 0...254; of equal scores the first node in the order of ties wins.
    func score(before: Valued, after: Valued) -> UInt8
}

/// A room with its worth.
package struct Valued: Sendable {
    package let room: Room
    package let worth: Double
    /// See `Room.freeMilli`.
    package let freeMilli: Int32

    package init(_ room: Room, worth: Double) {
        self.room = room
        self.worth = worth
        freeMilli = room.freeMilli
    }
}
