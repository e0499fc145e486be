import TidemillSeams
import TidemillWire

/// The last instant at which tasks were seen alive: one journal row, written every `period` while something runs. The end
/// of a task that left no record is metered up to it, which is never more than the true time (invariant 6).
package struct AliveNote: Hashable, Sendable {
    package static let period: Duration = .seconds(10)

    package var bootID: BootID
    package var instant: Instant
    package var wall: WallTime
    /// Whose tasks were alive then.
    package var slices: Set<SliceKey>

    package init(bootID: BootID, instant: Instant, wall: WallTime, slices: Set<SliceKey>) {
        self.bootID = bootID
        self.instant = instant
        self.wall = wall
        self.slices = slices
    }

    /// For how long the task of a slice surely ran. `startedAt` alone must do where nothing of its start is journaled; the
    /// wall clock may have been set in between.
    package func known(_ key: SliceKey, of boot: BootID, seenAt: Instant?, startedAt: WallTime?) -> Duration {
        guard slices.contains(key), boot == bootID else { return .zero }
        if let seenAt { return max(.zero, instant.since(seenAt)) }
        guard let startedAt else { return .zero }
        return max(.zero, .nanoseconds(wall.nanosecondsSince1970 - startedAt.nanosecondsSince1970))
    }
}

extension AliveNote {
    package var json: JSON {
        [
            "bootID": .string(bootID.rawValue), "instant": .integer(instant.nanoseconds),
            "wall": .integer(wall.nanosecondsSince1970),
            "slices": .array(slices.map(\.description).sorted().map { .string($0) }),
        ]
    }

    /// Nil when the row is not one that this version wrote.
    package init?(json: JSON) {
        guard let boot = json["bootID"]?.string, let instant = json["instant"]?.integer,
            let wall = json["wall"]?.integer, let slices = json["slices"]?.array
        else { return nil }
        self.init(
            bootID: BootID(boot), instant: Instant(nanoseconds: instant), wall: WallTime(nanosecondsSince1970: wall),
            slices: Set(slices.compactMap { $0.string.flatMap(SliceKey.init(parsing:)) }))
    }
}
