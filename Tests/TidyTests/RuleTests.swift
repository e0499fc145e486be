import Testing

/// A snippet that is put into a file to see what a rule says.
struct Plant: Sendable, CustomTestStringConvertible {
    var rule: Rule
    var path: String
    var text: String

    init(_ rule: Rule, _ path: String, _ text: String) {
        self.rule = rule
        self.path = path
        self.text = text
    }

    var findings: [Finding] { rule.findings(SourceFile(path: path, text: text)) }
    var testDescription: String { "\(rule.name) in \(path): \(text.prefix(60))" }
}

private let store = "controller/Store/X.swift"
private let wire = "Sources/Wire/X.swift"
private let daemon = "Sources/Daemon/X.swift"
private let shim = "agents/shim/X.swift"
private let tests = "Tests/WireTests/X.swift"

/// Every one of these breaks its rule once, on its last line.
private let bad: [Plant] = [
    Plant(.modulesAreKnown, "controller/Etcd/X.swift", "let a = 1"),
    Plant(.importsKeepToTheTable, "Sources/Seams/X.swift", "import TidemillModel"),
    Plant(.importsKeepToTheTable, "Sources/Model/X.swift", "import TidemillWire"),
    Plant(.importsKeepToTheTable, wire, "import TidemillModel\n@testable import TidemillStore"),
    Plant(.importsKeepToTheTable, wire, "package import struct TidemillLease.Deadline"),
    Plant(.importsKeepToTheTable, "Sources/Placement/X.swift", "import TidemillWire"),
    Plant(.importsKeepToTheTable, "Sources/Client/X.swift", "import TidemillLease"),
    Plant(.importsKeepToTheTable, "controller/Scheduler/X.swift", "import TidemillClient"),
    Plant(.importsKeepToTheTable, "controller/Reconcilers/X.swift", "import TidemillHostLinux"),
    Plant(.importsKeepToTheTable, "controller/APIServer/X.swift", "import TidemillScheduler"),
    Plant(.importsKeepToTheTable, "controller/Store/X.swift", "import TidemillSQLite"),
    Plant(.importsKeepToTheTable, "controller/controllerd/X.swift", "import TidemillNodeAgent"),
    Plant(.importsKeepToTheTable, "agents/NodeAgent/X.swift", "import TidemillStore"),
    Plant(.importsKeepToTheTable, "agents/agentd/X.swift", "import TidemillAPIServer"),
    Plant(.importsKeepToTheTable, shim, "import TidemillHostLinux"),
    Plant(.importsKeepToTheTable, "Sources/CLI/X.swift", "import TidemillStore"),
    Plant(.importsKeepToTheTable, "Tests/NodeAgentTests/X.swift", "@testable import TidemillReconcilers"),
    Plant(.importsKeepToTheTable, "Tests/StoreTests/X.swift", "import TidemillNodeAgent"),
    Plant(.importsKeepToTheTable, tests, "import TidemillStore"),
    Plant(.leanModulesStayLean, shim, "import Foundation"),
    Plant(.leanModulesStayLean, "Sources/Lease/X.swift", "@preconcurrency import Dispatch"),
    Plant(.leanModulesStayLean, "Sources/Seams/X.swift", "func f() async {}"),
    Plant(.leanModulesStayLean, "Sources/Lease/X.swift", "actor A {}"),
    Plant(.noClocks, store, "let a = Date()"),
    Plant(.noClocks, store, "let a = Date.now"),
    Plant(.noClocks, store, "let a = ContinuousClock().now"),
    Plant(.noClocks, tests, "let a = SuspendingClock()"),
    Plant(.noClocks, store, "try await f(clock: .continuous)"),
    Plant(.noClocks, store, "clock_gettime(CLOCK_BOOTTIME, &t)"),
    Plant(.noClocks, store, "let a = DispatchTime.now()"),
    Plant(.noClocks, store, "gettimeofday(&t, nil)"),
    Plant(.noClocks, store, "let a = time(nil)"),
    Plant(.noClocks, store, "let a = \"\"\"\n  now \\(Date())"),
    Plant(.noUnseededRandomness, store, "var g = SystemRandomNumberGenerator()"),
    Plant(.noUnseededRandomness, store, "let a = Int.random(in: 0..<f(1, (2)))"),
    Plant(.noUnseededRandomness, tests, "let a = Bool.random()"),
    Plant(.noUnseededRandomness, store, "let a = list.shuffled()"),
    Plant(.noUnseededRandomness, store, "let a = list.randomElement()"),
    Plant(.noRandomNames, store, "let a = UUID()"),
    Plant(.noUnseededRandomness, store, "let a = arc4random_uniform(3)"),
    Plant(.noUnstructuredTasks, store, "Task { await f() }"),
    Plant(.noUnstructuredTasks, store, "let t = Task<Void, Never> { await f() }"),
    Plant(.noUnstructuredTasks, store, "Task(priority: .high) { await f() }"),
    Plant(.noUnstructuredTasks, store, "Task.detached { await f() }"),
    Plant(.noUnstructuredTasks, tests, "Task.immediate { await f() }"),
    Plant(.noUnstructuredTasks, store, "_Concurrency.Task { await f() }"),
    Plant(.noUnstructuredTasks, store, "DispatchQueue.global().async { f() }"),
    Plant(.noSleeps, store, "try await Task.sleep(for: .seconds(1))"),
    Plant(.noSleeps, tests, "// wait\ntry await Task.sleep(for: .seconds(1))"),
    Plant(.noSleeps, "Tests/IntegrationTests/X.swift", "Thread.sleep(forTimeInterval: 1)"),
    Plant(.noSleeps, store, "usleep(10)"),
    Plant(.noSleeps, store, "sleep(1)"),
    Plant(.noForcedTries, daemon, "let a = try! f()"),
    Plant(.noForcedTries, tests, "let a = b as! C"),
    Plant(.noForcedUnwraps, daemon, "let a = b!"),
    Plant(.noForcedUnwraps, tests, "let a = f(b)!.c"),
    Plant(.noForcedUnwraps, wire, "let a = b[0]!"),
    Plant(.noForcedUnwraps, wire, "var a: Int!"),
    Plant(.noForcedUnwraps, wire, "let a = \"\\(b!)\""),
    Plant(.noForcedUnwraps, wire, "let a = b.unsafelyUnwrapped"),
    Plant(.discardedErrorsAreExplained, wire, "// Far away.\n\nlet a = 1\n\nlet b = try? f()"),
    Plant(.nothingIsPublic, wire, "public func f() {}"),
    Plant(.nothingIsPublic, daemon, "open class A {}"),
    Plant(.nothingIsPublic, wire, "public import Foundation"),
    Plant(.filesAreShort, wire, String(repeating: "let a = 1\n", count: 600) + "let a = 1"),
    Plant(.generatedFilesSaySo, "Sources/Wire/Generated/X.swift", "let a = 1"),
    Plant(.generatedFilesSaySo, wire, "// Generated by `make generate` from x.yaml; do not edit."),
]

