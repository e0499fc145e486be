import TidemillWire

/// Why a slice that is over still holds its shares.
package struct ReleaseObstacle: Hashable, Sendable {
    /// One word for machines.
    package var reason: String
    /// A sentence for people.
    package var message: String

    package init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }

    package static let process = ReleaseObstacle(
        reason: "ProcessStuck",
        message: "A process of the slice does not end; its shares stay held until it is gone.")

    /// Memory of the slice that others use now.
    package static func memory(bytes: Int64) -> ReleaseObstacle {
        ReleaseObstacle(
            reason: "MemoryHeld",
            message: "\(bytes >> 20) MiB that the slice took are held by processes outside of it, or by files in "
                + "memory that it left; its shares stay held until these are gone.")
    }

    /// The kernel has not answered yet.
    package static let scrub = ReleaseObstacle(
        reason: "ScrubWaits",
        message: "The page cache that the slice left is being dropped, and waits for a disk; its shares stay held "
            + "until then.")

    var json: JSON { ["reason": .string(reason), "message": .string(message)] }

    init?(json: JSON) {
        guard let reason = json["reason"]?.string, let message = json["message"]?.string else { return nil }
        self.init(reason: reason, message: message)
    }
}
