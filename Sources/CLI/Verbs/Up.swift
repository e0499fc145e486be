import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill up`: a controller and an agent on this machine, and the quickstart's jobs on them.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a controller and an agent here, and run the quickstart.",
        discussion:
            "Stays until Ctrl-C, which stops what it started, running work included; with --exit it ends with the jobs."
    )

    @Option(name: .long, help: "Folder for all state. Else TIDEMILL_HOME, else ~/.tidemill.")
    var home: String?

    @Option(name: .long, help: "Name of this machine's node; its host name when unset.")
    var node: String?

    @Flag(name: .long, help: "End when all jobs have ended: with status 0 if each ended as its manifest expects.")
    var exit = false

    @Option(name: .long, help: "How long the jobs may take.")
    var timeout: WaitTime = WaitTime(duration: .seconds(300))

    @Option(name: .long, help: "Manifests to run; deploy/quickstart of the sources when unset.")
    var quickstart: String?

    func run() async throws {
        let programs = try Programs()
        let manifests = try ManifestSource.read(try Quickstart.folder(option: quickstart, programs: programs.folder))
        let name = node ?? NodeName.fromHost()
        guard NodeName.from(name) == name else {
            throw Failure(
                "--node: Invalid value: \"\(name)\": must be a DNS label of at most 40 characters, such as \"\(NodeName.from(name))\""
            )
        }
        let bringup = Bringup(home: Home(option: home), node: name, programs: programs)
        let limit = timeout.duration
        let exits = exit
        do {
            let ending = try await Interrupts.run {
                try await Self.session(bringup, manifests, limit: limit, exits: exits)
            }
            guard let ending else {
                let isOurs = await bringup.startedAnything
                Terminal.say(
                    isOurs
                        ? "\nstopping; work that runs ends too"
                        : "\ncontroller and agent go on; `tidemill down` stops them")
                await bringup.stop { Terminal.say($0) }
                return
            }
            await bringup.stop { Terminal.say($0) }
            for complaint in ending.complaints { Terminal.complain(complaint) }
            if exits {
                var table = LiveTable(terminal: .standardOutput())
                table.finish(ending.rows)
            }
            if !ending.complaints.isEmpty { throw Failure("") }
        } catch is Stopped {
            Terminal.say("stopped by `tidemill down`")
            if exits { throw Failure("") }
        } catch {
            await bringup.stop { Terminal.say($0) }
            throw error
        }
    }

    private struct Ending: Sendable {
        var rows: [JobRow]
        var complaints: [String]
    }

    private static func session(
        _ bringup: Bringup, _ manifests: [Manifest], limit: Duration, exits: Bool
    ) async throws -> Ending {
        try await bringup.makeHome()
        let client = try await bringup.controller { Terminal.say($0) }
        do {
            try await bringup.agent { Terminal.say($0) }
            let node = try await bringup.readyNode(client)
            let amounts = node.status.allocatable
            Terminal.say(
                "node \(node.metadata.name): Ready, \(amounts?.cpu.text ?? "?") CPUs and \(amounts?.memory.text ?? "?") for slices"
            )
            for sentence in node.status.enforcement { Terminal.say("not enforced here: \(sentence)") }
            let run = QuickstartRun(session: Session(client: client, namespace: "default"), manifests: manifests)
            try await run.submit { Terminal.say($0) }
            let rows = try await follow(run, bringup, limit: limit, isQuietAtEnd: exits)
            var complaints = run.complaints(rows)
            if !complaints.isEmpty {
                for row in rows {
                    complaints += ExpectedEnd.isMentioned(row.job, complaints) ? await run.logTail(row.job) : []
                }
            }
            if !exits { try await stay(bringup) }
            await client.shutdown()
            return Ending(rows: rows, complaints: exits ? complaints : [])
        } catch {
            await client.shutdown()
            throw error
        }
    }

    /// Shows the jobs until all have ended.
    private static func follow(
        _ run: QuickstartRun, _ bringup: Bringup, limit: Duration, isQuietAtEnd: Bool
    ) async throws -> [JobRow] {
        var table = LiveTable(terminal: .standardOutput())
        let end = ContinuousClock.now + limit
        var rows: [JobRow] = []
        while true {
            do {
                rows = try await run.rows()
                table.show(rows)
                if rows.allSatisfy(\.isFinal) { break }
            } catch let error as ClientError {
                // The controller may just be starting again; anything that lasts runs into the time limit.
                guard error.isUnprocessed || !Self.isRefusal(error) else { throw error }
            }
            if ContinuousClock.now >= end {
                let open = rows.filter { !$0.isFinal }.map {
                    "\($0.job) is \($0.state.rawValue)\($0.reason.isEmpty ? "" : " (\($0.reason))")"
                }
                throw Failure(
                    "not all jobs have ended after \(HumanDuration.text(limit)): \(open.joined(separator: ", ")). --timeout gives them longer"
                )
            }
            let news = try await bringup.tend()
            if !news.isEmpty {
                table.erase()
                for line in news { Terminal.say(line) }
            }
            try await Task.sleep(for: .milliseconds(250))
        }
        if isQuietAtEnd { table.erase() } else { table.finish(rows) }
        return rows
    }

    private static func isRefusal(_ error: ClientError) -> Bool {
        if case .api = error { true } else { false }
    }

    /// Keeps the daemons running until it is cancelled; ends at once when they were there before.
    private static func stay(_ bringup: Bringup) async throws {
        let home = bringup.home
        guard await bringup.startedAnything else {
            Terminal.say("controller and agent were running already, and go on; `tidemill down` stops them")
            return
        }
        Terminal.say("")
        Terminal.say(
            "Tidemill runs. In another terminal: export KUBECONFIG=\(home.kubeconfig), then tidemill or kubectl get jobs"
        )
        Terminal.say("Ctrl-C stops it, with all work that runs then.")
        while true {
            for line in try await bringup.tend() { Terminal.say(line) }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
