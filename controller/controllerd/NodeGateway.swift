import TidemillAPIServer
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillScheduler
import TidemillSeams
import TidemillWire

/// Joins the fleet to those who need it: the server hands it heartbeats and inventories and shows its leases, the scheduler
/// agrees on intervals and asks what it may grant.
struct NodeGateway: HeartbeatHandler, InventoryHandler, NodeLeaseSource, GrantAuthority {
    let fleet: Fleet
    let time: any TimeSource

    func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        await fleet.heartbeat(heartbeat)
    }

    func inventory(_ inventory: Inventory) async -> InventoryReply {
        await fleet.inventory(inventory)
    }

    func agree(after: Duration, on nodes: [NodeID]) async -> Bool {
        await fleet.agree(after: after, on: nodes)
    }

    func permission() async -> GrantPermission {
        await fleet.permission()
    }

    func nodeLeases() async -> [Kinds.Lease] {
        let (now, wall) = (time.now(), time.wall())
        return await fleet.leases().map { lease in
            let age = now.since(lease.processed).wholeNanoseconds
            let renewed = WallTime(nanosecondsSince1970: wall.nanosecondsSince1970 - age)
            return Kinds.Lease(
                metadata: ObjectMeta(name: lease.node.rawValue, namespace: nodeLeaseNamespace),
                spec: Kinds.LeaseSpec(
                    holderIdentity: lease.node.rawValue,
                    // Five intervals of silence are Disconnected.
                    leaseDurationSeconds: max(1, (lease.interval * 5).components.seconds),
                    renewTime: MicroTime(renewed)))
        }
    }
}
