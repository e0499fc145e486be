/// What has been asked for so far, by names that outlive every cluster's numbering of them.
package struct Demand: Sendable, Equatable {
    /// Members that asked for the same.
    package struct Entry: Sendable, Equatable {
        /// Of memory nothing, and of classes none: see `classes`.
        package var shape: Shape
        /// Names of the classes that each device must belong to.
        package var classes: Set<String>
        package var units: Int
        /// Of all units together.
        package var memoryMiB: Int

        package init(shape: Shape, classes: Set<String>, units: Int, memoryMiB: Int) {
            self.shape = shape
            self.classes = classes
            self.units = units
            self.memoryMiB = memoryMiB
        }
    }

    private struct Key: Hashable {
        var shape: Shape
        var classes: Set<String>
    }

    /// In the order in which they came.
    package private(set) var entries: [Entry] = []
    private var places: [Key: Int] = [:]
    package private(set) var units = 0

    package init(_ entries: [Entry] = []) {
        for entry in entries { count(entry.shape, entry.classes, units: entry.units, memoryMiB: entry.memoryMiB) }
    }

    /// Takes in so many more units, which ask for this memory together.
    package mutating func count(_ shape: Shape, _ classes: Set<String>, units more: Int, memoryMiB: Int) {
        var shape = shape
        (shape.memoryMiB, shape.classes) = (0, 0)
        let key = Key(shape: shape, classes: classes)
        if let place = places[key] {
            entries[place].units += more
            entries[place].memoryMiB += memoryMiB
        } else {
            places[key] = entries.count
            entries.append(Entry(shape: shape, classes: classes, units: more, memoryMiB: memoryMiB))
        }
        units += more
    }

    /// Whether more than `thousandths` of the units would have to be others to make the one the other. Exact, so that it
    /// does not hang on the order in which it is summed.
    func differs(from other: Demand, byMoreThan thousandths: Int) -> Bool {
        guard units > 0, other.units > 0 else { return units != other.units }
        var sum = 0
        for entry in entries {
            let theirs =
                other.places[Key(shape: entry.shape, classes: entry.classes)].map { other.entries[$0].units } ?? 0
            sum += abs(entry.units * other.units - theirs * units)
        }
        for entry in other.entries where places[Key(shape: entry.shape, classes: entry.classes)] == nil {
            sum += entry.units * units
        }
        // Twice the share, in units of both.
        return Int128(sum) * 1000 > 2 * Int128(thousandths) * Int128(units) * Int128(other.units)
    }

    /// As policies see it on a cluster.
    func popularity(_ rooms: NodeRooms) -> Popularity {
        var popularity = Popularity()
        for entry in entries {
            var shape = entry.shape
            shape.classes = rooms.families(with: entry.classes)
            popularity.count(shape, units: entry.units, memoryMiB: entry.memoryMiB)
        }
        return popularity
    }
}
