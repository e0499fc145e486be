import ArgumentParser

struct FailoverBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failover", abstract: "Measure the time from a node's death to its work running elsewhere.")

    func run() async throws {}
}
