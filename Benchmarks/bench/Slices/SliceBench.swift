import ArgumentParser
import Glibc
import TidemillHostLinux
import TidemillRig

/// What it costs to hold slices to their limits: the time to prepare and to release one, and the speed of what runs in it.
struct SliceBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slices", abstract: "Measure how long slices take to prepare and release, and how fast they run.")

    @OptionGroup var sizes: Sizes

    struct Sizes: ParsableArguments {
        @Option(help: "Slices that stand on the machine, each with a task.") var standing = 200
        @Option(help: "Runs of prepares and releases, of which the median is taken.") var sliceRuns = 3
        @Option(help: "Slices that are prepared and released in each of these.") var rounds = 200
        @Option(help: "Pairs of which the median speed is taken.") var pairs = 11
        @Option(help: "Milliseconds of each measured speed.") var window: Int64 = 1000
    }

    func run() async throws { Row.report(try await Self.rows(sizes), as: "bench-slices") }

    static func rows(_ sizes: Sizes) async throws -> [Row] {
        guard geteuid() == 0 else { throw RigError("slices that hold need root") }
        // What else the machine does is felt in all of these.
        say("load of the machine before: \(try HostFile.readText("/proc/loadavg"))")
        let stage = try SliceStage()
        let result: Result<[Row], any Error>
        do {
            let speed = SliceSpeed(stage: stage, pairs: sizes.pairs, milliseconds: sizes.window)
            let times = SliceTimes(
                stage: stage, standing: sizes.standing, runs: sizes.sliceRuns, rounds: sizes.rounds)
            // The speed first: nothing else is there yet.
            result = .success(try await speed.rows() + times.rows())
        } catch {
            result = .failure(error)
        }
        try await stage.tearDown()
        return try result.get()
    }
}
