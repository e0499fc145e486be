import TidemillSeams

/// A part of one device, as the agent counts it.
package struct GrantShare: Hashable, Sendable {
    package var device: DeviceID
    /// Thousandths of a CPU drawn from a NUMA domain; 0 for other devices.
    package var milliCPU: Int64
    /// Memory drawn from the device.
    package var memoryBytes: Int64
    /// Compute of the device in billionths, rounded down; 0 for a NUMA domain whose `milliCPU` is counted.
    package var computeBillionths: Int64
    /// Whether no other slice may be on the device.
    package var isExclusive: Bool

    package init(
        device: DeviceID, milliCPU: Int64 = 0, memoryBytes: Int64 = 0, computeBillionths: Int64 = 0,
        isExclusive: Bool = false
    ) {
        self.device = device
        self.milliCPU = milliCPU
        self.memoryBytes = memoryBytes
        self.computeBillionths = computeBillionths
        self.isExclusive = isExclusive
    }
}

/// What shares of one device may add up to on this node.
package struct DeviceCapacity: Hashable, Sendable {
    package var milliCPU: Int64
    package var memoryBytes: Int64
    package var computeBillionths: Int64

    package init(milliCPU: Int64 = 0, memoryBytes: Int64 = 0, computeBillionths: Int64 = 1_000_000_000) {
        self.milliCPU = milliCPU
        self.memoryBytes = memoryBytes
        self.computeBillionths = computeBillionths
    }
}

/// A grant as the agent judges it: the controller's promise of shares on this node to one slice.
package struct NodeGrant: Hashable, Sendable {
    package var sliceUID: SliceUID
    package var boot: BootID
    package var epoch: Epoch
    package var token: Token
    package var policy: FencePolicy
    package var shares: [GrantShare]

    package init(
        sliceUID: SliceUID, boot: BootID, epoch: Epoch, token: Token, policy: FencePolicy, shares: [GrantShare]
    ) {
        self.sliceUID = sliceUID
        self.boot = boot
        self.epoch = epoch
        self.token = token
        self.policy = policy
        self.shares = shares
    }
}

/// Why an agent refuses a grant; the raw value is the reason on the wire.
package enum GrantRefusal: String, Hashable, Sendable {
    /// A share is still held, or the shares do not fit beside those that are.
    case occupied = "Occupied"
    /// The grant is older than what the agent last held or released for this slice or this device.
    case oldEpoch = "OldEpoch"
    /// The node has no such device.
    case unknownDevice = "UnknownDevice"
    /// The grant was made for another boot.
    case wrongBoot = "WrongBoot"
    /// The grant's deadline has passed, or no renewal was ever acknowledged in this boot.
    case pastDeadline = "PastDeadline"
    /// The slice was made, and a canary got out of it or could not try.
    case probeFailed = "ProbeFailed"
}

/// An agent's answer to a grant.
package enum GrantAnswer: Hashable, Sendable {
    /// The shares are now held by this slice. With `stop` the deadline is what its shim must be armed with.
    case accepted(Deadline?)
    /// The same grant is held already; nothing changed.
    case alreadyHeld
    /// Nothing changed; the message names what stands in the way, with numbers.
    case refused(GrantRefusal, message: String)
}
