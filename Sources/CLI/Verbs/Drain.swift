import ArgumentParser
import TidemillClient

/// `tidemill drain`: empties a node, as budgets and preemptibility allow.
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Empty a node.",
        discussion: """
            Preemptible slices are evicted as their jobs' disruption budgets allow; nonPreemptible ones are left to end by \
            themselves. With --force, what is left when the timeout is over is evicted all the same. A drain that goes on \
            already is changed by the options that are given, and counts from when it began.
            """)

    @Argument(help: "Name of the node.")
    var node: String

    @Option(
        name: .long,
        help:
            "How long budgets and nonPreemptible slices are respected under --force, such as 90s or 5m; 300s when unset."
    )
    var timeout: WaitTime?

    @Flag(name: .long, help: "Evict what is left when the timeout is over.")
    var force = false

    @Option(name: .long, help: "The most slices that are evicted at once, 1 to 1024.")
    var maxConcurrent: Int64?

    @Flag(name: .long, help: "Wait until nothing is held, and tell what it waits for.")
    var wait = false

    @Flag(name: .long, help: "Take the drain back.")
    var undo = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let name = try NodeNames.parse(node)
        if undo, wait || force || timeout != nil || maxConcurrent != nil {
            throw Failure("--undo takes the drain back and goes with no other option")
        }
        if let maxConcurrent, !(1...1024).contains(maxConcurrent) {
            throw Failure("--max-concurrent is a number from 1 to 1024, not \(maxConcurrent)")
        }
        try await connection.withSession { session in
            if undo { return try await session.change(name, NodeChange.undoDrain) }
            try await session.change(name) {
                NodeChange.drain($0, timeout: timeout?.duration, force: force, maxConcurrent: maxConcurrent)
            }
            guard wait else { return }
            try await session.untilDrained(name)
            Terminal.say("node.tidemill.dev/\(name) drained")
        }
    }
}
