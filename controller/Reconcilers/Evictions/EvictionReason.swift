import TidemillModel

/// Why an operator's measure ends a slice; the raw value is the slice's reason while it is Releasing. The agent counts an
/// end under either as Preempted.
package enum EvictionReason: String, Sendable, CaseIterable {
    /// The node is drained, or emptied for maintenance.
    case drained = "Drained"
    /// A NoExecute taint that the slice does not tolerate, or tolerated for a time.
    case taint = "TaintNoExecute"

    /// Whether `reason` is one of them.
    static func contains(_ reason: String?) -> Bool {
        reason.map { EvictionReason(rawValue: $0) != nil } ?? false
    }
}
