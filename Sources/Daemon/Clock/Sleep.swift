/// Waits for `duration`; the only wait of a shipped program, handed to actors as their `Sleep`.
///
/// Throws `CancellationError` when the task is cancelled meanwhile.
@Sendable
package func systemSleep(_ duration: Duration) async throws {
    try await Task.sleep(for: duration, tolerance: .zero)
}
