import Testing

@Suite("The repository is tidy")
struct TidyTests {
    @Test func `the sources are found`() {
        let paths = Set(Repository.sources.map(\.path))
        #expect(paths.contains("Tests/TidyTests/TidyTests.swift"))
        #expect(paths.contains("Sources/Wire/JSON.swift"))
        for module in Module.all {
            #expect(paths.contains { $0.hasPrefix(module.folder + "/") }, "\(module.folder) holds no source")
        }
    }

    @Test(arguments: Rule.all)
    func `every source keeps the rule`(rule: Rule) {
        #expect(Repository.sources.flatMap(rule.findings).map(\.description) == [])
    }

    @Test(.enabled("needs a git checkout") { Repository.trackedPaths != nil })
    func `what a build leaves is not tracked`() throws {
        let tracked = try #require(Repository.trackedPaths)
        #expect(tracked.contains("Package.swift"))
        #expect(tracked.filter(isBuildOutput) == [])
    }

    @Test(arguments: ["Package.resolved", ".build/debug/x", ".build-wire/x", "Tools/x/.build/y", ".swiftpm/z", "a/b.o"])
    func `a build's output is known by its path`(path: String) {
        #expect(isBuildOutput(path))
    }

    @Test(arguments: ["Package.swift", "Sources/Wire/JSON.swift", "docs/building.md"])
    func `a source is no build's output`(path: String) {
        #expect(!isBuildOutput(path))
    }

    private func isBuildOutput(_ path: String) -> Bool {
        path == "Package.resolved" || path.hasSuffix(".o")
            || path.split(separator: "/").contains { $0.hasPrefix(".build") || $0 == ".swiftpm" }
    }
}
