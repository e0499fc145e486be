import TidemillLease
import TidemillSeams

/// What the shell asks the core.
extension SliceCore {
    /// What the controller says of a slice of that name.
    package func view(namespace: String, name: String) -> SliceView? {
        views.values.first { $0.namespace == namespace && $0.name == name }
    }

    /// Whether the controller accepts this node, as far as it last said.
    package var acceptsNode: Bool { isAdmitted }

    /// Whether a complete list of a known controller is there, so that what it does not name is nobody's.
    package var mayForgetUnknown: Bool { hasList && incarnationIsKnown }

    /// Until when a slice whose task is not started yet may live, by all renewals so far; nil with `keep`.
    package func deadline(of key: SliceKey) -> Deadline? {
        held[key.uid]?.key == key ? deadlines[key.uid] : nil
    }

    /// True when neither the controller nor this node has a use for the files of a grant.
    package func isUnknown(_ key: SliceKey) -> Bool {
        if let slice = held[key.uid], slice.key == key { return false }
        if strays[key] != nil { return false }
        return views[key.uid]?.grant?.epoch != key.epoch
    }

    /// Released grants of the journal: their epochs are never taken again.
    package mutating func remember(_ released: [HeldSlice]) {
        for slice in released {
            book.noteReleased(slice.grant.judged(for: slice.uid))
            finished[slice.uid] = max(slice.grant.epoch, finished[slice.uid] ?? slice.grant.epoch)
        }
    }
}

extension SliceEffect {
    /// A few words for the log.
    package var summary: String {
        switch self {
        case .prepare(let slice): "prepare \(slice.key)"
        case .start(let slice, _): "start \(slice.key)"
        case .watch(let slice): "watch \(slice.key)"
        case .stop(let slice): "stop \(slice.key)"
        case .empty(let slice): "empty \(slice.key)"
        case .report(let slice): "report \(slice.key)"
        case .refuse(let view, let reason, _): "refuse \(view.uid): \(reason.rawValue)"
        case .forget(let slice): "forget \(slice.key)"
        }
    }
}
