import TidemillSeams

/// Whether a node follows what the controller writes for it: renewals alone do not show that its watches live.
///
/// A value. It is told the newest revision of what concerns the node and the revision that each heartbeat says is applied.
package struct ControlPath: Hashable, Sendable {
    /// Changes unapplied for this long are a stall.
    package static let patience: Duration = .seconds(10)

    /// A change that the node has not confirmed.
    private struct Change: Hashable, Sendable {
        var revision: Revision
        var since: Instant
        /// When the first of the changes was noticed that this one stands for.
        var first: Instant
    }

    /// The node has applied everything through this revision.
    package private(set) var applied = Revision(0)
    /// Oldest first. Changes of one second are one; the last one stands for all that do not fit.
    private var open: [Change] = []
    private static let most = 16

    package init() {}

    /// Whether something that was written has yet to be applied.
    package var isBehind: Bool { !open.isEmpty }

    /// Something that concerns the node was written at `revision`.
    package mutating func wrote(_ revision: Revision, at now: Instant) {
        guard revision > applied, revision > open.last?.revision ?? Revision(0) else { return }
        if let last = open.last, open.count == Self.most || now.since(last.first) < .seconds(1) {
            open[open.count - 1] = Change(revision: revision, since: now, first: last.first)
        } else {
            open.append(Change(revision: revision, since: now, first: now))
        }
    }

    /// A heartbeat says what is applied. `isReturn`: the node was silent before it, so that what waits is as old as the
    /// return.
    package mutating func heard(applied revision: Revision, isReturn: Bool, at now: Instant) {
        // An agent that has started anew begins at zero, and its lists bring it up.
        applied = revision
        open.removeAll { $0.revision <= revision }
        if isReturn {
            for index in open.indices { open[index].since = max(open[index].since, now) }
        }
    }

    /// The controller itself was away for so long.
    package mutating func extended(by gap: Duration) {
        for index in open.indices { open[index].since = open[index].since + gap }
    }

    /// The oldest change that has waited too long; nil while the node keeps up.
    package func stalled(at now: Instant) -> Revision? {
        guard let oldest = open.first, now.since(oldest.since) >= Self.patience else { return nil }
        return oldest.revision
    }
}

extension ControlPath {
    /// The one word for a node that does not follow.
    package static let reason = "ControlPathStalled"

    /// Why the node gets no new grants; nil while it keeps up.
    package func hold(of node: NodeID, at now: Instant) -> GrantPermission.Hold? {
        guard let revision = stalled(at: now) else { return nil }
        return GrantPermission.Hold(
            reason: Self.reason,
            message: """
                Node \(node) has not applied revision \(revision) for \(Self.patience); it gets no new grants until \
                it does.
                """)
    }
}
