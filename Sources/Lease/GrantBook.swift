import TidemillSeams

/// Which slice holds which shares of this node: the agent's own guarantee that a device share has one holder
/// (invariants 1a and 4), whatever a controller says.
///
/// Epochs are compared per slice, and per device where one side holds the whole device, never with the node's newest:
/// two grants on parts of one device may well arrive in either order. Parts of one device have no identity of their
/// own, so that what guards them is the sum.
package struct GrantBook: Sendable {
    /// How many released slices are remembered one by one; older ones leave only `forgottenEpoch`.
    package static let rememberedReleases = 4096

    package let boot: BootID
    /// The devices of this node. A device that left stays unknown until a rescan sets this again.
    package var devices: [DeviceID: DeviceCapacity]
    /// Held grants by slice.
    package private(set) var held: [SliceUID: NodeGrant] = [:]
    private var released: [SliceUID: Epoch] = [:]
    private var releasedWhole: [DeviceID: Epoch] = [:]
    private var forgottenEpoch = Epoch(0)

    package init(boot: BootID, devices: [DeviceID: DeviceCapacity]) {
        self.boot = boot
        self.devices = devices
    }

    /// Judges a grant and, when it is acceptable, holds its shares from now on.
    ///
    /// - Parameters:
    ///   - renewedAt: when the last acknowledged renewal of this boot was sent; nil when there was none.
    ///   - timeToKill: measured on this node, for the margin.
    package mutating func accept(
        _ grant: NodeGrant, renewedAt: Instant?, timeToKill: Duration, at now: Instant
    ) -> GrantAnswer {
        if grant.boot != boot {
            return .refused(.wrongBoot, message: "granted for boot \(grant.boot), this is boot \(boot)")
        }
        if let current = held[grant.sliceUID] {
            if current.epoch == grant.epoch { return .alreadyHeld }
            return grant.epoch < current.epoch
                ? .refused(.oldEpoch, message: "epoch \(grant.epoch) is older than \(current.epoch), which is held")
                : .refused(.occupied, message: "the slice still holds its shares under epoch \(current.epoch)")
        }
        if let refusal = staleness(of: grant) ?? shortage(for: grant) { return refusal }

        var deadline: Deadline?
        if case .stop(let after) = grant.policy {
            guard let renewedAt else {
                return .refused(.pastDeadline, message: "no renewal was acknowledged in this boot")
            }
            let armed = Deadline(
                boot: boot, epoch: grant.epoch, after: after,
                margin: FenceMargin.margin(after: after, timeToKill: timeToKill), sentAt: renewedAt)
            if armed.hasPassed(at: now) {
                let late = now.since(armed.at).wholeNanoseconds / 1_000_000
                return .refused(.pastDeadline, message: "the deadline passed \(late) ms ago")
            }
            deadline = armed
        }
        held[grant.sliceUID] = grant
        return .accepted(deadline)
    }

    /// Takes over what was found running or journalled at the agent's start, without judging it: it holds its shares
    /// whether or not it should. Of two grants for one slice the higher epoch counts.
    package mutating func adopt(_ grant: NodeGrant) {
        if let current = held[grant.sliceUID], current.epoch >= grant.epoch { return }
        held[grant.sliceUID] = grant
    }

    /// Frees a slice's shares: no process of it is left and no driver has its devices open. Returns false when this
    /// epoch of the slice was not held.
    @discardableResult
    package mutating func release(_ slice: SliceUID, epoch: Epoch) -> Bool {
        guard let grant = held[slice], grant.epoch == epoch else { return false }
        held[slice] = nil
        noteReleased(grant)
        return true
    }

    /// Remembers a release that happened before this agent started, from the journal.
    package mutating func noteReleased(_ grant: NodeGrant) {
        released[grant.sliceUID] = max(grant.epoch, released[grant.sliceUID] ?? grant.epoch)
        for share in grant.shares where share.isExclusive {
            releasedWhole[share.device] = max(grant.epoch, releasedWhole[share.device] ?? grant.epoch)
        }
        forgetOldest()
    }

    private func staleness(of grant: NodeGrant) -> GrantAnswer? {
        if grant.epoch <= forgottenEpoch {
            return .refused(.oldEpoch, message: "epoch \(grant.epoch) is not newer than \(forgottenEpoch)")
        }
        if let last = released[grant.sliceUID], grant.epoch <= last {
            return .refused(.oldEpoch, message: "epoch \(grant.epoch) is not newer than \(last), which was released")
        }
        for share in grant.shares {
            if let last = releasedWhole[share.device], grant.epoch < last {
                return .refused(
                    .oldEpoch, message: "epoch \(grant.epoch) is older than \(last), which last held \(share.device)")
            }
        }
        return nil
    }

    private mutating func forgetOldest() {
        guard released.count > Self.rememberedReleases else { return }
        // Half at once, so that the sort is paid for once in 2048 releases.
        let oldest = released.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(Self.rememberedReleases / 2)
        for (slice, epoch) in oldest {
            released[slice] = nil
            forgottenEpoch = max(forgottenEpoch, epoch)
        }
    }
}
