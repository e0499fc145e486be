import ServiceLifecycle
import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// Brings what the controller says of this node's slices and gangs to the keeper, in order and without gaps.
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
                group.addTask { for await event in slices { await keeper.apply(event) } }
                group.addTask { for await event in jobs { await keeper.apply(event) } }
            }
        }
    }
}
