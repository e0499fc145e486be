import ArgumentParser
import TidemillPlacement
import TidemillPlacementBench
import TidemillRig

/// How tightly policies pack the openb traces, and how fast.
struct OpenBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openb", abstract: "Place the openb traces by best fit, by FGD and by our own policy.")

    @Option(help: "The folder of the openb traces: csv, arrivals and, where there are any, published figures.")
    var trace: String

    @Option(help: "Seeds of each workload, ten at most.") var seeds = 10
    @Option(help: "Only this workload; all that the folder holds when unset.") var workload: String?
    @Flag(inversion: .prefixedNo, help: "Compare every decision with a scan of all nodes.") var scans = true

    func run() async throws {
        let workloads = try workload.map { [$0] } ?? OpenTrace.workloads(in: trace)
        guard !workloads.isEmpty else { throw ValidationError("\(trace)/arrivals holds no workload") }
        let published = try OpenPublished(in: trace)
        var report = OpenReport { say($0) }
        say(OpenReport.head)
        for workload in workloads {
            report.add(try OpenTrace(workload, in: trace, seeds: seeds), published, scans: scans)
        }
        say(report.summary)
        if !report.isGood { throw ExitCode.failure }
    }
}
