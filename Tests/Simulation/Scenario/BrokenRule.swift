/// A rule that is broken on purpose, at the seams of the harness, to show that the checkers would notice.
package enum BrokenRule: String, CaseIterable, Sendable {
    /// What was on a silent node is replaced at once.
    case replaceWithoutWaiting
    /// The deadline counts from the answer's arrival.
    case deadlineFromReceipt
    /// Shims and kernels do not mind deadlines.
    case noFence
    /// Attempts are ordered by the epochs of their nodes.
    case attemptsByEpoch
    /// The lease page of one boot is believed in the next.
    case forgetTheBoot
    /// A heartbeat that names another boot frees the node's work, whoever sent it.
    case freeOnBootID
    /// The controller judges silence by the policy in the Job.
    case policyFromJob
    /// A release is reported before anyone has looked whether processes are left.
    case releaseEarly
    /// A restored store grants before the nodes have said what they run.
    case grantDuringRestore
    /// The draft of a committed gang expires.
    case expireCommittedDraft
    /// A gang starts before its members are prepared.
    case startUnprepared
    /// A controller that once suspected itself does so for ever.
    case guardNeverThaws
    /// Agents forget what they have to report.
    case forgetReports
    /// Agents write nothing into their journal.
    case noJournal
    /// Nodes offer more than they have.
    case overcommit
    /// The store acknowledges what it forgets when its process dies.
    case forgetAcknowledged
    /// A release is reported with another amount than was metered.
    case meterWrongly
    /// An end that nobody recorded is metered until it is noticed.
    case meterUntilNoticed
    /// A node's epochs begin anew when nothing is held there.
    case epochsBeginAnew
    /// Those who share CPUs keep the cores that are given away whole.
    case shareGivenCores

    /// The invariants by which it may be noticed.
    package var caughtBy: Set<String> {
        switch self {
        case .replaceWithoutWaiting, .freeOnBootID, .policyFromJob: ["1b", "1a"]
        case .noFence, .deadlineFromReceipt: ["3", "1b"]
        case .forgetTheBoot: ["3", "1b"]
        case .attemptsByEpoch: ["9", "1b"]
        case .noJournal: ["1a", "1b", "7", "6", "5", "2"]
        case .releaseEarly: ["1a", "1b"]
        case .shareGivenCores: ["1a"]
        case .grantDuringRestore: ["1a", "1b"]
        case .expireCommittedDraft, .startUnprepared: ["5"]
        case .guardNeverThaws, .forgetReports: ["7"]
        case .overcommit: ["4"]
        case .meterWrongly, .meterUntilNoticed: ["6"]
        case .forgetAcknowledged: ["2", "9"]
        case .epochsBeginAnew: ["9"]
        }
    }

    /// The history of a seed in which it is looked for.
    package func scenario(seed: UInt64) -> Scenario { Scenario.drawn(seed: seed, favouring: provokedBy) }

    /// Kinds of faults without which it would show too seldom; they are among those of its histories.
    var provokedBy: [String] {
        switch self {
        case .replaceWithoutWaiting, .noFence, .policyFromJob: ["partition"]
        case .deadlineFromReceipt: ["late and doubled messages", "partition"]
        case .forgetTheBoot: ["reboot", "partition"]
        case .freeOnBootID: [FaultKind.secondAgent]
        case .grantDuringRestore: ["restored backup"]
        case .guardNeverThaws: ["mass silence"]
        case .noJournal: ["agent crash", "reboot"]
        case .forgetAcknowledged: ["controller crash"]
        case .meterUntilNoticed: ["agent stopped", "shim killed", "reboot"]
        case .releaseEarly: ["shim killed", "agent crash"]
        case .attemptsByEpoch, .expireCommittedDraft, .startUnprepared, .forgetReports, .overcommit, .meterWrongly,
            .epochsBeginAnew, .shareGivenCores:
            []
        }
    }
}
