import TidemillModel

extension [Kinds.Condition] {
    /// Sets one condition by its type. `lastTransitionTime` moves only when the status does.
    package mutating func set(_ condition: Kinds.Condition) {
        guard let index = firstIndex(where: { $0.type == condition.type }) else {
            append(condition)
            return
        }
        var next = condition
        if self[index].status == condition.status { next.lastTransitionTime = self[index].lastTransitionTime }
        self[index] = next
    }
}
