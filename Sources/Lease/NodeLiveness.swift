import TidemillSeams

/// How long ago one node was heard of, as the controller that acknowledges its heartbeats judges it.
///
/// A value: events in, effects out, time passed in. Detection (Suspect, Disconnected) frees nothing; only the `after` of
/// a `stop` slice, counted from the last renewal that was *processed*, loses a slice (invariant 1b).
package struct NodeLiveness: Hashable, Sendable {
    /// What the controller calls the node's silence.
    package enum State: String, Hashable, Sendable {
        /// No heartbeat was ever processed.
        case initializing = "Initializing"
        case ready = "Ready"
        /// Silent for three intervals.
        case suspect = "Suspect"
        /// Silent for five intervals.
        case disconnected = "Disconnected"
    }

    package enum Event: Hashable, Sendable {
        /// A heartbeat was processed and is acknowledged.
        case renewed
        /// A `stop` or `keep` grant is held here from now on, or was found in the store. Idempotent.
        case granted(SliceUID, FencePolicy)
        /// The slice holds nothing here any more.
        case released(SliceUID)
        /// The smallest `after` of grants that are being planned for this node; nil when none is. Lowers the interval
        /// before such a grant commits.
        case planned(smallestAfter: Duration?)
        /// The controller itself was away for so long: nothing that happened meanwhile is held against the node.
        case extended(by: Duration)
        /// Time passed, as far as what the node is called goes: nothing is lost yet.
        case look
        /// Time passed, and what ran out is lost.
        case tick
    }

    package enum Effect: Hashable, Sendable {
        case stateChanged(from: State, to: State)
        /// The slice's `after` has run out: write it Lost. It is forgotten here.
        case sliceLost(SliceUID)
    }

    package private(set) var state: State
    /// When the last renewal was processed, or what counts as that.
    package private(set) var lastProcessed: Instant
    /// Whether this controller itself has heard the node; otherwise `lastProcessed` only counts as a renewal.
    package private(set) var hasRenewed = false
    private var silentUntilAtLeast: Instant
    private var stopSlices: [SliceUID: Duration] = [:]
    private var plannedAfter: Duration?
    private var announced: Duration
    private var confirmed: Duration

    /// A node that this controller learns of now: at its start, or at the node's first report.
    ///
    /// Whatever came before, the node counts as just renewed, and one full detection time passes before anything is
    /// judged.
    /// - Parameter state: as the store has it. A node that was silent before stays so until it is heard: it does not fall
    ///   silent again.
    package init(at now: Instant, state: State) {
        self.state = state
        lastProcessed = now
        announced = HeartbeatInterval.longest
        confirmed = HeartbeatInterval.longest
        silentUntilAtLeast = now + DetectionTimes(interval: HeartbeatInterval.longest).disconnected
    }

    /// The interval to send with the next acknowledgement.
    package var interval: Duration {
        let afters = Array(stopSlices.values) + (plannedAfter.map { [$0] } ?? [])
        return HeartbeatInterval.agreed(smallestAfter: afters.min())
    }

    /// Whether the agent renews often enough for a grant with this `after`: the interval was announced in one
    /// acknowledgement, another renewal came after it, and no longer one was announced then. Only so may the grant commit.
    package func hasAgreed(after: Duration) -> Bool {
        max(announced, confirmed) <= HeartbeatInterval.agreed(smallestAfter: after)
    }

    /// The detection times in force; the slower of what was announced and what was confirmed.
    package var detection: DetectionTimes { DetectionTimes(interval: max(announced, confirmed)) }

    package mutating func on(_ event: Event, at now: Instant) -> [Effect] {
        switch event {
        case .renewed:
            hasRenewed = true
            lastProcessed = max(lastProcessed, now)
            confirmed = announced
            announced = interval
            return move(to: .ready)
        case .granted(let slice, .stop(let after)):
            stopSlices[slice] = after
        case .granted(let slice, .keep):
            stopSlices[slice] = nil
        case .released(let slice):
            stopSlices[slice] = nil
        case .planned(let smallestAfter):
            plannedAfter = smallestAfter
        case .extended(let gap):
            lastProcessed = min(now, lastProcessed + gap)
            silentUntilAtLeast = silentUntilAtLeast + gap
        case .look:
            return look(at: now)
        case .tick:
            return look(at: now) + lose(at: now)
        }
        return []
    }

    private mutating func look(at now: Instant) -> [Effect] {
        let silence = now.since(lastProcessed)
        if state != .initializing {
            if silence >= detection.disconnected {
                return move(to: .disconnected)
            } else if silence >= detection.suspect, state != .disconnected {
                return move(to: .suspect)
            }
        }
        return []
    }

    private mutating func lose(at now: Instant) -> [Effect] {
        // What a node holds that was heard of late is not looked at.
        guard now >= lostAt(.zero) else { return [] }
        let lost = stopSlices.filter { now >= lostAt($0.value) }.keys.sorted()
        for slice in lost { stopSlices[slice] = nil }
        return lost.map { .sliceLost($0) }
    }

    /// When a slice with this `after` is lost: never before the node is Disconnected, nor within the grace of a start.
    private func lostAt(_ after: Duration) -> Instant {
        max(lastProcessed + max(after, detection.disconnected), silentUntilAtLeast)
    }

    private mutating func move(to next: State) -> [Effect] {
        guard next != state else { return [] }
        defer { state = next }
        return [.stateChanged(from: state, to: next)]
    }
}
