/// Counts the open watches of each user, so that one cannot starve the others.
actor WatchBudget {
    private let limit: Int
    private var open: [String: Int] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    /// False when the user has as many as allowed.
    func take(_ user: String) -> Bool {
        guard open[user, default: 0] < limit else { return false }
        open[user, default: 0] += 1
        return true
    }

    func release(_ user: String) {
        guard let count = open[user] else { return }
        open[user] = count > 1 ? count - 1 : nil
    }
}
