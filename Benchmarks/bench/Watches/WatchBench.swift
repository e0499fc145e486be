import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TidemillAPIServer
import TidemillClient
import TidemillDaemon
import TidemillModel
import TidemillRig
import TidemillWire

/// What clients that list and watch cost the controller: large lists, idle watches, and one change that many watch.
struct WatchBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watches", abstract: "Measure large lists, idle watches and a change that many watch.")

    @OptionGroup var sizes: Sizes

    struct Sizes: ParsableArguments {
        @Option(help: "Objects of the list.") var objects = 10_000
        @Option(help: "Lists of which the median is taken.") var listRuns = 9
        @Option(help: "Idle watches.") var idle = 10_000
        @Option(help: "Watches that one change reaches.") var watchers = 1_000
        @Option(help: "Changes that are measured.") var changes = 50
    }

    func run() async throws { Row.report(try await Self.rows(sizes), as: "bench-watches") }

    static func rows(_ sizes: Sizes) async throws -> [Row] {
        // Beside the watches, the load that fills the list.
        let connections = sizes.idle + sizes.watchers + 256
        let rig = try Rig("watches", controllerArguments: ["--max-connections", String(connections)])
        let rows = try await withRig(rig) { rig in
            try await rig.startController()
            guard let controller = await rig.controller else { throw RigError("the controller does not run") }
            let load = try await WatchLoad(rig: rig)
            let lists = try await ListBench(rig: rig, objects: sizes.objects, runs: sizes.listRuns).rows()
            let idle = try await idleRow(load, controller, sizes.idle)
            return lists + [idle, try await changeRow(load, rig, sizes)]
        }
        say(
            "Shared by lists and watches: one machine for controller and clients, no loss and no distance; the clients are "
                + "one process with one event loop, which takes every answer off its TLS itself.")
        return rows
    }

    private static func idleRow(_ load: WatchLoad, _ controller: Child, _ idle: Int) async throws -> Row {
        let before = try Kernel.memory(of: controller.pid)
        try await load.open(idle, namespace: "default")
        try await Patience.untilTrue("every watch is answered", within: .seconds(300), every: .milliseconds(500)) {
            try await load.answered() == idle
        }
        let after = try Kernel.memory(of: controller.pid)
        let each = Double(after.privateBytes - before.privateBytes) / 1024 / Double(idle)
        return Row(
            name: "memory of an idle watch", value: each, unit: "KiB", aim: .atMost(50),
            note:
                "\(idle) watches, each with a TLS connection of its own; the controller has \(figure(mebibytes(after.privateBytes))) MiB"
        )
    }

    /// From the first byte of the request that makes an object to the arrival of its event at each watcher.
    private static func changeRow(_ load: WatchLoad, _ rig: Rig, _ sizes: Sizes) async throws -> Row {
        let watchers = sizes.watchers
        let client = try await rig.admin()
        _ = try await client.create(Kinds.Namespace(metadata: ObjectMeta(name: "fan")))
        let open = try await load.answered()
        try await load.open(watchers, namespace: "fan")
        try await Patience.untilTrue("every watcher is answered", within: .seconds(120), every: .milliseconds(200)) {
            try await load.answered() == open + watchers
        }
        var all: [Double] = []
        var last: [Double] = []
        for change in 0..<sizes.changes {
            let began = try await load.begin()
            _ = try await client.create(
                Kinds.Lease(
                    metadata: ObjectMeta(name: "change-\(change)", namespace: "fan"),
                    spec: Kinds.LeaseSpec(holderIdentity: "bench")))
            try await Patience.untilTrue("the change is everywhere", within: .seconds(30), every: .milliseconds(20)) {
                try await load.arrivals().count == watchers
            }
            let arrivals = try await load.arrivals().map { Double($0 - began) / 1e6 }
            all += arrivals
            last.append(arrivals.max() ?? 0)
        }
        return Row(
            name: "a change to \(watchers) watchers, 99th percentile", value: quantile(all, 0.99), unit: "ms",
            aim: .atMost(50),
            note:
                "of \(all.count) arrivals, from the request that makes it; median \(figure(median(all))) ms, the last of each change \(figure(median(last))) ms"
        )
    }
}

/// Lists of many objects, as one client reads them.
struct ListBench {
    var rig: Rig
    var objects: Int
    var runs: Int

    func rows() async throws -> [Row] {
        let kubeconfig = try Kubeconfig(path: rig.kubeconfig)
        let (host, port) = try ServerBench.address(kubeconfig.endpoint.url)
        let tls = try NIOSSLContext(configuration: .ofClient(kubeconfig.endpoint.credentials))
        let client = try await rig.admin()
        _ = try await client.create(Kinds.Namespace(metadata: ObjectMeta(name: "list")))
        let made = try await LoadGenerator(host: host, port: port, tls: tls, connections: 64).run(total: objects) {
            ServerBench.create(host: host, name: "object-\($0)", namespace: "list")
        }
        guard made.failures == 0, made.requests == objects else { throw RigError("the objects could not be made") }
        let path = ObjectPath.collection(Kinds.Lease.info, namespace: "list")
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
        let bytes = try await client.list(Kinds.Lease.info, namespace: "list").objects.reduce(0) { $0 + $1.bytes.count }
        var rates: [Double] = []
        for _ in 0..<runs {
            let outcome = try await LoadGenerator(host: host, port: port, tls: tls, connections: 1).run(total: 5) { _ in
                request
            }
            guard outcome.failures == 0, outcome.requests == 5 else { throw RigError("a list failed") }
            rates.append(Double(bytes) * 5 / outcome.seconds / 1e6)
        }
        return [
            Row(
                name: "LIST of \(objects) objects", value: median(rates), unit: "MB/s", aim: .atLeast(100),
                note:
                    "\(figure(Double(bytes) / Double(objects))) bytes each, nothing encoded; five lists and a TLS handshake a run, median of \(runs) runs"
            )
        ]
    }
}
