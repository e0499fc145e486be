import TidemillLease
import TidemillSeams

/// What the shell asks the core.
extension SliceCore {
    /// What the controller says of a slice of that name.
    package func view(namespace: String, name: String) -> SliceView? {
        views.values.first { $0.namespace == namespace && $0.name == name }
    }

    /// Whether the controller accepts this node, as far as it last said.
    package var acceptsNode: Bool { standing.isAdmitted }

    /// Whether a complete list of a known controller is there, so that what it does not name is nobody's.
    package var mayForgetUnknown: Bool { isScanned && standing.mayConclude }

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

    /// Whether something that was active here may have ended without the controller's knowing: what the lease shows says
    /// nothing then of how long slices were active.
    package var hasUntoldEnds: Bool {
        guard isScanned, strays.isEmpty else { return true }
        return held.values.contains { slice in
            switch slice.phase {
            case .emptying, .released: true
            case .preparing, .prepared, .starting, .active: false
            }
        }
    }

    /// Whose grants these are: of every one that is held, or still known to the controller.
    package var tenants: [SliceKey: String] {
        var tenants: [SliceKey: String] = [:]
        for view in views.values {
            if let epoch = view.grant?.epoch { tenants[SliceKey(uid: view.uid, epoch: epoch)] = view.namespace }
        }
        for slice in held.values where !slice.namespace.isEmpty { tenants[slice.key] = slice.namespace }
        return tenants
    }

    /// Whose tasks run, so that they can be looked after.
    package var active: [HeldSlice] {
        held.values.filter { if case .active = $0.phase { true } else { false } }.sorted { $0.uid < $1.uid }
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
        case .freeze(let slice): "freeze \(slice.key)"
        case .thaw(let slice): "thaw \(slice.key)"
        case .keep(let slice): "keep \(slice.key)"
        case .bind: "bind"
        case .relist(let number): "list anew, demand \(number)"
        case .sendInventory: "send the inventory"
        case .remember: "remember"
        case .report(let slice): "report \(slice.key)"
        case .refuse(let view, let reason, _): "refuse \(view.uid): \(reason.rawValue)"
        case .forget(let slice): "forget \(slice.key)"
        }
    }
}
