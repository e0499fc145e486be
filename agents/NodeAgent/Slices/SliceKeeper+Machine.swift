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
