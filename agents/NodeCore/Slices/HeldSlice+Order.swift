extension HeldSlice.Phase {
    /// Whether a slice is in this phase before it is in `other`; phases of one grant only go forward.
    package func isBefore(_ other: Self) -> Bool { order < other.order }

    private var order: Int {
        switch self {
        case .preparing: 0
        case .prepared: 1
        case .starting: 2
        case .active: 3
        case .emptying: 4
        case .released: 5
        }
    }
}

extension HeldSlice {
    /// Whether the task has something to say in this phase; most phases concern the slice alone.
    package var isTaskWorthTelling: Bool {
        switch phase {
        case .active: true
        case .released(let release): release.outcome != nil
        case .preparing, .prepared, .starting, .emptying: false
        }
    }
}
