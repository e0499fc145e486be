import TidemillSeams

/// `n` milliseconds after boot.
func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
