import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore
import TidemillWire

/// Breaks rules from outside: with writes that no shipped part would make.
final class Breaker {
    private unowned let world: World
    private var version = -1
    private var committedAt: [String: Instant] = [:]

    init(world: World) {
        self.world = world
    }

    private func isBroken(_ rule: BrokenRule) -> Bool { world.broken.contains(rule) }

    func interfere() async throws {
        guard world.view.version != version, world.controller.isAlive, world.controller.runner.executes else { return }
        version = world.view.version
        if isBroken(.replaceWithoutWaiting) { try await lose { $0.status.reason == "NodeDisconnected" } }
        if isBroken(.policyFromJob) { try await copyPolicies() }
        if isBroken(.expireCommittedDraft) { try await moveCommitted(to: .drafting, after: .milliseconds(300)) }
        if isBroken(.startUnprepared) { try await moveCommitted(to: .started, after: .zero) }
        if isBroken(.grantDuringRestore) { try await endRestore() }
    }

    /// A heartbeat came in, whatever became of it.
    func heard(_ heartbeat: Heartbeat) async throws {
        guard isBroken(.freeOnBootID) else { return }
        try await lose { slice in
            slice.status.grant?.node == heartbeat.node.rawValue
                && slice.status.grant?.bootID != heartbeat.bootID.rawValue
        }
    }

    /// Writes slices off and ends their tasks, as the controller does when it may.
    private func lose(_ isDue: (Kinds.Slice) -> Bool) async throws {
        for slice in world.view.sortedSlices where isDue(slice) {
            guard [.prepared, .active, .releasing].contains(slice.status.state) else { continue }
            var next = slice
            next.status.state = .lost
            next.status.message = "Broken on purpose."
            var changes: [Change] = [.updateStatus(next)]
            let task = world.view.tasks.values.first {
                $0.metadata.name == slice.metadata.name && $0.metadata.namespace == slice.metadata.namespace
            }
            if var task, !task.status.state.isFinal {
                task.status.state = .fenced
                task.status.end = Kinds.TaskEnd(reason: "Broken", token: slice.status.grant?.token)
                changes.append(.updateStatus(task))
            }
            try await write(changes)
        }
    }

    private func copyPolicies() async throws {
        for slice in world.view.sortedSlices {
            guard let uid = slice.spec.member?.jobUID, world.edited.contains(uid),
                let job = world.view.jobs.values.first(where: { $0.metadata.uid == uid }),
                let policy = job.spec.onDisconnect, slice.status.state != .released, slice.status.grant != nil,
                slice.status.grant?.policy != policy.policy || slice.status.grant?.after != policy.after
            else { continue }
            var next = slice
            next.status.grant?.policy = policy.policy
            next.status.grant?.after = policy.after
            try await write([.updateStatus(next)])
        }
    }

    private func moveCommitted(to state: Kinds.GangState, after: Duration) async throws {
        for job in world.view.sortedJobs where job.status.gang?.state == .committed {
            let key = "\(job.metadata.uid)/\(job.status.gang?.attempt ?? 0)"
            let since = committedAt[key] ?? world.engine.now
            committedAt[key] = since
            if world.engine.now.since(since) < after {
                version = -1
                continue
            }
            var next = job
            next.status.gang?.state = state
            try await write([.updateStatus(next)])
        }
    }

    private func endRestore() async throws {
        if let stored = try? await world.controller.resources.restoreRecord() {
            try await write([.deleteRecord(key: RestoreRecord.key, expected: stored.revision)])
        }
    }

    private func write(_ changes: [Change]) async throws {
        world.note("breaker", "\(changes.count) changes")
        do {
            try await world.controller.serve { _ = try await $0.transact(changes) }
        } catch is APIError {
            // Somebody else was faster; the next look is the next try.
        }
    }
}

/// What is broken about the bytes on their way to the store.
enum TamperedWrites {
    /// Tokens are taken from the epochs.
    static func withEpochsForTokens(_ transaction: Transaction) -> Transaction {
        rewrite(transaction, prefix: Kinds.Slice.info.keyPrefix) { text in
            guard let epoch = number(after: "\"epoch\":", in: text) else { return text }
            return replaceNumber(after: "\"token\":", in: text, by: epoch)
        }
    }

    /// Records of nodes that hold nothing begin at epoch 1 again.
    static func withFreshEpochs(_ transaction: Transaction) -> Transaction {
        rewrite(transaction, prefix: NodeAllocation.prefix) { text in
            text.contains("\"held\":[]") ? replaceNumber(after: "\"epoch\":", in: text, by: "1") : text
        }
    }

    private static func rewrite(_ transaction: Transaction, prefix: String, _ change: (String) -> String) -> Transaction
    {
        var next = transaction
        next.writes = transaction.writes.map { write in
            guard case .put(let key, let bytes) = write, key.hasPrefix(prefix) else { return write }
            // The envelope's header stays: what changes stands behind the metadata.
            let text = change(String(decoding: bytes.dropFirst(5), as: UTF8.self))
            return .put(key, Array(bytes.prefix(5)) + Array(text.utf8))
        }
        return next
    }

    private static func number(after mark: String, in text: String) -> String? {
        let parts = text.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return String(parts[1].prefix { $0.isNumber })
    }

    private static func replaceNumber(after mark: String, in text: String, by number: String) -> String {
        let parts = text.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return text }
        return parts[0] + mark + number + parts[1].drop { $0.isNumber }
    }
}
