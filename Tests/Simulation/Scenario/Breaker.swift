import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Breaks rules from outside: with writes that no shipped part would make.
final class Breaker {
    private unowned let world: World

    init?(world: World) {
        if world.broken.isEmpty { return nil }
        self.world = world
    }

    func interfere() async throws {}
}
