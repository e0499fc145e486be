import Logging
import TidemillClient
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// What the keeper does with tasks that run, and with the question what the node holds.
extension SliceKeeper {
    /// Freezes or thaws until the machine is as the core wants it now, whatever it wanted when this was asked for.
    func settleFreezer(_ key: SliceKey) async {
        let sleep = sleep
        // Cancelled while waiting: the freezer's own condition ends it.
        let freezer = Freezer(host: host) { try? await sleep(.milliseconds(20)) }
        let reached = await freezer.settle(
            key, wanted: { await self.wantsFrozen(key) },
            failed: { await self.freezerFailed(key, $0) })
        if let reached {
            logger.info(
                reached ? "a task is frozen: the clock jumped" : "a task goes on", metadata: ["slice": "\(key)"])
        }
    }

    /// Binds those who share CPUs, until it works: a slice that keeps CPUs which are another's is not contained.
    func bind() async {
        while !Task.isCancelled {
            do throws(SliceHostError) {
                return try await host.bind(core.bindings())
            } catch {
                logger.error(
                    "slices cannot be bound to CPUs, it is tried again", metadata: ["error": "\(error.message)"])
            }
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(.seconds(1))
        }
    }

    private func wantsFrozen(_ key: SliceKey) -> Bool? {
        core.held[key.uid]?.key == key ? core.isFrozen(key) : nil
    }

    private func freezerFailed(_ key: SliceKey, _ error: SliceHostError) {
        logger.error(
            "a task cannot be frozen or thawed", metadata: ["slice": "\(key)", "error": "\(error.message)"])
    }

    /// Notes from time to time which tasks live, so that an end without a record is metered as far as it is known.
    func watchLives() async {
        while !Task.isCancelled {
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(AliveNote.period)
            await host.capLogs(core.tenants)
            // Read before anything is looked at: what lives afterwards lived then.
            let (instant, wall) = (time.now(), time.wall())
            var living: Set<SliceKey> = []
            for slice in core.active {
                guard case .active(let task) = slice.phase else { continue }
                if await host.isAlive(slice.key, task) { living.insert(slice.key) }
            }
            if !living.isEmpty, !Task.isCancelled { feed(.alive(living, at: instant, wall: wall)) }
        }
    }

    /// Looks from time to time whether running slices still hold.
    func watchProofs() async {
        while !Task.isCancelled {
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(Self.probePeriod)
            for slice in core.active where slice.plan?.probe != nil && !Task.isCancelled {
                guard let proof = await host.probe(slice) else { continue }
                if !proof.holds {
                    logger.error(
                        "a slice does not hold",
                        metadata: ["slice": "\(slice.key)", "evidence": "\(proof.evidence)"])
                }
                let isNews = core.held[slice.uid]?.proof?.holds != proof.holds
                feed(.probed(slice.key, proof))
                if isNews, !proof.holds {
                    await writer.warn(slice, reason: "ProbeFailed", message: proof.evidence.joined(separator: " "))
                }
            }
        }
    }

    /// Tells the controller what the node holds, and takes its orders.
    func sendInventory() async {
        let inventory = core.inventory(of: identity)
        do {
            let reply = try InventoryReply(json: try await writer.post("/agent/v1/inventory", inventory.json))
            if !reply.stop.isEmpty {
                logger.warning(
                    "the controller orders slices to end",
                    metadata: ["slices": "\(reply.stop.map { "\($0.uid).\($0.epoch): \($0.reason)" })"])
            }
            feed(.inventoryAnswered(reply))
        } catch {
            logger.warning("the inventory was not answered", metadata: ["error": "\(error)"])
            feed(.inventoryUnanswered)
        }
    }
}

extension SliceEvent {
    /// Whether it says how the controller stands to this node; only the last such one counts.
    var speaksOfLease: Bool {
        switch self {
        case .renewed, .turnedAway: true
        default: false
        }
    }
}
