import ServiceLifecycle
import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// Brings what the controller says of this node's slices and gangs to the keeper, in order and without gaps; and from the
/// beginning, with a fresh list, whenever the keeper demands it.
package struct SliceWatch: Service {
    private let slices: Reflector<Kinds.Slice>
    private let jobs: Reflector<Kinds.Job>
    private let keeper: SliceKeeper

    package init(
        node: NodeID, client: APIClient, keeper: SliceKeeper, randomness: any Randomness, sleep: @escaping Sleep
    ) {
        let backoff = Backoff(first: .milliseconds(50), most: .seconds(5))
        slices = Reflector(
            Kinds.Slice.self, client: client, selection: Selection(fields: "status.grant.node=\(node)"),
            backoff: backoff, randomness: randomness, sleep: sleep)
        jobs = Reflector(
            Kinds.Job.self, client: client, selection: Selection(fields: "status.gang.nodes=\(node)"),
            backoff: backoff, randomness: randomness, sleep: sleep)
        self.keeper = keeper
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await follow(slices) { event, demand in await keeper.apply(event, under: demand) } }
                group.addTask { await follow(jobs) { event, demand in await keeper.apply(event, under: demand) } }
            }
        }
    }

    /// Mirrors until the next demand, and then begins anew: a mirror's first request is a list, so that what it brings was
    /// asked for after the demand under whose number it is told.
    private func follow<Object>(
        _ mirror: Reflector<Object>, _ apply: @escaping @Sendable (ReflectorEvent<Object>, Int) async -> Void
    ) async {
        var next: Int? = 0
        while let demand = next {
            next = await withTaskGroup(of: Int?.self) { group in
                group.addTask {
                    for await event in mirror { await apply(event, demand) }
                    return nil
                }
                group.addTask { await keeper.demand(after: demand) }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
        }
    }
}
