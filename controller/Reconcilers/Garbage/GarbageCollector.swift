import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Removes what nothing needs any more.
package actor GarbageCollector: Service {
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    private var jobs = ObjectCache<Kinds.Job>()
    private var slices = ObjectCache<Kinds.Slice>()
    private var tasks = ObjectCache<Kinds.Task>()
    private var nodes = ObjectCache<Kinds.Node>()
    private var devices = ObjectCache<Kinds.Device>()
    private var events = ObjectCache<Kinds.Event>()
    private var namespaces = ObjectCache<Kinds.Namespace>()

    package init(resources: Resources, sleep: @escaping Sleep, logger: Logger) {
        self.resources = resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "garbage-collector", logger: logger)
        wakeups = Wakeups(
            resources: resources,
            kinds: [Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info, Kinds.Node.info, Kinds.Namespace.info],
            period: .seconds(10), sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once.
    package func tick() async {
        do throws(APIError) {
            let plan = GarbagePlan.plan(try await observe())
            for change in plan.changes {
                await writer.write([[change]], about: "\(change)")
            }
            for namespace in plan.namespacesToEmpty {
                for kind in Kinds.all where kind.namespaced {
                    _ = try await resources.deleteCollection(kind, namespace: namespace)
                }
            }
        } catch {
            logger.warning("garbage cannot be collected", metadata: ["error": "\(error)"])
        }
    }

    /// Dependents are listed before their owners: an owner that is missing then is gone for good.
    private func observe() async throws(APIError) -> GarbageObservation {
        let tasks = try self.tasks.objects(of: try await resources.list(Kinds.Task.info))
        let slices = try self.slices.objects(of: try await resources.list(Kinds.Slice.info))
        let devices = try self.devices.objects(of: try await resources.list(Kinds.Device.info))
        let jobs = try self.jobs.objects(of: try await resources.list(Kinds.Job.info))
        let nodes = try self.nodes.objects(of: try await resources.list(Kinds.Node.info))
        let events = try self.events.objects(of: try await resources.list(Kinds.Event.info))
        let namespaces = try self.namespaces.objects(of: try await resources.list(Kinds.Namespace.info))
        let dependents: [any WireObject] = tasks + slices + devices
        let owners = Set((dependents + jobs + nodes).map(\.metadata.uid))
        var contents: [String: Int] = [:]
        for namespace in namespaces where namespace.metadata.isTerminating {
            for kind in Kinds.all where kind.namespaced {
                let list = try await resources.list(kind, namespace: namespace.metadata.name)
                contents[namespace.metadata.name, default: 0] += list.objects.count
            }
        }
        return GarbageObservation(
            dependents: dependents + jobs, owners: owners, slices: slices, events: events, namespaces: namespaces,
            contents: contents, now: Timestamp(resources.time.wall()))
    }
}
