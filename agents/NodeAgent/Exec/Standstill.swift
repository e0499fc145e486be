import TidemillHostLinux
import TidemillModel

/// Whether a slice stands still: what is begun in it then begins once it goes on, and not before.
struct Standstill: Sendable {
    /// Of the slice; nil where nothing can freeze.
    let freezerFile: String?

    /// Between two looks.
    private static let period: Duration = .seconds(1)

    var isFrozen: Bool {
        // A file that cannot be read is gone with its slice, and that ends its sessions.
        freezerFile.map { (try? FreezerFile.isFrozen($0)) ?? false } ?? false
    }

    /// Looks until `begun` ends. True when the slice stood still before that.
    func holdsUp(_ begun: AsyncStream<Void>, sleep: @escaping Sleep) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in begun {}
                return false
            }
            group.addTask {
                while !isFrozen {
                    // Cancelled once it has begun.
                    do { try await sleep(Self.period) } catch { return false }
                }
                return true
            }
            let isHeldUp = await group.next() ?? false
            group.cancelAll()
            return isHeldUp
        }
    }
}
