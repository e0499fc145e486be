import TidemillSeams

/// Random bits from the kernel (getrandom), for uids, start ids and jitter.
package struct SystemRandomness: Randomness {
    package init() {}

    /// 64 random bits. `SystemRandomNumberGenerator` is getrandom(2) on Linux.
    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
