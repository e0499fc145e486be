import Logging
import ServiceLifecycle
import TidemillClient
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// The shell around `SliceCore`: observes, asks the core, performs its effects, and feeds the results back. Between reading
/// and changing the core there is no await.
package actor SliceKeeper: Service {
    var core: SliceCore
    private let journal: SliceJournal
    let host: any SliceHost
    let writer: ReportWriter
    let time: any TimeSource
    let sleep: Sleep
    let logger: Logger

    /// Effects that wait to be performed; bounded by a few for each slice of the node.
    private var pending: [SliceEffect] = []
    private let woken: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    var appliedSlices = Revision(0)
    var appliedGangs = Revision(0)
    /// What the journal said at the start.
    private let contents: SliceJournal.Contents
    let identity: NodeIdentity
    private var isRecovered = false
    /// What arrived before the machine was looked through; of renewals and refusals only the last.
    private var early: [SliceEvent] = []
    /// Why this process can be of no use any more; the next one begins anew.
    private var failure: SliceHostError?
    /// From now on it is known which files nobody needs.
    private var wantsSweep = false
    /// Who waits for demands for fresh lists.
    private var listeners: [AsyncStream<Int>.Continuation] = []

    static let probePeriod: Duration = .seconds(60)
    /// Twenty at 50 ms and forty at a second.
    static let triesUntilStuck = 60

    package init(
        core: SliceCore, identity: NodeIdentity, journal: SliceJournal, contents: SliceJournal.Contents,
        host: any SliceHost, writer: ReportWriter, time: any TimeSource, sleep: @escaping Sleep, logger: Logger
    ) {
        self.core = core
        self.identity = identity
        self.journal = journal
        self.contents = contents
        self.host = host
        self.writer = writer
        self.time = time
        self.sleep = sleep
        self.logger = logger
        (woken, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Recovers, then performs effects until the agent is asked to end, or the machine is no longer what it was. Tasks go on
    /// without it.
    package func run() async throws {
        try await recover()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchLives() }
            group.addTask { await self.watchProofs() }
            for await _ in woken.cancelOnGracefulShutdown() {
                if failure != nil { break }
                if wantsSweep {
                    wantsSweep = false
                    group.addTask { await self.sweep() }
                }
                while !pending.isEmpty {
                    let effect = pending.removeFirst()
                    group.addTask { await self.perform(effect) }
                }
            }
            group.cancelAll()
        }
        if let failure { throw failure }
    }

    /// Tells the core what happened.
    package func feed(_ event: SliceEvent) {
        guard isRecovered else {
            if event.speaksOfLease { early.removeAll(where: \.speaksOfLease) }
            return early.append(event)
        }
        let knewAll = core.mayForgetUnknown
        let effects = core.on(event, at: time.now())
        if core.mayForgetUnknown, !knewAll { wantsSweep = true }
        for effect in effects { logger.debug("slice effect", metadata: ["effect": "\(effect.summary)"]) }
        pending += effects
        if !pending.isEmpty || wantsSweep { wake.yield() }
    }

    // MARK: What others ask

    /// The revision up to which everything that the controller changed has been applied.
    package var appliedRevision: Revision { min(appliedSlices, appliedGangs) }

    /// Whether an end of a task is not told to the controller yet.
    package var hasUntoldEnds: Bool { core.hasUntoldEnds }

    /// Whether the controller accepts this node: before that nothing is said about the machine.
    package var isAdmitted: Bool { core.acceptsNode }

    /// Slices that hold something of the node.
    package var held: [HeldSlice] { core.held.values.sorted { $0.uid < $1.uid } }

    /// The newest grant of a slice that this node has or had, for its logs, and whether its task may still write.
    package func grant(namespace: String, name: String) -> (key: SliceKey, isRunning: Bool)? {
        if let slice = core.held.values.first(where: { $0.namespace == namespace && $0.name == name }) {
            switch slice.phase {
            case .preparing, .prepared, .starting, .active: return (slice.key, true)
            case .emptying, .released: return (slice.key, false)
            }
        }
        guard let view = core.view(namespace: namespace, name: name), let grant = view.grant else { return nil }
        return (SliceKey(uid: view.uid, epoch: grant.epoch), false)
    }

    // MARK: Fresh lists

    /// The next demand for fresh lists with a higher number; nil when the caller is cancelled first.
    nonisolated package func demand(after last: Int) async -> Int? {
        for await demand in await demands() where demand > last { return demand }
        return nil
    }

    private func demands() -> AsyncStream<Int> {
        let (demands, listener) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        listener.yield(core.standing.demand)
        listeners.append(listener)
        return demands
    }

    private func tellListeners(_ demand: Int) {
        listeners = listeners.filter { listener in
            if case .terminated = listener.yield(demand) { false } else { true }
        }
    }

    // MARK: Start

    /// Looks for what is left of every grant, and lets the core adopt it.
    private func recover() async throws {
        for uid in contents.unreadable {
            logger.error(
                "the journal's entry of a slice cannot be read; what is left of it is adopted from the list",
                metadata: ["slice": "\(uid)"])
        }
        var events: [SliceEvent] = []
        for slice in contents.held {
            events.append(.recovered(slice, await host.remains(of: slice.key)))
        }
        let known = Set((contents.held + contents.released).map(\.key))
        for key in try await host.found() where !known.contains(key) {
            events.append(.stray(key, await host.remains(of: key)))
        }
        isRecovered = true
        core.remember(contents.released)
        let waiting = early
        early = []
        for event in events + [.scanned] + waiting { feed(event) }
        if !contents.held.isEmpty {
            logger.info("adopted what the journal held", metadata: ["slices": "\(contents.held.count)"])
        }
    }

    // MARK: Effects

    private func perform(_ effect: SliceEffect) async {
        switch effect {
        case .prepare(let slice):
            guard await persist(slice) else { return }
            do throws(SliceHostError) {
                let proof = try await host.prepare(slice)
                // Who shares its CPUs with it, or must leave them to it, is bound anew before it counts as prepared.
                try await host.bind(core.bindings(preparing: slice.key))
                // Read ahead, so that the start does not wait for it; a failure is met again there.
                _ = try? await writer.task(of: slice)
                feed(.prepared(slice.key, proof: proof))
            } catch {
                logger.error(
                    "a slice could not be prepared", metadata: ["slice": "\(slice.key)", "error": "\(error.message)"])
                switch error {
                case .unproven(let proof): feed(.unproven(slice.key, proof))
                case .groupsGone:
                    // The journal says that the slice is being prepared: the next agent does it.
                    failure = error
                    wake.yield()
                default: feed(.prepareFailed(slice.key, message: error.message))
                }
            }
        case .start(let slice, let deadline):
            guard await persist(slice) else { return }
            await start(slice, deadline)
        case .watch(let slice):
            await tryToPersist(slice)
            guard case .active(let task) = slice.phase else { return }
            let remains = await host.end(of: slice, task)
            if !Task.isCancelled { feed(.shimEnded(slice.key, remains)) }
        case .stop(let slice):
            await tryToPersist(slice)
            await stop(slice)
        case .empty(let slice):
            guard await persist(slice) else { return }
            await empty(slice)
        case .freeze(let slice), .thaw(let slice):
            await settleFreezer(slice.key)
        case .bind:
            await bind()
        case .report(let slice):
            guard await persist(slice) else { return }
            if let event = await writer.report(slice) { feed(event) }
        case .keep(let slice):
            _ = await persist(slice)
        case .refuse(let view, let reason, let message):
            logger.warning(
                "a grant is refused",
                metadata: ["slice": "\(view.uid)", "reason": "\(reason.rawValue)", "message": "\(message)"])
            await writer.refuse(view, Refusal(reason, message))
        case .forget(let slice):
            await close(slice)
            await sweep()
        case .relist(let demand):
            logger.info("slices and gangs are listed anew", metadata: ["demand": "\(demand)"])
            tellListeners(demand)
        case .sendInventory:
            await sendInventory()
        case .remember:
            await persistMemory()
        }
    }

    private func start(_ slice: HeldSlice, _ deadline: Deadline?) async {
        do {
            let template = try await template(of: slice)
            // Renewals were acknowledged while the template was waited for.
            let running = try await host.start(slice, template, deadline: core.deadline(of: slice.key) ?? deadline)
            logger.info(
                "a task started", metadata: ["task": "\(slice.namespace)/\(slice.name)", "pid": "\(running.pid)"])
            feed(.started(slice.key, running))
        } catch {
            // The agent is ending, and the journal says that the start was under way: the next one looks what came of it.
            if Task.isCancelled { return }
            switch error as? SliceHostError {
            case .nothingRan(let outcome): feed(.startFailed(slice.key, outcome))
            case let error?: feed(.startFailed(slice.key, TaskVerdict.startError(error.message)))
            case nil: break  // a cancellation, and nothing else is thrown
            }
        }
    }

    /// The task's template, asked for again and again while the slice may start.
    private func template(of slice: HeldSlice) async throws -> Kinds.TaskTemplate {
        while true {
            if let stop = core.held[slice.uid]?.stop {
                throw SliceHostError.nothingRan(
                    TaskVerdict.judge(TaskOutcome(state: .failed, reason: "Error", message: ""), stop: stop))
            }
            do {
                guard let task = try await writer.task(of: slice) else {
                    throw SliceHostError.nothingRan(TaskVerdict.startError("The task of the slice does not exist."))
                }
                return task.spec.template
            } catch let error as ClientError {
                logger.warning(
                    "the task of a slice cannot be read", metadata: ["slice": "\(slice.key)", "error": "\(error)"])
            }
            try await sleep(.milliseconds(500))
        }
    }

    /// SIGTERM; the shim kills after its grace. A shim that does not even do that is killed, and the kernel ends the rest.
    private func stop(_ slice: HeldSlice) async {
        guard case .active(let task) = slice.phase else { return }
        await host.askToEnd(task)
        // Its grace, and what it may wait for a disk that is full when it records the end.
        do { try await sleep(LinuxSliceHost.stopGrace + .seconds(45)) } catch { return }
        if let now = core.held[slice.uid], now.key == slice.key, now.phase == slice.phase { await host.kill(task) }
    }

    func empty(_ slice: HeldSlice) async {
        var tries = 0
        var told: String?
        while !Task.isCancelled {
            var obstacle = ReleaseObstacle.process
            do throws(SliceHostError) {
                if let scrub = try await host.empty(slice) {
                    return feed(.emptied(slice.key, at: time.wall(), scrub: scrub))
                }
            } catch .hindered(let found) {
                obstacle = found
            } catch {
                logger.error(
                    "a slice could not be emptied", metadata: ["slice": "\(slice.key)", "error": "\(error.message)"])
            }
            tries += 1
            if tries >= Self.triesUntilStuck, told != obstacle.reason {
                told = obstacle.reason
                logger.error(
                    "a slice is over and holds its shares",
                    metadata: [
                        "slice": "\(slice.key)", "reason": "\(obstacle.reason)", "message": "\(obstacle.message)",
                    ])
                feed(.stuck(slice.key, obstacle))
            }
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(tries < 20 ? .milliseconds(50) : .seconds(1))
        }
    }

    /// Files of grants that nobody holds and that the controller no longer knows.
    func sweep() async {
        guard core.mayForgetUnknown else { return }
        guard let found = try? await host.found() else { return }  // The next sweep finds them.
        for key in found where core.isUnknown(key) { await host.discard(key) }
    }

    // MARK: Journal

    /// Makes the slice's newest state durable, trying until it works: what is not in the journal is not done. False when
    /// the agent ends first.
    private func persist(_ slice: HeldSlice) async -> Bool {
        while !Task.isCancelled {
            guard let current = core.held[slice.uid], current.key == slice.key else { return true }
            do {
                try await journal.put(current)
                return true
            } catch {
                await journalFailed(error)
            }
        }
        return false
    }

    /// As `persist`, once: the end of a task does not wait for a disk that this task may have filled. Another agent sees by
    /// the shim's records how far it came.
    private func tryToPersist(_ slice: HeldSlice) async {
        guard let current = core.held[slice.uid], current.key == slice.key else { return }
        do { try await journal.put(current) } catch { complain(error) }
    }

    private func close(_ slice: HeldSlice) async {
        while !Task.isCancelled {
            do { return try await journal.close(slice) } catch { await journalFailed(error) }
        }
    }

    private func persistMemory() async {
        while !Task.isCancelled {
            do { return try await journal.save(core.memory) } catch { await journalFailed(error) }
        }
    }

    private func complain(_ error: any Error) {
        logger.error("the journal cannot be written", metadata: ["error": "\(error)"])
    }

    private func journalFailed(_ error: any Error) async {
        complain(error)
        // Cancelled while waiting: the callers' conditions end their loops.
        try? await sleep(.seconds(1))
    }
}
