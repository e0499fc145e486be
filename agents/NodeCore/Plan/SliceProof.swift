import TidemillLease
import TidemillWire

/// What canaries found of a slice.
package struct SliceProof: Hashable, Sendable {
    /// Whether canaries came to their end, and nothing got through.
    package var holds: Bool
    /// Whether all was tried that a canary tries of a new slice.
    package var isComplete: Bool
    /// One sentence for each check, and for what could not be tried.
    package var evidence: [String]

    package init(holds: Bool, isComplete: Bool = true, evidence: [String]) {
        self.holds = holds
        self.isComplete = isComplete
        self.evidence = evidence
    }

    package init(_ record: ProbeRecord) {
        let findings = record.findings.map(\.evidence)
        self.init(
            holds: !record.fails, isComplete: record.findings.allSatisfy { $0.verdict != .notTried },
            evidence: findings + record.unenforced + (record.failure.map { [$0] } ?? []))
    }

    /// What speaks against a slice: what got through, or why nothing was tried.
    package init(against record: ProbeRecord) {
        let escapes = record.findings.filter { $0.verdict == .gotThrough }.map(\.evidence)
        self.init(holds: false, evidence: escapes + (record.failure.map { [$0] } ?? []))
    }

    /// Why a slice is not used, for people.
    package var complaint: String { "the slice is not proven to hold: " + evidence.joined(separator: " ") }

    package var json: JSON {
        [
            "holds": .bool(holds), "complete": .bool(isComplete), "evidence": .array(evidence.map { .string($0) }),
        ]
    }

    package init?(json: JSON) {
        guard let holds = json["holds"]?.bool, let evidence = json["evidence"]?.array else { return nil }
        // Earlier agents did not look.
        self.init(
            holds: holds, isComplete: json["complete"]?.bool ?? false, evidence: evidence.compactMap(\.string))
    }
}
