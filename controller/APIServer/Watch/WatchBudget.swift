/// Counts the open watches of each user, so that one cannot starve the others.
actor WatchBudget {
    private let limit: Int
    private var open: [String: Set<UInt64>] = [:]
    private var nextTicket: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// A ticket for one watch; nil when the user holds as many as allowed.
    func take(_ user: String) -> UInt64? {
        guard open[user, default: []].count < limit else { return nil }
        nextTicket += 1
        open[user, default: []].insert(nextTicket)
        return nextTicket
    }

    /// Gives a ticket back; twice is as good as once.
    func release(_ ticket: UInt64, of user: String) {
        guard var tickets = open[user] else { return }
        tickets.remove(ticket)
        open[user] = tickets.isEmpty ? nil : tickets
    }
}
