import TidemillLease
import TidemillModel
import TidemillSeams

/// The part of one device that a slice holds, in amounts that a kernel can be told.
package struct HeldShare: Hashable, Sendable {
    package var device: DeviceID
    package var milliCPU: Int64?
    package var memoryBytes: Int64?
    /// Fraction of the device's compute, when the share says it so.
    package var compute: Rational?
    package var cardUnits: Rational

    package init(
        device: DeviceID, milliCPU: Int64? = nil, memoryBytes: Int64? = nil, compute: Rational? = nil,
        cardUnits: Rational
    ) {
        self.device = device
        self.milliCPU = milliCPU
        self.memoryBytes = memoryBytes
        self.compute = compute
        self.cardUnits = cardUnits
    }
}

/// The agent's copy of a grant: what was promised, for which boot, in which order, and until when without a renewal.
package struct SliceGrant: Hashable, Sendable {
    package var bootID: BootID
    package var epoch: Epoch
    package var token: Token
    package var shares: [HeldShare]
    /// How long the task may outlive the last acknowledged renewal; nil with policy `keep`.
    package var stopAfter: Duration?

    package init(bootID: BootID, epoch: Epoch, token: Token, shares: [HeldShare], stopAfter: Duration? = nil) {
        self.bootID = bootID
        self.epoch = epoch
        self.token = token
        self.shares = shares
        self.stopAfter = stopAfter
    }

    /// Card units of all shares.
    package var cardUnits: Rational { shares.reduce(.zero) { $0 + $1.cardUnits } }
}

extension SliceGrant {
    /// Reads the grant of the API. `stop` without `after` counts as the default of 60 s. Card units that cannot be read
    /// count as zero: they were fixed by the controller, and nothing is enforced by them.
    package init(_ grant: Kinds.Grant) {
        self.init(
            bootID: BootID(grant.bootID), epoch: Epoch(grant.epoch), token: Token(grant.token),
            shares: grant.shares.map(HeldShare.init), stopAfter: nil)
        if grant.policy == .stop { stopAfter = grant.after?.duration ?? .seconds(60) }
    }
}

extension HeldShare {
    init(_ share: Kinds.Share) {
        self.init(
            device: DeviceID(share.device), milliCPU: share.cpu?.milliValue, memoryBytes: share.memory?.wholeValue,
            compute: share.compute?.fraction, cardUnits: Rational(parsing: share.cardUnits) ?? .zero)
    }
}

extension SliceGrant {
    /// The grant as the rules of leases judge it.
    package func judged(for slice: SliceUID) -> NodeGrant {
        NodeGrant(
            sliceUID: slice, boot: bootID, epoch: epoch, token: token,
            policy: stopAfter.map { .stop(after: $0) } ?? .keep,
            shares: shares.map { share in
                GrantShare(
                    device: share.device, milliCPU: share.milliCPU ?? 0, memoryBytes: share.memoryBytes ?? 0,
                    computeBillionths: share.milliCPU == nil ? share.computeBillionths : 0)
            })
    }
}

extension HeldShare {
    /// The compute fraction in billionths, rounded down; 0 when the share names none.
    var computeBillionths: Int64 {
        guard let compute else { return 0 }
        return Int64(clamping: Int128(compute.numerator) * 1_000_000_000 / Int128(compute.denominator))
    }
}
