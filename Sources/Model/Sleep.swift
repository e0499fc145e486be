/// Waits for a while, and throws when cancelled: the only way in which actors wait. Programs give the real one, tests a
/// clock that they move by hand.
package typealias Sleep = @Sendable (Duration) async throws -> Void
