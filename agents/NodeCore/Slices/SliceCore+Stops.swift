import TidemillModel
import TidemillSeams

/// Why slices end.
extension SliceCore {
    /// Why the slice must end now; nil while it may live.
    func stopRequest(for slice: HeldSlice) -> StopRequest? {
        guard let view = views[slice.uid], let epoch = view.grant?.epoch, epoch >= slice.grant.epoch else {
            // Only a complete list of a controller that we know ends what runs (section 4, Journal). A view of an older
            // grant, which only a restored store can show, says as little as none.
            guard standing.mayConclude else { return nil }
            return StopRequest(reason: "Deleted", message: "The slice no longer exists, or is granted elsewhere.")
        }
        if epoch > slice.grant.epoch {
            return StopRequest(reason: "OldEpoch", message: "A newer grant, of epoch \(epoch), has replaced this one.")
        }
        if view.isDeleting { return StopRequest(reason: "Deleted", message: "The slice was deleted.") }
        switch view.state {
        case .releasing, .scrubbing, .lost, .released:
            return StopRequest(reason: view.reason ?? view.state.rawValue, message: view.message)
        case .pending, .reserved, .prepared, .active:
            break
        }
        switch slice.phase {
        case .preparing, .prepared:
            guard gangIsOver(for: slice.member) else { return nil }
            return StopRequest(reason: "GangNotReady", message: "The attempt was abandoned before it started.")
        case .starting, .active, .emptying, .released:
            return nil
        }
    }

    func gang(of member: SliceMember?, is state: Kinds.GangState) -> Bool {
        guard let member, let gang = gangs[member.jobUID] else { return false }
        return gang.attempt == member.attempt && gang.state == state
    }

    /// The attempt was abandoned, or a later one has begun.
    func gangIsOver(for member: SliceMember?) -> Bool {
        guard let member, let gang = gangs[member.jobUID] else { return false }
        return gang.attempt > member.attempt || (gang.attempt == member.attempt && gang.state == .abandoned)
    }
}
