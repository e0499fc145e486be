import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

extension NodePlan {
    /// Why a slice is Lost.
    enum Loss {
        /// Its own `after` has run out.
        case silence
        /// Its node was confirmed dead.
        case death

        var reason: String {
            switch self {
            case .silence: "NodeDisconnected"
            case .death: ConfirmedDeaths.reason
            }
        }
    }

    /// Says of a slice whose node is silent what that means for it, and takes it back when the node is heard.
    mutating func mark(
        _ slice: Kinds.Slice, _ grant: Kinds.Grant, _ standing: NodeStanding, _ seen: NodeObservation
    ) {
        var next = slice
        switch (standing.heard, slice.status.state) {
        case (.disconnected, .reserved), (.disconnected, .prepared), (.disconnected, .active),
            (.disconnected, .releasing):
            guard !slice.isMarkedSilent else { return }
            next.status.reason = Loss.silence.reason
            next.status.message = Self.silenceText(grant)
            next.meter(until: standing.lastRenewal, seen)
        case (.ready, .reserved), (.ready, .prepared), (.ready, .active), (.ready, .releasing):
            guard slice.isMarkedSilent else { return }
            next.status.reason = nil
            next.status.message = nil
            next.status.cardSeconds = nil
        default:
            return
        }
        transactions.append((Self.subject(slice), [.status(next)], []))
    }

    /// A slice of a node that was confirmed dead: Lost, and in the next step Released, so that its shares come free and its
    /// work may start elsewhere.
    mutating func bury(
        _ slice: Kinds.Slice, _ grant: Kinds.Grant, _ standing: NodeStanding, _ seen: NodeObservation
    ) {
        guard slice.status.state == .lost else { return lose(slice, grant, .death, standing, seen) }
        var next = slice
        next.status.state = .released
        next.status.reason = ConfirmedDeaths.reason
        next.status.message = "Node \(grant.node) was confirmed dead, and what it held is free."
        next.status.releasedAt = seen.now
        if next.status.cardSeconds == nil { next.meter(until: standing.lastRenewal, seen) }
        let event = PlannedEvent(slice, "Released", next.status.message ?? "")
        transactions.append((Self.subject(slice), [.status(next)], [event]))
    }

    mutating func lose(
        _ slice: Kinds.Slice, _ grant: Kinds.Grant, _ loss: Loss, _ standing: NodeStanding?, _ seen: NodeObservation
    ) {
        switch slice.status.state {
        case .pending, .released, .lost: return
        case .reserved, .prepared, .active, .releasing, .scrubbing: break
        }
        var next = slice
        next.status.state = .lost
        next.status.reason = loss.reason
        next.status.message =
            switch loss {
            case .silence:
                "Node \(grant.node) was silent\(grant.after.map { " for \($0)" } ?? ""); its deadline has passed."
            case .death: "Node \(grant.node) was confirmed dead."
            }
        if next.status.cardSeconds == nil { next.meter(until: standing?.lastRenewal, seen) }
        var changes: [PlannedChange] = [.status(next)]
        if var task = seen.task(of: slice), !task.status.state.isFinal, task.status.state != .pending {
            // What ran out of time was fenced; of what a dead node did last nobody knows.
            let isFenced = loss == .silence || seen.lost.contains(SliceUID(slice.metadata.uid))
            task.status.state = isFenced ? .fenced : .lost
            task.status.end = Kinds.TaskEnd(
                reason: loss.reason, message: next.status.message, startedAt: task.status.startedAt,
                finishedAt: seen.now, token: grant.token)
            changes.append(.status(task))
        }
        let event = PlannedEvent(slice, "Lost", next.status.message ?? "", isWarning: true)
        transactions.append((Self.subject(slice), changes, [event]))
    }

    private static func subject(_ slice: Kinds.Slice) -> String {
        "slice \(slice.metadata.namespace)/\(slice.metadata.name)"
    }

    private static func silenceText(_ grant: Kinds.Grant) -> String {
        switch grant.fencePolicy {
        case .keep:
            """
            Node \(grant.node) is silent. The slice is kept: nothing replaces it until the node returns or is confirmed \
            dead with `tidemill node confirm-dead \(grant.node)`.
            """
        case .stop(let after):
            """
            Node \(grant.node) is silent. Its task ends when the silence has lasted \(APIDuration(after)); then the slice is \
            Lost and the work starts elsewhere, unless the controller suspects itself.
            """
        }
    }
}

extension Kinds.Slice {
    /// Whether the slice says of its node that it is silent; true of what was Lost by it, too.
    var isMarkedSilent: Bool { status.reason == NodePlan.Loss.silence.reason }

    /// Meters what is certain of a slice whose node is silent: it was active until the last renewal that was processed, or
    /// until its task had ended. The agent's own figure replaces this one when the node returns. Nothing is known, and
    /// nothing changes, where this controller never heard the node.
    ///
    /// `activeAt` has its fraction cut off, so the second that it names counts as not active. It stands on the node's wall
    /// clock, which may have been set since, as the controller's may: what the node's heartbeats show is the most that is
    /// metered. Never more than the truth (invariant 6).
    fileprivate mutating func meter(until lastRenewal: WallTime?, _ seen: NodeObservation) {
        guard let grant = status.grant, let activeAt = status.activeAt, let lastRenewal else { return }
        let end = min(lastRenewal, seen.task(of: self)?.status.end?.finishedAt?.wallTime ?? lastRenewal)
        var active = end.nanosecondsSince1970 - (activeAt.wallTime.nanosecondsSince1970 + 1_000_000_000)
        if let surely = seen.surelyActive {
            active = min(active, (surely[SliceUID(metadata.uid)] ?? .zero).wholeNanoseconds)
        }
        status.cardSeconds = CardSeconds.text(units: grant.cardUnits, nanoseconds: active)
    }
}
