// swift-tools-version:6.2
import PackageDescription

// Two switches, both for people who work on Tidemill, neither for a shipped build:
//   TIDEMILL_CORES=1        drops every target that needs TLS, HTTP or the CLI, so that sanitizers rebuild only the cores
//   TIDEMILL_TESTS=A,B      builds only the named test targets
let coresOnly = Context.environment["TIDEMILL_CORES"] != nil
let wantedTests = Context.environment["TIDEMILL_TESTS"].map { $0.split(separator: ",").map(String.init) }

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The programs of a task's own process tree: no Foundation, no concurrency runtime, as small as Swift gets.
/// What is not imported cannot be linked: without the two flags every module imports both implicitly.
let lean: [SwiftSetting] =
    settings + [
        .unsafeFlags(
            [
                "-Osize", "-Xfrontend", "-disable-implicit-concurrency-module-import",
                "-Xfrontend", "-disable-implicit-string-processing-module-import",
            ], .when(configuration: .release))
    ]

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func library(
    _ name: String, _ path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    lean isLean: Bool = false
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: isLean ? lean : settings)
}

func program(_ name: String, _ path: String, _ dependencies: [Target.Dependency], lean isLean: Bool = false) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: isLean ? lean : settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, resources: resources,
        swiftSettings: settings)
}

let wireBelow: [Target.Dependency] = ["TidemillModel", "TidemillSeams"]
let storeBelow: [Target.Dependency] = ["TidemillWire"] + wireBelow

