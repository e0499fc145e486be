extension Kinds.DisruptionBudget {
    static let leastPer: Duration = .seconds(1)
    package static let defaultPer: Duration = .seconds(3600)

    /// The window over which evictions are counted.
    package var effectivePer: Duration { per?.duration ?? Self.defaultPer }

    /// What is wrong with the budget that stands at `path`.
    func problems(at path: String) -> [FieldError] {
        guard let per, per.duration < Self.leastPer else { return [] }
        return [.invalid("\(path).per", per.text, "must be at least 1s")]
    }
}
