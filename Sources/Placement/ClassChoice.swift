import TidemillModel

/// One way to choose a class for each device that a request names. Every member of a gang gets the same, since its ranks would
/// wait for the slowest.
struct ClassChoice: Hashable, Sendable {
    /// For each entry of `devices` the class.
    var classes: [String]
    /// How fast the work goes: that of its slowest device.
    var rate: Rational
    /// What the devices cost an hour.
    var price: Rational

    /// All ways, the best first; of equals the one that is written first.
    static func all(
        of request: Kinds.SliceRequest, minimizing objective: Kinds.Objective, prices: [String: Rational]
    ) -> [ClassChoice] {
        var choices = [ClassChoice(classes: [], rate: .one, price: .zero)]
        for device in request.devices {
            var offered = [(device.class, Rational.one)]
            offered += device.alternatives.map { ($0.class, $0.rate?.fraction ?? .one) }
            choices = choices.flatMap { choice in
                offered.map { name, rate in
                    let price = (prices[name] ?? .one) * Rational(device.count ?? 1)
                    return ClassChoice(
                        classes: choice.classes + [name],
                        rate: choice.classes.isEmpty ? rate : min(choice.rate, rate), price: choice.price + price)
                }
            }
        }
        guard choices.count > 1 else { return choices }
        return choices.enumerated().sorted { a, b in
            if a.element.isBetter(than: b.element, minimizing: objective) { return true }
            if b.element.isBetter(than: a.element, minimizing: objective) { return false }
            return a.offset < b.offset
        }.map(\.element)
    }

    private func isBetter(than other: ClassChoice, minimizing objective: Kinds.Objective) -> Bool {
        let (mine, theirs) = (rate * other.price, other.rate * price)
        switch objective {
        case .cost: return mine == theirs ? rate > other.rate : mine > theirs
        case .time: return rate == other.rate ? price < other.price : rate > other.rate
        }
    }

    /// `h100 + h100-nic`, for people.
    var text: String { classes.joined(separator: " + ") }
}
