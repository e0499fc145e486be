/// Tells the time. The shipped one reads the kernel's clocks; tests and the simulation move theirs by hand.
package protocol TimeSource: Sendable {
    /// The boot clock of this machine.
    func now() -> Instant
    /// The wall clock of this machine.
    func wall() -> WallTime
}
