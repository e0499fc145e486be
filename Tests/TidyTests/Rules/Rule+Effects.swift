extension Rule {
    static let noClocks = Rule(
        "a clock is read",
        forbids: [
            #"(?<![\w.])Date\(\)"#, #"\bDate\.now\b"#, #"\bDate\(timeIntervalSinceNow\b"#, #"\bContinuousClock\b"#,
            #"\bSuspendingClock\b"#, #"clock:\s*\.(?:continuous|suspending)\b"#, #"\bclock_gettime\b"#,
            #"\bgettimeofday\b"#, #"\bDispatch(?:Wall)?Time\.now\b"#, #"\bNIODeadline\.now\b"#,
            #"(?<![\w.])time\(\s*(?:nil|NULL)\s*\)"#, #"\bsystemUptime\b"#,
        ], in: \.isPure)

    static let noUnseededRandomness = Rule(
        "random without a seed",
        forbids: [
            #"\bSystemRandomNumberGenerator\b"#, #"\.random\((?!(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\busing:)"#,
            #"\.(?:shuffled|shuffle|randomElement)\(\s*\)"#, #"\barc4random\w*"#,
            #"\bgetrandom\b"#, #"(?<![\w.])(?:s?rand|s?random|drand48)\("#,
        ], in: \.isPure)

    /// Tests may name their folders so.
    static let noRandomNames = Rule(
        "an id that is not from a seam", forbids: [#"(?<![\w.])UUID\(\)"#],
        in: { $0.isPure && $0.isShipped })

    static let noUnstructuredTasks = Rule(
        "unstructured task",
        forbids: [
            #"(?<![\w.])(?<!\bstruct )(?<!\benum )(?<!\bextension )(?:_Concurrency\.)?Task(?:<[^>\n]*>)?\s*[{(]"#,
            #"(?<![\w.])(?:_Concurrency\.)?Task(?:<[^>\n]*>)?\.(?:detached|init|immediate\w*)\b"#,
            #"\bThread\.detachNewThread\b"#, #"\bDispatchQueue\.(?:global|main)\b"#,
        ], in: \.isPure)

    static let noSleeps = Rule(
        "a sleep",
        forbids: [
            #"\bTask(?:<[^>\n]*>)?\.sleep\b"#, #"\bThread\.sleep\b"#,
            #"(?<![\w.])(?:usleep|nanosleep|clock_nanosleep)\("#,
            // The C function; an injected `sleep` is awaited.
            #"(?<![\w.])(?<!\bawait )(?<!\bfunc )sleep\("#,
        ], in: \.isPure)
}
