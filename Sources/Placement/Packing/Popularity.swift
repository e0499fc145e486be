/// How often shapes are asked for. The sizes of memory are averaged: they matter less than their number would cost.
package struct Popularity: Sendable {
    package struct Entry: Sendable {
        package var shape: Shape
        /// Of all units, 0...1.
        package var share: Double
    }

    private struct Count {
        var order: Int
        var units = 0
        var memoryMiB = 0

        mutating func take(_ more: Int, _ mebibytes: Int) {
            units += more
            memoryMiB += mebibytes
        }
    }

    private var counts: [Shape: Count] = [:]
    package private(set) var units = 0

    package init() {}

    package init(_ shapes: some Sequence<Shape>) {
        for shape in shapes { count(shape) }
    }

    /// Takes in one more unit.
    package mutating func count(_ shape: Shape) { count(shape, units: 1, memoryMiB: Int(shape.memoryMiB)) }

    /// Takes in so many more units, which ask for this memory together.
    package mutating func count(_ shape: Shape, units more: Int, memoryMiB: Int) {
        var key = shape
        key.memoryMiB = 0
        let order = counts.count
        counts[key, default: Count(order: order)].take(more, memoryMiB)
        units += more
    }

    /// All shapes with their mean memory, the most frequent first; ties in the order in which they came.
    package var entries: [Entry] {
        counts.sorted { (-$0.value.units, $0.value.order) < (-$1.value.units, $1.value.order) }.map { key, count in
            var shape = key
            shape.memoryMiB = Int32(count.memoryMiB / count.units)
            return Entry(shape: shape, share: Double(count.units) / Double(units))
        }
    }

    /// The most frequent shapes that together are `part` of all units, their shares scaled to 1.
    package func typical(_ part: Double = 0.95) -> [Entry] {
        var covered = 0.0
        var typical: [Entry] = []
        for entry in entries where covered < part {
            typical.append(entry)
            covered += entry.share
        }
        return typical.map { Entry(shape: $0.shape, share: $0.share / covered) }
    }
}
