import TidemillSeams

/// When an inventory is sent: at most one at a time, and at most one a second.
package struct InventoryDuty: Hashable, Sendable {
    static let period: Duration = .seconds(1)
    /// One that was never answered is given up.
    static let patience: Duration = .seconds(30)

    private var sentAt: Instant?
    private var isUnderWay = false

    /// Whether one may be sent now; it then counts as sent.
    mutating func send(at now: Instant) -> Bool {
        if let sentAt, now.since(sentAt) < (isUnderWay ? Self.patience : Self.period) { return false }
        sentAt = now
        isUnderWay = true
        return true
    }

    mutating func answered() {
        isUnderWay = false
    }
}
