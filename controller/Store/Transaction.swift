import TidemillSeams

/// Writes that happen together at one revision, if all conditions hold.
package struct Transaction: Hashable, Sendable {
    /// Something that must hold for the transaction to happen.
    package enum Condition: Hashable, Sendable {
        /// The key's value was written at exactly this revision.
        case exists(String, revision: Revision)
        /// The key exists, whatever it holds.
        case present(String)
        /// The key does not exist.
        case absent(String)

        package var key: String {
            switch self {
            case .exists(let key, _), .present(let key), .absent(let key): key
            }
        }
    }

    /// One change; deleting an absent key changes nothing.
    package enum Write: Hashable, Sendable {
        case put(String, [UInt8])
        case delete(String)

        package var key: String {
            switch self {
            case .put(let key, _), .delete(let key): key
            }
        }
    }

    package var conditions: [Condition]
    /// No key twice.
    package var writes: [Write]

    package init(conditions: [Condition] = [], writes: [Write] = []) {
        self.conditions = conditions
        self.writes = writes
    }

    /// The most operations and bytes of a transaction: what etcd allows by default, so that every engine can do it.
    package static let limits = (operations: 128, bytes: 1_572_864)

    /// Keys and values, in bytes.
    package var byteCount: Int {
        conditions.reduce(0) { $0 + $1.key.utf8.count }
            + writes.reduce(0) { total, write in
                guard case .put(let key, let value) = write else { return total + write.key.utf8.count }
                return total + key.utf8.count + value.count
            }
    }

    /// Throws `.tooLarge` beyond the limits, and `.failed` when a key is written twice or is empty.
    package func check() throws(StoreError) {
        if max(conditions.count, writes.count) > Self.limits.operations {
            throw .tooLarge(
                "a transaction may hold \(Self.limits.operations) operations, this one has \(max(conditions.count, writes.count))"
            )
        }
        if byteCount > Self.limits.bytes {
            throw .tooLarge("a transaction may hold \(Self.limits.bytes) bytes, this one has \(byteCount)")
        }
        if writes.count == 1 {
            if writes[0].key.isEmpty { throw .failed("a key must not be empty") }
            return
        }
        var seen: Set<String> = []
        for write in writes {
            if write.key.isEmpty { throw .failed("a key must not be empty") }
            if !seen.insert(write.key).inserted { throw .failed("a transaction writes \(write.key) twice") }
        }
    }
}