var targets: [Target] = [
    // Shared by both halves.
    library("TidemillSeams", "Sources/Seams", lean: true),
    library("TidemillModel", "Sources/Model", ["TidemillSeams"], exclude: ["Schema"]),
    library("TidemillWire", "Sources/Wire", wireBelow),
    library("TidemillPlacement", "Sources/Placement", wireBelow),
    // Decisions of placement as files.
    library("TidemillReplay", "Sources/Replay", ["TidemillPlacement", "TidemillWire"] + wireBelow),
    // Traces and clusters for the benches of placement.
    library("TidemillPlacementBench", "Benchmarks/placement", ["TidemillPlacement"]),
    library("TidemillLease", "Sources/Lease", ["TidemillSeams"], lean: true),

    .systemLibrary(
        name: "CSQLite", path: "Sources/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    library("TidemillSQLite", "Sources/SQLite", ["CSQLite"]),

    // The agents' half.
    .target(name: "CHost", path: "agents/CHost", cSettings: [.define("_GNU_SOURCE")]),
    library(
        "TidemillDevices", "agents/Devices", storeBelow, exclude: ["Catalogue/models.csv", "Catalogue/faults.csv"]),
    library("TidemillHostLinux", "agents/HostLinux", ["TidemillDevices", "CHost"] + storeBelow),
    library("TidemillNodeCore", "agents/NodeCore", ["TidemillLease"] + storeBelow),
    program("tidemill-shim", "agents/shim", ["TidemillLease", "TidemillSeams", "CHost"], lean: true),

    // The controller's half.
    library("TidemillStore", "controller/Store", storeBelow),
    library("TidemillSQLiteStore", "controller/SQLiteStore", ["TidemillStore", "TidemillSQLite"] + storeBelow),
    library(
        "TidemillReconcilers", "controller/Reconcilers",
        [
            "TidemillStore", "TidemillPlacement", "TidemillLease", logging, lifecycle,
        ] + storeBelow),
    library(
        "TidemillScheduler", "controller/Scheduler",
        [
            "TidemillStore", "TidemillPlacement", "TidemillReplay", "TidemillLease", logging, lifecycle,
        ] + storeBelow),

    // The schema generator behind `make generate`.
    program("tidemill-generate", "Tools/generate", [yams]),

    tests("SeamsTests", ["TidemillSeams"]),
    tests("ModelTests", ["TidemillModel", "TidemillSeams"]),
    tests("WireTests", storeBelow),
    tests("PlacementTests", ["TidemillPlacement"] + wireBelow),
    tests("ReplayTests", ["TidemillReplay", "TidemillPlacement", "TidemillWire"] + wireBelow),
    tests("LeaseTests", ["TidemillLease", "TidemillSeams"]),
    library("TidemillNodeScenes", "Tests/NodeScenes", ["TidemillNodeCore", "TidemillLease"] + storeBelow),
    library("TidemillMachines", "Tests/Machines", [], exclude: ["Manifests", "Stubs"]),
    tests(
        "DevicesTests", ["TidemillDevices", "TidemillHostLinux", "TidemillMachines"] + storeBelow,
        exclude: ["Goldens"]),
    tests("NodeCoreTests", ["TidemillNodeCore", "TidemillNodeScenes", "TidemillLease"] + storeBelow),
    tests(
        "HostLinuxTests",
        ["TidemillHostLinux", "TidemillNodeCore", "TidemillDevices", "TidemillLease", "TidemillSeams", "CHost"]),
    tests("StoreContractTests", ["TidemillStore", "TidemillSQLiteStore", "TidemillSQLite"] + storeBelow),
    tests("StoreTests", ["TidemillStore"] + storeBelow),
    tests(
        "ReconcilersTests",
        ["TidemillReconcilers", "TidemillStore", "TidemillPlacement", "TidemillLease", logging] + storeBelow),
    tests(
        "SchedulerTests",
        [
            "TidemillScheduler", "TidemillStore", "TidemillPlacement", "TidemillReplay", "TidemillLease", logging,
        ] + storeBelow),
    library(
        "TidemillSimulation", "Tests/Simulation",
        [
            "TidemillScheduler", "TidemillReconcilers", "TidemillStore", "TidemillPlacement", "TidemillLease",
            "TidemillNodeCore", logging,
        ] + storeBelow),
    program("tidemill-simulate", "Tests/EndToEnd/Simulate", ["TidemillSimulation"]),
    tests("SimulationTests", ["TidemillSimulation"]),
    tests("TidyTests", []),
]

if !coresOnly {
    targets += [
        library(
            "TidemillClient", "Sources/Client",
            [
                "TidemillYAML", httpClient, nioSSL, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
            ] + storeBelow),
        library("TidemillYAML", "Sources/YAML", ["TidemillWire", yams]),
        library(
            "TidemillDaemon", "Sources/Daemon",
            [
                "TidemillSeams", logging, lifecycle, signals, metrics,
            ]),
        library(
            "TidemillNodeAgent", "agents/NodeAgent",
            [
                "TidemillNodeCore", "TidemillClient", "TidemillLease", "TidemillDevices", "TidemillHostLinux",
                "TidemillSQLite", logging, lifecycle,
            ] + storeBelow),
        library(
            "TidemillAPIServer", "controller/APIServer",
            [
                "TidemillStore", "TidemillDaemon", "TidemillYAML", logging, lifecycle, metrics, nioSSL, x509, crypto,
                asn1,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOTLS"),
            ] + storeBelow),
        program(
            "tidemill-agent", "agents/agentd",
            [
                "TidemillNodeAgent", "TidemillNodeCore", "TidemillClient", "TidemillLease", "TidemillDevices",
                "TidemillHostLinux", "TidemillYAML", "TidemillDaemon", logging, lifecycle, arguments,
            ] + storeBelow),
        program(
            "tidemill-controller", "controller/controllerd",
            [
                "TidemillAPIServer", "TidemillReconcilers", "TidemillScheduler", "TidemillSQLiteStore", "TidemillStore",
                "TidemillPlacement", "TidemillReplay", "TidemillLease", "TidemillDaemon", logging, lifecycle, metrics,
                arguments, yams,
            ] + storeBelow),
        program(
            "tidemill", "Sources/CLI",
            ["TidemillClient", "TidemillYAML", "TidemillReplay", "TidemillPlacement", arguments] + storeBelow),
        program(
            "bench", "Benchmarks/bench",
            [
                "TidemillRig", "TidemillClient", "TidemillAPIServer", "TidemillNodeAgent", "TidemillNodeCore",
                "TidemillPlacement", "TidemillPlacementBench", "TidemillDevices", "TidemillMachines",
                "TidemillHostLinux", "TidemillLease", "TidemillDaemon",
                arguments, logging, nioSSL, nio("NIOCore"),
                nio("NIOPosix"), nio("NIOHTTP1"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ] + storeBelow),
        library("TidemillRig", "Tests/Rig", ["TidemillClient"] + storeBelow),
        program("tidemill-crash", "Tests/EndToEnd/Crash", ["TidemillRig", "TidemillClient", arguments] + storeBelow),
        program(
            "tidemill-failover", "Tests/EndToEnd/Failover", ["TidemillRig", "TidemillClient", arguments] + storeBelow),
        program("tidemill-nodes", "Tests/EndToEnd/Nodes", ["TidemillRig", "TidemillClient", arguments] + storeBelow),
        program("tidemill-exec", "Tests/EndToEnd/Exec", ["TidemillRig", "TidemillClient", arguments] + storeBelow),
        program(
            "tidemill-devices", "Tests/EndToEnd/Devices",
            [
                "TidemillRig", "TidemillClient", "TidemillMachines", "TidemillDevices", "TidemillHostLinux", arguments,
            ] + storeBelow),
        program("tidemill-witness", "Tests/EndToEnd/Witness", []),
        program(
            "tidemill-hostile", "Tests/EndToEnd/Hostile", ["TidemillRig", "TidemillClient", arguments] + storeBelow),
        // What it runs inside slices: no runtime beside it, so that it runs whatever a slice can see.
        .executableTarget(
            name: "tidemill-attacker", path: "Tests/EndToEnd/Attacker", cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.unsafeFlags(["-static-executable"])]),
        .target(
            name: "TidemillPreload", path: "Tests/EndToEnd/Preload", cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        tests(
            "APIServerTests",
            [
                "TidemillAPIServer", "TidemillStore", "TidemillClient", "TidemillDaemon", logging, lifecycle, metrics,
                httpClient, nioSSL, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOFoundationCompat"),
            ] + storeBelow),
        tests("ClientTests", ["TidemillClient", "TidemillYAML", nio("NIOCore"), nio("NIOPosix")] + storeBelow),
        tests("CLITests", ["tidemill", "TidemillClient", arguments] + storeBelow),
        tests(
            "NodeAgentTests",
            [
                "TidemillNodeAgent", "TidemillNodeCore", "TidemillNodeScenes", "TidemillLease", "TidemillDevices",
                "TidemillHostLinux", "TidemillClient", "TidemillSQLite", logging,
            ] + storeBelow),
        tests("IntegrationTests", ["TidemillRig", "TidemillClient"] + storeBelow),
    ]
}

if let wantedTests {
    targets.removeAll { $0.type == .test && !wantedTests.contains($0.name) }
}

var dependencies: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
]
if !coresOnly {
    dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
    ]
}

let package = Package(
    name: "tidemill",
    platforms: [.macOS(.v15)],
    // What a task is told to preload, in the hostile suite.
    products: coresOnly
        ? [] : [.library(name: "TidemillPreload", type: .dynamic, targets: ["TidemillPreload"])],
    dependencies: dependencies,
    targets: targets,
    swiftLanguageModes: [.v6]
)