/// None of these breaks its rule, though it comes close.
private let good: [Plant] = [
    Plant(.modulesAreKnown, wire, "let a = 1"),
    Plant(.importsKeepToTheTable, wire, "import TidemillModel\nimport TidemillSeams\nimport Foundation"),
    Plant(.importsKeepToTheTable, wire, "// import TidemillStore\nlet a = \"import TidemillStore\""),
    Plant(.importsKeepToTheTable, tests, "@testable import TidemillWire"),
    Plant(.importsKeepToTheTable, "controller/SQLiteStore/X.swift", "import TidemillSQLite\nimport TidemillStore"),
    Plant(.importsKeepToTheTable, "agents/NodeAgent/X.swift", "import TidemillSQLite\nimport TidemillHostLinux"),
    Plant(
        .importsKeepToTheTable, "Tests/Simulation/X.swift", "import TidemillScheduler\nimport TidemillNodeCore"),
    Plant(.leanModulesStayLean, wire, "func f() async {}"),
    Plant(.leanModulesStayLean, "Sources/Lease/X.swift", "let a: Kinds.Task\n// async\nf(actor: 1)"),
    Plant(.noClocks, daemon, "let a = ContinuousClock().now"),
    Plant(.noClocks, store, "let a = Date(timeIntervalSince1970: 3) // Date()\nlet b = source.time(nil)"),
    Plant(.noUnseededRandomness, store, "let a = Int.random(in: 0..<f(1, (2)), using: &generator)"),
    Plant(.noUnseededRandomness, store, "let a = list.shuffled(using: &generator)"),
    Plant(.noRandomNames, store, "let b = UUID(uuidString: c)"),
    Plant(.noRandomNames, "Tests/StoreTests/X.swift", "let b = UUID()"),
    Plant(.noUnstructuredTasks, daemon, "Task { await f() }"),
    Plant(.noUnstructuredTasks, store, "package struct Task { }\nfunc f() -> Kinds.Task { Kinds.Task(metadata: m) }"),
    Plant(.noUnstructuredTasks, store, "group.addTask { await f() }\nTask.isCancelled\nlet a = TaskEnd(b)"),
    Plant(.noSleeps, "Sources/CLI/X.swift", "try await Task.sleep(for: .seconds(1))"),
    Plant(.noSleeps, store, "try await sleep(.seconds(1))\nfunc sleep() {}\nclock.sleep(1)"),
    Plant(.noForcedTries, wire, "let a = \"try!\" // as!"),
    Plant(.noForcedUnwraps, wire, "let a = b != c, d = !e, f = (!g), h = b !== c\n#if !DEBUG\n#endif"),
    Plant(.noForcedUnwraps, wire, "func `no, never!`() {} // a!"),
    Plant(
        .discardedErrorsAreExplained, wire,
        "let b = try? f()  // An error means absent.\n\n// Gone is fine.\nlet c = try? f()"),
    Plant(.discardedErrorsAreExplained, tests, "let b = try? f()"),
    Plant(.nothingIsPublic, wire, "let a = Privacy.public // public\npackage var open = 1"),
    Plant(.filesAreShort, wire, String(repeating: "let a = 1\n", count: 600)),
    Plant(.filesAreShort, "Sources/Model/Generated/X.swift", String(repeating: "let a = 1\n", count: 900)),
    Plant(
        .generatedFilesSaySo, "Sources/Wire/Generated/X.swift",
        "// Generated by `make generate` from x.yaml; do not edit."),
]

@Suite("Rule")
struct RuleTests {
    @Test(arguments: bad)
    func `finds what breaks it, where it stands`(plant: Plant) {
        let findings = plant.findings
        #expect(findings.count == 1)
        #expect(findings.first?.path == plant.path)
        let lines = plant.text.split(separator: "\n", omittingEmptySubsequences: false).count
        #expect(findings.first?.line == lines)
    }

    @Test(arguments: good)
    func `lets pass what only looks like it`(plant: Plant) {
        #expect(plant.findings.map(\.description) == [])
    }

    @Test func `every rule has been seen to fail and to pass`() {
        let names = Set(Rule.all.map(\.name))
        #expect(Set(bad.map(\.rule.name)) == names)
        #expect(Set(good.map(\.rule.name)) == names)
    }
}
