import ArgumentParser

/// Speed, memory and times in release, with the aims of the project. A missed aim is reported, never hidden.
@main struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure Tidemill against its aims.",
        subcommands: [
            SpeedBench.self, SliceBench.self, HeartbeatBench.self, HeartbeatLoad.self, FailoverBench.self,
            WatchBench.self, OpenBench.self, ChurnBench.self, GangBench.self, EndToEndBench.self, DeviceBench.self,
            SpinWork.self,
        ],
        defaultSubcommand: SpeedBench.self)
}
