/// One Swift source, as it is written and as code alone.
struct SourceFile: Sendable {
    /// Relative to the repository's root.
    let path: String
    let text: String
    /// The text with comments and strings blanked, line by line the same.
    let code: String
    /// The module whose folder holds the file; nil when no module claims it.
    let module: Module?

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeScanner.code(of: text)
        module = Module.holding(path)
    }

    var isGenerated: Bool { path.contains("/Generated/") }

    var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } + (text.hasSuffix("\n") ? 0 : 1) }
}

/// One place that breaks a rule.
struct Finding: Hashable, Sendable, CustomStringConvertible {
    var path: String
    var line: Int
    var what: String

    var description: String { "\(path):\(line): \(what)" }
}
