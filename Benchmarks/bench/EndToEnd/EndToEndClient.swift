import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// The client of the bench: submits jobs, and watches all slices on one connection.
struct EndToEndClient: Sendable {
    let jobs: JobSource
    private let host: String
    private let port: Int
    private let tls: NIOSSLContext
    private let loop: any EventLoop
    private let log: NIOLoopBound<SliceLog>
    private let pipes: NIOLoopBound<[RequestPipe]>

    /// Connections over which jobs are submitted one after another.
    private static let submitters = 16

    init(rig: Rig, gang: Int, seed: UInt64) async throws {
        let endpoint = try Kubeconfig(path: rig.kubeconfig).endpoint
        let (host, port) = try ServerBench.address(endpoint.url)
        let tls = try NIOSSLContext(configuration: .ofClient(endpoint.credentials))
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        (self.host, self.port, self.tls, self.loop) = (host, port, tls, loop)
        jobs = JobSource(gang: gang, seed: seed, host: host)
        log = try await loop.submit { NIOLoopBound(SliceLog(), eventLoop: loop) }.get()
        pipes = try await loop.submit {
            NIOLoopBound(
                (0..<Self.submitters).map { _ in RequestPipe(host: host, port: port, tls: tls, loop: loop) },
                eventLoop: loop)
        }.get()
    }

    /// Opens the watch, and returns once it is answered.
    func watch() async throws {
        let (host, tls, log) = (host, tls, log)
        let path = ObjectPath.collection(Kinds.Slice.info, namespace: nil) + "?watch=true"
        _ = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: tls, serverHostname: nil))
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        EventStream(path: path, host: host) { log.value.take($0) })
                }
            }
            .connect(host: host, port: port).get()
        try await Patience.untilTrue("the watch is answered") {
            try await loop.submit { log.value.isOpen }.get()
        }
    }

    /// Submits jobs as fast as they are taken.
    func submit(_ count: Int, phase: String) async throws {
        let load = LoadGenerator(host: host, port: port, tls: tls, connections: Self.submitters)
        let jobs = jobs
        let outcome = try await load.run(total: count) { jobs.request(phase, $0) }
        guard outcome.requests == count, outcome.failures == 0 else {
            throw RigError("\(outcome.requests) of \(count) jobs were answered, \(outcome.failures) with an error")
        }
    }

    /// Submits a job whenever one is due, however long the others take.
    /// - Returns: when each was due, on the boot clock.
    func submit(_ count: Int, phase: String, perSecond: Double) async throws -> [String: Int64] {
        let began = Kernel.bootNanoseconds()
        var due: [String: Int64] = [:]
        let (jobs, pipes) = (jobs, pipes)
        for number in 0..<count {
            let at = began + Int64(Double(number) / perSecond * 1e9)
            let wait = at - Kernel.bootNanoseconds()
            if wait > 0 { try await Task.sleep(for: .nanoseconds(wait)) }
            due[JobSource.name(phase, number)] = at
            loop.execute {
                let pipes = pipes.value
                pipes[number % pipes.count].send(jobs.request(phase, number)) { _ in }
            }
        }
        return due
    }

    /// Waits until so many slices are Active, as the watch says.
    func active(_ count: Int, within limit: Duration) async throws {
        try await Patience.untilTrue("\(count) slices are Active", within: limit, every: .milliseconds(50)) {
            let (active, trouble) = try await loop.submit { (log.value.active, log.value.trouble) }.get()
            if let trouble { throw RigError(trouble) }
            return active >= count
        }
    }

    /// All slices that are there, and when the last one became Active.
    func seen() async throws -> (slices: [SliceLog.Seen], lastActive: Int64) {
        try await loop.submit { (Array(log.value.slices.values), log.value.lastActive) }.get()
    }

    /// What the controller says of itself: a value for each series.
    func metrics() async throws -> [String: Double] {
        let request = Array("GET /metrics HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
        let pipes = pipes
        let text = try await loop.flatSubmit {
            let answered = loop.makePromise(of: String.self)
            pipes.value[0].send(request) { answer in
                answered.succeed(answer.map { String(buffer: $0.body) } ?? "")
            }
            return answered.futureResult
        }.get()
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            values[String(line[..<space])] = value
        }
        return values
    }
}
