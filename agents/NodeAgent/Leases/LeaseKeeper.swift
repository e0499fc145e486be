import Logging
import ServiceLifecycle
import TidemillClient
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// Renews the node's lease on a connection of its own, and writes each acknowledged renewal to the page from which the
/// shims extend their deadlines. Waits for no journal and no cgroup.
package actor LeaseKeeper: Service {
    private var core: HeartbeatCore
    private var page: LeasePageFile
    private let client: APIClient
    private let slices: SliceKeeper
    private let journal: SliceJournal
    private let time: any TimeSource
    private let randomness: any Randomness
    private let sleep: Sleep
    private let logger: Logger
    private var standing = Standing.unknown
    private var clocks = ClockWatch()
    /// What the journal is to keep of the past; of several only the newest.
    private let memories: AsyncStream<HeartbeatMemory>
    private let remember: AsyncStream<HeartbeatMemory>.Continuation
    package private(set) var renewals: Int64 = 0
    package private(set) var lastRenewal: Instant?

    /// What the controller last said, so that only changes are logged.
    private enum Standing: Equatable {
        case unknown, renewed
        case turnedAway(String)
        case silent
    }

    /// `client` must be used for nothing else.
    package init(
        core: HeartbeatCore, page: consuming LeasePageFile, client: APIClient, slices: SliceKeeper,
        journal: SliceJournal, time: any TimeSource, randomness: any Randomness, sleep: @escaping Sleep, logger: Logger
    ) {
        self.core = core
        self.page = page
        self.client = client
        self.slices = slices
        self.journal = journal
        self.time = time
        self.randomness = randomness
        self.sleep = sleep
        self.logger = logger
        (memories, remember) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.keepMemories() }
                await self.keep()
                group.cancelAll()
            }
        }
    }

    /// Beside the heartbeats, which never wait for the journal.
    private func keepMemories() async {
        for await memory in memories {
            do {
                try await journal.save(memory)
            } catch {
                logger.error("the journal cannot be written", metadata: ["error": "\(error)"])
            }
        }
    }

    private func keep() async {
        while !Task.isCancelled {
            await beat()
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(core.wait(at: time.now(), randomness: randomness.next()))
        }
    }

    private func beat() async {
        let applied = await slices.appliedRevision
        let jump = clocks.sample(wall: time.wall(), boot: time.now())
        if jump != .zero {
            logger.warning("the wall clock jumped against the boot clock", metadata: ["by": "\(jump)"])
            // Before the heartbeat is sent, so that its renewal is one that was sent after the jump.
            await slices.feed(.clockJumped(by: jump))
        }
        // After the clock was read: what ends now was active then.
        let now = time.now()
        let hasUntoldEnds = await slices.hasUntoldEnds
        let heartbeat = core.beat(at: now, applied: applied, hasUntoldEnds: hasUntoldEnds)
        do {
            let answer = try await client.post("/agent/v1/heartbeat", heartbeat.json, timeout: core.patience)
            await take(core.answered(try HeartbeatReply(json: answer), to: heartbeat))
            if let memory = core.toSave(at: time.now()) { remember.yield(memory) }
        } catch {
            if Task.isCancelled { return }
            note(.silent) { logger.warning("no answer to a heartbeat", metadata: ["error": "\(error)"]) }
        }
    }

    private func take(_ outcome: HeartbeatCore.Outcome) async {
        switch outcome {
        case .renewed(let sentAt, let incarnation, let start, let wantsInventory):
            do throws(LeasePageError) {
                page.publish(
                    try LeasePage.encode(Renewal(boot: core.bootID, incarnation: incarnation, sentAt: sentAt)))
            } catch {
                return logger.error("the renewal cannot be written to the lease page", metadata: ["error": "\(error)"])
            }
            renewals += 1
            lastRenewal = sentAt
            note(.renewed) { logger.info("the lease is renewed", metadata: ["interval": "\(core.interval)"]) }
            await slices.feed(
                .renewed(sentAt: sentAt, incarnation: incarnation, start: start, wantsInventory: wantsInventory))
        case .turnedAway(let reason, let message, let wantsInventory):
            note(.turnedAway(reason)) {
                logger.error(
                    "the controller refuses this node; nothing is prepared or started",
                    metadata: ["reason": "\(reason)", "message": "\(message)"])
            }
            await slices.feed(.turnedAway(wantsInventory: wantsInventory))
        case .ignored:
            break
        }
    }

    private func note(_ now: Standing, _ log: () -> Void) {
        if now != standing { log() }
        standing = now
    }
}
