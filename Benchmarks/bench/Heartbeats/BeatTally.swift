import Histogram
import TidemillWire

/// What all simulated agents of one process have seen since the last look. Lives on one event loop.
final class BeatTally {
    var connected = 0
    var streams = 0
    var acknowledged = 0
    var refused = 0
    /// Answers that came after the agent would have given up.
    var late = 0
    /// Answers that were none, and connections that failed.
    var errors = 0
    /// Connections that ended.
    var lost = 0
    var lastRefusal: String?
    /// Requests about slices, those of them that met a change and were made anew, and slices made Active.
    var requests = 0
    var conflicts = 0
    var activated = 0
    private var shortest = Int64.max
    private var latency = Histogram<UInt32>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

    func acknowledge(microseconds: Int64, interval: Int64) {
        acknowledged += 1
        shortest = min(shortest, interval)
        latency.record(UInt64(max(1, microseconds)))
    }

    /// The figures of one window; counting starts again, but for what is connected.
    func take(from start: Int64, until end: Int64) -> BeatWindow {
        defer {
            (acknowledged, refused, late, errors, lost, lastRefusal) = (0, 0, 0, 0, 0, nil)
            (requests, conflicts, activated) = (0, 0, 0)
            latency.reset()
        }
        return BeatWindow(
            start: start, end: end, connected: connected, streams: streams, acknowledged: acknowledged,
            refused: refused, late: late, errors: errors, lost: lost, requests: requests, conflicts: conflicts,
            activated: activated,
            medianMicroseconds: Int64(latency.valueAtPercentile(50)),
            p99Microseconds: Int64(latency.valueAtPercentile(99)),
            lastRefusal: lastRefusal)
    }
}

extension BeatTally {
    /// Takes what a stream says, and hands its events on: an object, and whether it is gone.
    func note(_ notice: EventStream.Notice, _ take: (JSON, Bool) -> Void) {
        switch notice {
        case .opened: streams += 1
        case .event("BOOKMARK", _): break
        case .event(let type, let object): take(object, type == "DELETED")
        case .ended(let why):
            lost += 1
            lastRefusal = why
        }
    }
}

/// One window as the load process prints it: a line of JSON.
struct BeatWindow: Codable, Sendable {
    /// On the boot clock, in nanoseconds.
    var start: Int64
    var end: Int64
    var connected: Int
    var streams: Int
    var acknowledged: Int
    var refused: Int
    var late: Int
    var errors: Int
    var lost: Int
    var requests: Int
    var conflicts: Int
    var activated: Int
    var medianMicroseconds: Int64
    var p99Microseconds: Int64
    var lastRefusal: String?

    var seconds: Double { Double(end - start) / 1e9 }
}
