import TidemillRig
import TidemillWire

/// What one client sees of all slices through one watch. Lives on one event loop.
final class SliceLog {
    struct Seen: Sendable {
        var job: String
        var name: String
        var node = ""
        var state = ""
        /// Changes up to the one that made it Active, its creation included: each is one durable write of the slice.
        var writes = 0
        var activations = 0
        /// On the boot clock, in nanoseconds.
        var activeAt: Int64 = 0
        var shares: [Share] = []
    }

    /// A share of one device; what it does not name is zero.
    struct Share: Sendable {
        var device: String
        var memoryBytes = 0.0
        var cpus = 0.0
        var compute = 0.0
    }

    /// By uid.
    private(set) var slices: [String: Seen] = [:]
    private(set) var active = 0
    private(set) var isOpen = false
    /// Why the watch cannot be believed any more.
    private(set) var trouble: String?
    /// When the last slice became Active.
    private(set) var lastActive: Int64 = 0

    func take(_ notice: EventStream.Notice) {
        switch notice {
        case .opened: isOpen = true
        case .ended(let why): trouble = trouble ?? why
        case .event("ERROR", let status): trouble = trouble ?? "the watch says \(status.text)"
        case .event("BOOKMARK", _): break
        case .event("DELETED", let object): lose(object)
        case .event(_, let object): take(object)
        }
    }

    private func lose(_ slice: JSON) {
        // A slice of an abandoned attempt, which held nothing; one that was Active must not go while work runs.
        guard let uid = slice.uid, let seen = slices.removeValue(forKey: uid) else { return }
        if seen.activations > 0 { trouble = trouble ?? "slice \(seen.name) was Active and is gone" }
    }

    private func take(_ slice: JSON) {
        guard let uid = slice.uid else { return }
        let state = slice.at(["status", "state"])?.string ?? ""
        var seen =
            slices[uid]
            ?? Seen(job: slice.at(["spec", "member", "job"])?.string ?? "", name: slice.name)
        if seen.activations == 0 { seen.writes += 1 }
        if state == "Active", seen.state != "Active" {
            seen.activations += 1
            seen.activeAt = Kernel.bootNanoseconds()
            lastActive = seen.activeAt
            active += 1
        }
        seen.state = state
        if let grant = slice.at(["status", "grant"]), state == "Active" {
            seen.node = grant["node"]?.string ?? ""
            seen.shares = (grant["shares"]?.array ?? []).map(Share.init)
        }
        slices[uid] = seen
    }
}

extension SliceLog.Share {
    fileprivate init(_ share: JSON) {
        self.init(
            device: share["device"]?.string ?? "", memoryBytes: amount(share["memory"]), cpus: amount(share["cpu"]),
            compute: amount(share["compute"]))
    }
}
