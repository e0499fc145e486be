import TidemillSeams

/// What a canary found, written once it has ended.
package struct ProbeRecord: Hashable, Sendable {
    package enum Verdict: String, Hashable, Sendable {
        /// The attempt failed, as it must.
        case held
        /// The attempt succeeded: the slice does not hold.
        case gotThrough
        /// It could not be tried; nothing is proven.
        case notTried
    }

    package struct Finding: Hashable, Sendable {
        package var check: ProbeSpec.Check
        package var verdict: Verdict
        /// One sentence: what was tried, and what the kernel answered.
        package var evidence: String

        package init(check: ProbeSpec.Check, verdict: Verdict, evidence: String) {
            self.check = check
            self.verdict = verdict
            self.evidence = evidence
        }
    }

    /// One for each check asked for, in that order.
    package var findings: [Finding]
    /// What of the containment could not be had, a sentence each.
    package var unenforced: [String]
    /// Why there was no canary, or why it ended early; nil when it came to its end.
    package var failure: String?
    /// From the start of the canary to its end.
    package var duration: Duration

    package init(
        findings: [Finding], unenforced: [String] = [], failure: String? = nil, duration: Duration = .zero
    ) {
        self.findings = findings
        self.unenforced = unenforced
        self.failure = failure
        self.duration = duration
    }

    /// Whether everything was tried, and nothing got through.
    package var holds: Bool { failure == nil && findings.allSatisfy { $0.verdict == .held } }

    /// Whether something got through, or the canary did not come to its end. What neither holds nor fails is not known.
    package var fails: Bool { failure != nil || findings.contains { $0.verdict == .gotThrough } }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "probed/1")
        for finding in findings {
            text.add("check", finding.check.rawValue)
            text.add("verdict", finding.verdict.rawValue)
            text.add("evidence", finding.evidence)
        }
        text.add("unenforced", unenforced)
        if let failure { text.add("failure", failure) }
        text.add("duration", duration.wholeNanoseconds)
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "probed/1" else { throw .invalid("record") }
        let checks = text.all("check")
        let verdicts = text.all("verdict")
        let evidence = text.all("evidence")
        guard checks.count == verdicts.count, checks.count == evidence.count else { throw .invalid("check") }
        var findings: [Finding] = []
        for index in checks.indices {
            guard let check = ProbeSpec.Check(rawValue: checks[index]) else { throw .invalid("check") }
            guard let verdict = Verdict(rawValue: verdicts[index]) else { throw .invalid("verdict") }
            findings.append(Finding(check: check, verdict: verdict, evidence: evidence[index]))
        }
        self.init(
            findings: findings, unenforced: text.all("unenforced"), failure: text.optionalText("failure"),
            duration: .nanoseconds(try text.number("duration")))
    }
}
