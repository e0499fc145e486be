import CoreMetrics
import TidemillSeams
import TidemillStore

/// A store that counts what was made durable: `tidemill_store_transactions_total`, and `tidemill_store_writes_total` by
/// resource, such as `slices`, and internal record, such as `nodeallocations`.
struct MeteredStore<Base: Store>: Store {
    private let base: Base
    private let factory: any MetricsFactory
    private let transactions: Counter

    init(_ base: Base, factory: any MetricsFactory) {
        self.base = base
        self.factory = factory
        transactions = Counter(label: "tidemill_store_transactions_total", dimensions: [], factory: factory)
    }

    var identity: StoreIdentity { base.identity }

    func get(_ key: String) async throws(StoreError) -> Entry? { try await base.get(key) }

    func list(
        prefix: String, after key: String?, limit: Int?, at revision: Revision?
    ) async throws(StoreError) -> Listing {
        try await base.list(prefix: prefix, after: key, limit: limit, at: revision)
    }

    @discardableResult
    func commit(_ transaction: Transaction) async throws(StoreError) -> Revision {
        let revision = try await base.commit(transaction)
        transactions.increment()
        var writes: [Substring: Int64] = [:]
        for write in transaction.writes { writes[Self.resource(write.key), default: 0] += 1 }
        for (resource, count) in writes {
            // Looked up by its labels: there are few resources, and a counter of that name is made once.
            Counter(
                label: "tidemill_store_writes_total", dimensions: [("resource", String(resource))], factory: factory
            ).increment(by: count)
        }
        return revision
    }

    /// `slices` of `tidemill.dev/slices/default/a`.
    private static func resource(_ key: String) -> Substring {
        key.split(separator: "/", maxSplits: 2).dropFirst().first ?? ""
    }

    func changes(prefix: String, after revision: Revision) async throws(StoreError) -> StoreChanges {
        try await base.changes(prefix: prefix, after: revision)
    }

    func watch(prefix: String, after revision: Revision?, topic: String?) async throws(StoreError) -> Watch {
        try await base.watch(prefix: prefix, after: revision, topic: topic)
    }

    func currentRevision() async -> Revision { await base.currentRevision() }

    func snapshot() async throws(StoreError) -> StoreSnapshot { try await base.snapshot() }

    func fault() async -> StoreError? { await base.fault() }

    func compact(before revision: Revision) async throws(StoreError) { try await base.compact(before: revision) }
}
