/// A rule that is broken on purpose, at the seams of the harness, to show that the checkers would notice.
package enum BrokenRule: String, CaseIterable, Sendable {
    /// Shims and kernels do not mind deadlines.
    case noFence
    /// The deadline counts from the answer's arrival.
    case deadlineFromReceipt
    /// Agents write nothing into their journal.
    case noJournal
    /// A release is reported before anyone has looked whether processes are left.
    case releaseEarly
    /// A release is reported with another amount than was metered.
    case meterTwice
    /// The store acknowledges what it forgets when its process dies.
    case forgetAcknowledged

    /// The invariants by which it may be noticed.
    package var caughtBy: Set<String> {
        switch self {
        case .noFence, .deadlineFromReceipt: ["3", "1b"]
        case .noJournal: ["1a", "1b", "7", "6", "5"]
        case .releaseEarly: ["1a", "1b"]
        case .meterTwice: ["6"]
        case .forgetAcknowledged: ["2", "9"]
        }
    }
}
