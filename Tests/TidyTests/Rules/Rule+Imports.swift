extension Rule {
    static let modulesAreKnown = Rule("in a folder of no known module") { file in
        file.module == nil ? [Finding(path: file.path, line: 1, what: "in a folder of no known module")] : []
    }

    static let importsKeepToTheTable = Rule("imports keep to the table") { file in
        guard let module = file.module else { return [] }
        return imports(of: file)
            .filter { Module.names.contains($0.name) && $0.name != module.name && !module.mayImport.contains($0.name) }
            .map { Finding(path: file.path, line: $0.line, what: "\(module.name) may not import \($0.name)") }
    }

    static let leanModulesStayLean = Rule("lean modules stay lean") { file in
        guard let module = file.module, module.isLean else { return [] }
        let heavy: Set<String> = ["Foundation", "FoundationEssentials", "Dispatch", "_Concurrency"]
        let imported = imports(of: file).filter { heavy.contains($0.name) }
            .map { Finding(path: file.path, line: $0.line, what: "\(module.name) may not import \($0.name)") }
        let words = Pattern(#"(?<![\w.])(?:async|await|actor|Task)\b(?!:)"#).matches(in: file.code)
            .map {
                Finding(path: file.path, line: $0.line, what: "\(module.name) uses the concurrency runtime: \($0.text)")
            }
        return imported + words
    }

    private static func imports(of file: SourceFile) -> [(line: Int, name: String)] {
        let pattern = Pattern(
            #"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?"#
                + #"import[ \t]+(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?(\w+)"#)
        return pattern.matches(in: file.code).map { ($0.line, $0.text) }
    }
}
