import TidemillSeams
import TidemillWire

/// How long this machine takes to end a slice, from the decision to kill until no process is left: the larger part of a
/// fence's margin when it is slow. Pure; fed by the ends that shims recorded.
package struct KillTimes: Hashable, Sendable {
    /// No machine is believed to be faster, few samples as there may be.
    package static let floor: Duration = .milliseconds(100)
    /// One process that would not die must not keep deadlines from being granted for long: longer times count as this.
    package static let ceiling: Duration = .seconds(10)
    /// Ends that count; older ones are forgotten.
    package static let kept = 64

    private var recent: [Duration]

    package init(recent: [Duration] = []) {
        self.recent = recent.suffix(Self.kept)
    }

    /// What deadlines are to reckon with: the longest of the recent ends.
    package var bound: Duration { max(Self.floor, recent.max() ?? .zero) }

    /// Counts an end; true when `bound` has changed.
    package mutating func note(_ time: Duration) -> Bool {
        let before = bound
        recent.append(min(max(time, .zero), Self.ceiling))
        if recent.count > Self.kept { recent.removeFirst() }
        return bound != before
    }

    package var json: JSON { .array(recent.map { .integer($0.wholeNanoseconds) }) }

    package init(json: JSON) {
        self.init(
            recent: (json.array ?? []).compactMap {
                $0.integer.map { .nanoseconds(min(max($0, 0), Self.ceiling.wholeNanoseconds)) }
            })
    }
}
