import TidemillModel
import TidemillSeams
import TidemillWire

/// Runs a reconciler's tick: at once, whenever an object of the watched kinds changes, when its bell is rung, and at
/// least once a period.
///
/// Ticks never overlap, and what happens during one leads to exactly one more. A tick that took long is followed by a
/// pause as long, so that no reconciler takes more than half of its time from those who serve. A watch that ends is opened
/// again: what it missed is seen by the tick that follows, because ticks look at everything.
package struct Wakeups: Sendable {
    package let resources: Resources
    package let kinds: [KindInfo]
    package let period: Duration
    package let sleep: Sleep
    package let bell: Bell

    /// Ticks up to this long need no pause.
    private static let short: Duration = .milliseconds(5)

    package init(resources: Resources, kinds: [KindInfo], period: Duration, sleep: @escaping Sleep, bell: Bell = Bell())
    {
        self.resources = resources
        self.kinds = kinds
        self.period = period
        self.sleep = sleep
        self.bell = bell
    }

    /// Runs until the task is cancelled.
    package func run(_ tick: @Sendable @escaping () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for kind in kinds {
                group.addTask { await watch(kind) }
            }
            group.addTask {
                // Sleep ends with the task's cancellation, and so does this loop.
                while (try? await sleep(period)) != nil { bell.ring() }
            }
            bell.ring()
            for await _ in bell.rings {
                if Task.isCancelled { break }
                let start = resources.time.now()
                await tick()
                let spent = resources.time.now().since(start)
                if spent > Self.short {
                    // Only cancellation ends a sleep early, and it ends this loop too.
                    try? await sleep(min(spent, .seconds(1)))
                }
            }
            group.cancelAll()
        }
    }

    private func watch(_ kind: KindInfo) async {
        while !Task.isCancelled {
            do {
                let now = await resources.store.currentRevision()
                let options = WatchOptions(resourceVersion: String(now.rawValue))
                for await _ in try await resources.watch(kind, namespace: nil, options) { bell.ring() }
            } catch {
                // A store that cannot be watched now is asked again; meanwhile the period wakes the tick.
            }
            bell.ring()
            // Only cancellation ends a sleep early.
            guard (try? await sleep(.milliseconds(200))) != nil else { return }
        }
    }
}
