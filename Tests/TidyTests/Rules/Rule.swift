/// Something that every source keeps to.
struct Rule: Sendable, CustomStringConvertible {
    var name: String
    /// What breaks the rule in one file.
    var findings: @Sendable (SourceFile) -> [Finding]

    var description: String { name }

    init(_ name: String, findings: @escaping @Sendable (SourceFile) -> [Finding]) {
        self.name = name
        self.findings = findings
    }

    /// Code must not match any of the expressions, in the files to which the rule applies.
    init(_ name: String, forbids expressions: [String], in applies: @escaping @Sendable (SourceFile) -> Bool) {
        self.init(name) { file in
            guard applies(file) else { return [] }
            return expressions.flatMap { Pattern($0).matches(in: file.code) }
                .map { Finding(path: file.path, line: $0.line, what: "\(name): \($0.text)") }
        }
    }

    static let all: [Rule] = [
        modulesAreKnown, importsKeepToTheTable, leanModulesStayLean, noClocks, noUnseededRandomness, noRandomNames,
        noUnstructuredTasks, noSleeps, noForcedTries, noForcedUnwraps, discardedErrorsAreExplained, nothingIsPublic,
        filesAreShort, generatedFilesSaySo,
    ]
}

extension SourceFile {
    /// True where effects come in as values: everywhere but in the few modules that may have them.
    var isPure: Bool { !(module?.hasEffects ?? false) }

    /// True for what runs at a user's, rather than in tests and benchmarks.
    var isShipped: Bool { module.map(Module.shipped.contains) ?? false }
}
