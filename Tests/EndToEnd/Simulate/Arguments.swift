import TidemillSimulation

/// What the program was told: options with a number or a word behind them.
struct Arguments {
    private let words: [String]

    init(_ words: [String]) {
        self.words = words
    }

    func has(_ option: String) -> Bool { words.contains(option) }

    func word(_ option: String) -> String? {
        guard let place = words.firstIndex(of: option), place + 1 < words.count else { return nil }
        return words[place + 1]
    }

    func number(_ option: String) -> UInt64? { word(option).flatMap { UInt64($0) } }

    var broken: Set<BrokenRule> { Set([word("--broken").flatMap(BrokenRule.init(rawValue:))].compactMap { $0 }) }
}
