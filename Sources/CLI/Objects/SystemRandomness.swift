import TidemillSeams

/// Random bits from the kernel.
struct SystemRandomness: Randomness {
    func next() -> UInt64 { UInt64.random(in: .min ... .max) }
}
