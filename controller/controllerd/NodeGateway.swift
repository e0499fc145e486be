import TidemillAPIServer
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillScheduler
import TidemillSeams
import TidemillWire

/// Joins the node lifecycle to those who need it: the server hands it heartbeats and shows its leases, the scheduler agrees
/// on intervals and asks what it may grant.
struct NodeGateway: HeartbeatHandler, NodeLeaseSource, GrantAuthority {
    let lifecycle: NodeLifecycle
    let time: any TimeSource

    func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        await lifecycle.heartbeat(heartbeat)
    }

    func agree(after: Duration, on nodes: [NodeID]) async -> Bool {
        await lifecycle.agree(after: after, on: nodes)
    }

    func permission() async -> GrantPermission {
        await lifecycle.permission()
    }

    func nodeLeases() async -> [Kinds.Lease] {
        let (now, wall) = (time.now(), time.wall())
        return await lifecycle.leases().map { lease in
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
