import TidemillModel
import TidemillSeams
import TidemillWire

/// Runs a reconciler's tick: at once, whenever an object of the watched kinds changes, when its bell is rung, and at
/// least once a period.
///
/// Ticks never overlap, and what happens during one leads to exactly one more. A tick that took long is followed by a
/// pause, so that no reconciler takes too much from those who serve, and what happens meanwhile is looked at together. A
/// watch that ends is opened again: what it missed is seen by the tick that follows, because ticks look at everything.
package struct Wakeups: Sendable {
    package let resources: Resources
    package let kinds: [KindInfo]
    package let period: Duration
    package let sleep: Sleep
    package let bell: Bell
    package let rest: Rest

    /// How long a tick is followed by a pause.
    package enum Rest: Sendable {
        /// So many times as long as the tick took, but no longer than that, nor than the period.
        case times(Int, atMost: Duration = .seconds(3600))
        /// A moment, for ticks whose work grows with what has changed and not with what is there.
        case moment
    }

    /// Ticks up to this long need no pause.
    private static let short: Duration = .milliseconds(5)
    private static let moment: Duration = .milliseconds(20)

    package init(
        resources: Resources, kinds: [KindInfo], period: Duration, sleep: @escaping Sleep, bell: Bell = Bell(),
        rest: Rest = .times(1)
    ) {
        self.resources = resources
        self.kinds = kinds
        self.period = period
        self.sleep = sleep
        self.bell = bell
        self.rest = rest
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
                // Only cancellation ends a sleep early, and it ends this loop too.
                if let pause = pause(after: spent) { try? await sleep(pause) }
            }
            group.cancelAll()
        }
    }

    private func pause(after spent: Duration) -> Duration? {
        switch rest {
        case .times(let times, let most): spent > Self.short ? min(spent * times, period, most) : nil
        case .moment: Self.moment
        }
    }

    private func watch(_ kind: KindInfo) async {
        while !Task.isCancelled {
            do {
                // That something has happened is all that counts: what it was is read by the tick.
                let watch = try await resources.store.watch(prefix: kind.keyPrefix(namespace: nil), after: nil)
                for await _ in watch.bell { bell.ring() }
            } catch {
                // A store that cannot be watched now is asked again; meanwhile the period wakes the tick.
            }
            bell.ring()
            // Only cancellation ends a sleep early.
            guard (try? await sleep(.milliseconds(200))) != nil else { return }
        }
    }
}
