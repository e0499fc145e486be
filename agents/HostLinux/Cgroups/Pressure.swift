/// How much work waited for a resource: the kernel's pressure stall information, of the machine or of one slice.
package struct Pressure: Hashable, Sendable {
    package enum Resource: String, CaseIterable, Hashable, Sendable {
        case cpu, memory, io
    }

    /// Time in which at least one process waited, since the group was made.
    package var someMicroseconds: Int64
    /// Time in which all that could run waited; 0 where the kernel does not tell.
    package var fullMicroseconds: Int64
    /// Percent of the last 10 s in which at least one waited.
    package var somePercent10s: Double

    package init(someMicroseconds: Int64, fullMicroseconds: Int64, somePercent10s: Double) {
        self.someMicroseconds = someMicroseconds
        self.fullMicroseconds = fullMicroseconds
        self.somePercent10s = somePercent10s
    }

    /// Nil when `text` is not what the kernel writes.
    package init?(parsing text: String) {
        var some: [Substring: Substring]?
        var full: [Substring: Substring]?
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            var values: [Substring: Substring] = [:]
            for word in words.dropFirst() {
                let sides = word.split(separator: "=", maxSplits: 1)
                if sides.count == 2 { values[sides[0]] = sides[1] }
            }
            if words.first == "some" { some = values }
            if words.first == "full" { full = values }
        }
        guard let total = some?["total"].flatMap({ Int64($0) }), let share = some?["avg10"].flatMap({ Double($0) })
        else { return nil }
        self.init(
            someMicroseconds: total, fullMicroseconds: full?["total"].flatMap { Int64($0) } ?? 0, somePercent10s: share)
    }

    /// Of the whole machine; empty where the kernel keeps none.
    package static func ofMachine(procRoot: String = "/proc") -> [Resource: Pressure] {
        read { "\(procRoot)/pressure/\($0.rawValue)" }
    }

    static func read(_ path: (Resource) -> String) -> [Resource: Pressure] {
        var found: [Resource: Pressure] = [:]
        for resource in Resource.allCases {
            // A kernel without pressure has no such file, one told `psi=0` does not let it be read.
            guard let text = try? HostFile.readText(path(resource)) else { continue }
            found[resource] = Pressure(parsing: text)
        }
        return found
    }
}
