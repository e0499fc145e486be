import TidemillSeams

/// On which CPUs the slices without cores of their own are to run now: what is shared shrinks when a core is given away
/// whole, and grows when it comes back. Of two of these the one with the higher number counts.
package struct CPUBindings: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var key: SliceKey
        package var file: String
        package var cpus: String

        package init(key: SliceKey, file: String, cpus: String) {
            self.key = key
            self.file = file
            self.cpus = cpus
        }
    }

    package var number: Int
    package var entries: [Entry]

    package init(number: Int, entries: [Entry]) {
        self.number = number
        self.entries = entries
    }
}
