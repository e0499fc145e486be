import TidemillSeams

/// Notices that many nodes fell silent at once, which is more likely the controller's own fault than theirs (section 4).
///
/// A value. It is told who fell silent and who was heard again; whoever asks it holds back what silence would bring.
/// While it is tripped no slice is Lost by silence, no replacement is granted and no eviction begins; it cannot hold back
/// the fences of the nodes themselves.
package struct MassFailureGuard: Hashable, Sendable {
    /// One failure domain, as it stands when it is judged.
    package struct Domain: Hashable, Sendable {
        /// Nodes that count: heard or fallen silent under this controller, and expected to be heard.
        package var nodes: Int
        /// The largest silence after which a node of it is Disconnected.
        package var disconnected: Duration

        package init(nodes: Int, disconnected: Duration) {
            self.nodes = nodes
            self.disconnected = disconnected
        }
    }

    /// Why a domain is suspected.
    package struct Trip: Hashable, Sendable {
        /// How many nodes counted when it tripped.
        package var nodes: Int
        /// How many silent ones make it trip; it thaws when fewer of `silent` are left.
        package var threshold: Int
        package var window: Duration
        /// Nodes that fell silent and were not heard since.
        package var silent: Set<NodeID>
    }

    private struct Fall: Hashable, Sendable {
        var domain: FailureDomain
        var at: Instant
    }

    /// Domains that are suspected.
    package private(set) var trips: [FailureDomain: Trip] = [:]
    /// Nodes that fell silent of late, and when.
    private var falls: [NodeID: Fall] = [:]

    package init() {}

    package var isTripped: Bool { !trips.isEmpty }

    /// Whether the node's silence is one of those that are not believed.
    package func isSuspected(_ node: NodeID) -> Bool { trips.values.contains { $0.silent.contains(node) } }

    /// How many of `nodes` must fall silent: a fifth, in domains of fewer than ten nodes half, at least three.
    package static func threshold(of nodes: Int) -> Int {
        max(3, nodes < 10 ? (nodes + 1) / 2 : (nodes + 4) / 5)
    }

    /// The node became Disconnected.
    package mutating func fell(_ node: NodeID, in domain: FailureDomain, at now: Instant) {
        if trips[domain] != nil {
            trips[domain]?.silent.insert(node)
        } else {
            falls[node] = Fall(domain: domain, at: now)
        }
    }

    /// The node was heard, in whatever boot, or nobody expects to hear it any more: it was confirmed dead, is in
    /// maintenance or was deleted.
    package mutating func clear(_ node: NodeID) {
        falls[node] = nil
        for domain in trips.keys { trips[domain]?.silent.remove(node) }
    }

    /// The controller itself was away for so long.
    package mutating func extended(by gap: Duration) {
        falls = falls.mapValues { Fall(domain: $0.domain, at: $0.at + gap) }
    }

    /// Trips and thaws. To be asked after everything that the same instant brought was told, and before anything is done
    /// about silence.
    package mutating func judge(_ domains: [FailureDomain: Domain], at now: Instant) {
        for (domain, trip) in trips where trip.silent.count < trip.threshold { trips[domain] = nil }
        var counted: [FailureDomain: Set<NodeID>] = [:]
        for (node, fall) in falls {
            let window = (domains[fall.domain]?.disconnected ?? .zero) * 2
            if now.since(fall.at) > window {
                falls[node] = nil
            } else {
                counted[fall.domain, default: []].insert(node)
            }
        }
        for (domain, silent) in counted {
            guard let size = domains[domain], silent.count >= Self.threshold(of: size.nodes) else { continue }
            trips[domain] = Trip(
                nodes: size.nodes, threshold: Self.threshold(of: size.nodes), window: size.disconnected * 2,
                silent: silent)
            for node in silent { falls[node] = nil }
        }
    }
}

extension MassFailureGuard {
    /// The one word for a controller that suspects itself.
    package static let reason = "ControllerSuspect"

    /// What is withheld from replacements and evictions; nil while nothing is suspected.
    package var hold: GrantPermission.Hold? {
        let texts = trips.map { domain, trip in trip.text(domain) }.sorted()
        guard !texts.isEmpty else { return nil }
        return GrantPermission.Hold(reason: Self.reason, message: texts.joined(separator: " "))
    }
}

extension MassFailureGuard.Trip {
    /// What was seen, and what would thaw it.
    func text(_ domain: FailureDomain) -> String {
        let names = silent.sorted().map(\.rawValue)
        let told = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
        return """
            \(silent.count) of \(nodes) nodes of \(domain) fell silent within \(window): the controller suspects \
            itself, loses nothing and starts no replacement until fewer than \(threshold) of them are silent. Silent \
            are \(told); a node counts no longer once it returns, reports another boot or is confirmed dead.
            """
    }
}
