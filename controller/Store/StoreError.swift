import TidemillSeams

/// Why the store refused; the cases are what a caller can act on.
package enum StoreError: Error, Hashable, Sendable {
    /// A condition did not hold; `current` is the key's revision, nil when it is absent. Read again and retry.
    case conflict(key: String, current: Revision?)
    /// The asked revision was compacted, or the watcher was too slow; `oldest` is the oldest revision that can be asked for.
    case expired(oldest: Revision)
    /// The asked revision is still to come.
    case future(current: Revision)
    /// No space is left: writes are refused, reads go on.
    case full(String)
    /// The transaction exceeds `Transaction.limits`.
    case tooLarge(String)
    /// The store was closed.
    case closed
    /// The file is damaged.
    case corrupt(String)
    /// Anything else, in words for the operator.
    case failed(String)
}
