import TidemillClient
import TidemillModel
import TidemillRig
import TidemillSeams
import TidemillWire

/// Runs writers and a watcher against a controller that is killed again and again.
actor Harness {
    private var ledger = Ledger()
    private let client: APIClient
    private var stopping = false
    private var acknowledgedThisRound = 0
    private var killAfter = Int.max

    init(client: APIClient) {
        self.client = client
    }

    // MARK: Rounds

    func begin(killAfter: Int) {
        acknowledgedThisRound = 0
        stopping = false
        self.killAfter = killAfter
    }

    func stop() { stopping = true }
    var isTimeToKill: Bool { acknowledgedThisRound >= killAfter }
    var writes: Int { ledger.acknowledged.count }
    var problems: (lost: [String], reused: [String], gaps: [String]) { (ledger.lost, ledger.reused, ledger.gaps) }

    // MARK: Writers

    /// Creates, updates and deletes keys of its own until a request fails or the round is stopped.
    func write(worker: Int, round: Int, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        var content = round * 1_000_000
        var revisions: [String: Int64] = [:]
        while !stopping {
            content += 1
            let key = "crash-\(worker)-\(round)-\(Int.random(in: 0..<20, using: &random))"
            let known = revisions[key]
            let deletes = known != nil && Int.random(in: 0..<5, using: &random) == 0
            do {
                if deletes {
                    // Deletions are acknowledged without a revision; the watch tells it. They are checked by content.
                    try await client.delete(Kinds.Lease.info, namespace: Leases.namespace, name: key)
                    revisions[key] = nil
                    ledger.acknowledgeDeletion(key: key)
                } else {
                    let body = Leases.object(key, content, revision: known)
                    let stored =
                        known == nil
                        ? try await client.create(Kinds.Lease.info, body)
                        : try await client.update(Kinds.Lease.info, body)
                    revisions[key] = Leases.revision(stored)
                    ledger.acknowledge(.init(key: key, content: content, revision: Leases.revision(stored)))
                }
                acknowledgedThisRound += 1
            } catch {
                ledger.doubt(key: key, content: deletes ? nil : content)
                return
            }
        }
    }

    // MARK: Reading

    /// Compares the whole store with what was promised.
    func settle() async throws {
        let page = try await client.list(Kinds.Lease.info, namespace: Leases.namespace)
        var holds: [String: (content: Int, revision: Int64)] = [:]
        for object in page.objects where Leases.name(object).hasPrefix("crash-") {
            holds[Leases.name(object)] = (Leases.content(object), Leases.revision(object))
        }
        ledger.settle(holds)
    }

    /// Watches across restarts until it has seen everything up to the end, resuming after the last event it saw.
    func watch(from revision: Int64) async {
        ledger.excuse(upTo: revision)
        while !Task.isCancelled {
            do {
                let stream = try await client.watch(
                    Kinds.Lease.info, namespace: Leases.namespace,
                    options: WatchOptions(after: Revision(ledger.lastSeen), bookmarks: false))
                for try await event in stream { take(event) }
            } catch ClientError.api(.expired) {
                // Honest: start again from a list.
                if let page = try? await client.list(Kinds.Lease.info, namespace: Leases.namespace) {
                    ledger.excuse(upTo: page.revision.rawValue)
                }
            } catch {
                // The controller is away; the next attempt waits for it by itself.
                await Task.yield()
            }
        }
    }

    private func take(_ event: ObjectEvent<JSON>) {
        switch event {
        case .added(let object), .modified(let object):
            ledger.watched(
                .init(key: Leases.name(object), content: Leases.content(object), revision: Leases.revision(object)))
        case .deleted(let object):
            ledger.watched(.init(key: Leases.name(object), content: nil, revision: Leases.revision(object)))
        case .bookmark:
            break
        }
    }

    var hasSeenAll: Bool { ledger.lastSeen >= ledger.highest }

    func close() { ledger.close() }
}
