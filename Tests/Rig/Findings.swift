/// What held and what did not, of one case or of many.
package struct Findings: Sendable {
    package private(set) var passed = 0
    package private(set) var failed: [String] = []

    package init() {}

    /// Counts a check; one that fails is printed at once.
    package mutating func check(_ what: String, _ holds: Bool, _ detail: @autoclosure () -> String = "") {
        if holds {
            passed += 1
        } else {
            let detail = detail()
            failed.append(what)
            say("FAILED \(what)\(detail.isEmpty ? "" : ": \(detail)")")
        }
    }

    /// Counts `nothing is wrong` as a check.
    package mutating func check(_ what: String, noneOf problems: [String]) {
        check(what, problems.isEmpty, problems.prefix(10).joined(separator: "; "))
    }

    package mutating func add(_ other: Findings) {
        passed += other.passed
        failed += other.failed
    }
}
