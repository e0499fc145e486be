/// Tidemill's own policy: a node is worth what could still be placed on it.
///
/// "Could still" is a fixed sample of the work to come: sequences of shapes, drawn once by their popularity, are poured into
/// a copy of the room, the largest first, and the mean of what found place is the room's *fill* (`FillSample`). A placement
/// costs the fill that it destroys beyond its own size. So CPUs, memory, classes and fragments are weighed against each other
/// in one unit, thousandths of a device, with no weights to tune between them.
///
/// Three things are added to the fill, for what a sample of ordinary size sees too rarely:
/// * a price for devices that some work can use and that are scarce (`FillPrices`);
/// * room for gangs of several devices, weighed by their demand;
/// * and what a placement *gains* beyond its size, because it pushed something larger out of the sample, counts against
///   it, lightly: below saturation that larger work is still to come.
package struct FillPolicy: PackingPolicy {
    package struct Settings: Sendable, Equatable {
        /// Sequences in the sample. Cost grows in proportion.
        package var sequences = 24
        /// Shapes of a sequence for each device of the node.
        package var drawsPerDevice = 10
        /// Weight of the scarcity price.
        package var scarcity = 1.0
        /// Weight of the room for gangs.
        package var gangs = 0.1
        /// Weight against placements that gain by displacing larger work.
        package var displacement = 0.1
        /// Thousandths of a device that make one step of the score. Coarse steps leave ties, and so fewer distinct rooms.
        package var step = 20.0
        package var seed: UInt64 = 1

        package init() {}
    }

    /// The score of a placement that destroys nothing beyond its size; what is better than that does not exist.
    private static let best = 254

    private let settings: Settings
    private let sample: FillSample
    private let prices: FillPrices

    package init(_ popularity: Popularity, kinds: NodeKinds, settings: Settings = Settings()) {
        self.settings = settings
        let entries = popularity.entries.filter { $0.shape.devices > 0 }
        sample = FillSample(entries, kinds: kinds.kinds, settings: settings)
        prices = FillPrices(entries, kinds: kinds, settings: settings)
    }

    package func worth(_ room: Room) -> Double {
        guard room.freeMilli > 0 else { return 0 }
        return sample.fill(room) + prices.worth(room)
    }

    /// What is wasted when a shape is placed: fill that is lost beyond its size. In thousandths of a device, never priced.
    package func waste(before: Room, after: Room) -> Double {
        sample.fill(before) - sample.fill(after) - Double(before.freeMilli - after.freeMilli)
    }

    package func score(before: Valued, after: Valued) -> UInt8 {
        var gain = after.worth - before.worth + Double(before.freeMilli - after.freeMilli)
        if gain > 0 { gain *= -settings.displacement }
        return UInt8(clamping: Self.best + Int((gain / settings.step).rounded(.down)))
    }
}
