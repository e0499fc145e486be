import TidemillNodeCore
import TidemillSeams

/// Freezes and thaws tasks. Wishes may change while the machine still carries out the last one: what counts is what is
/// wanted when it is done.
struct Freezer: Sendable {
    private let host: any SliceHost
    private let pause: @Sendable () async -> Void

    /// - Parameter pause: waits a moment before the machine is asked again.
    init(host: any SliceHost, pause: @escaping @Sendable () async -> Void) {
        self.host = host
        self.pause = pause
    }

    /// Brings the grant to where it is wanted: true is frozen, nil that nobody wants anything of it any more. Returns what
    /// was reached, or nil when the caller was cancelled or the grant ended. `failed` is told why a try did not work.
    func settle(
        _ key: SliceKey, wanted: @Sendable () async -> Bool?, failed: @Sendable (SliceHostError) async -> Void
    ) async -> Bool? {
        while !Task.isCancelled, let wish = await wanted() {
            var isDone = true
            do throws(SliceHostError) {
                if wish { isDone = try await host.freeze(key) } else { try await host.thaw(key) }
            } catch {
                isDone = false
                await failed(error)
            }
            if isDone, await wanted() == wish { return wish }
            await pause()
        }
        return nil
    }
}
