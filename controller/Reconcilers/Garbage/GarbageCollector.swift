import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Removes what nothing needs any more.
package actor GarbageCollector: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    /// The revision at which nothing was left to remove, and when that was: events grow old without a change.
    private var settled: (at: Revision, seen: Timestamp)?

    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "garbage-collector", logger: logger)
        wakeups = Wakeups(
            resources: resources,
            kinds: [Kinds.Job.info, Kinds.Slice.info, Kinds.Task.info, Kinds.Node.info, Kinds.Namespace.info],
            period: .seconds(10), sleep: sleep, rest: .times(20))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once; returns at once when nothing has changed since nothing was to be done, and
    /// while a restore is under way.
    package func tick() async {
        let revision = await resources.store.currentRevision()
        let now = Timestamp(resources.time.wall())
        if let settled, settled.at == revision, now.seconds - settled.seen.seconds < 60 { return }
        settled = nil
        if await resources.isResting() { return }
        do throws(APIError) {
            let plan = GarbagePlan.plan(try await observe())
            if plan.changes.isEmpty, plan.namespacesToEmpty.isEmpty { settled = (revision, now) }
            for change in plan.changes {
                await writer.write([[change]], about: "\(change)")
            }
            for namespace in plan.namespacesToEmpty {
                for kind in Kinds.all where kind.namespaced && !kind.isReview {
                    _ = try await resources.deleteCollection(kind, namespace: namespace)
                }
            }
        } catch {
            logger.warning("garbage cannot be collected", metadata: ["error": "\(error)"])
        }
    }

    /// All that may own something, once more after everything that may belong to it: an owner that is missing then is gone
    /// for good.
    private func owners() async throws(APIError) -> Set<String> {
        var owners = Set(try await mirror.all(Kinds.Task.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Slice.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Device.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Lease.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Job.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.DeviceClass.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Node.self).objects.map(\.metadata.uid))
        owners.formUnion(try await mirror.all(Kinds.Namespace.self).objects.map(\.metadata.uid))
        return owners
    }

    private func observe() async throws(APIError) -> GarbageObservation {
        let tasks = try await mirror.all(Kinds.Task.self).objects.values
        let slices = try await mirror.all(Kinds.Slice.self).objects.values
        let devices = try await mirror.all(Kinds.Device.self).objects.values
        let leases = try await mirror.all(Kinds.Lease.self).objects.values
        let jobs = try await mirror.all(Kinds.Job.self).objects.values
        let classes = try await mirror.all(Kinds.DeviceClass.self).objects.values
        let nodes = try await mirror.all(Kinds.Node.self).objects.values
        let events = try await mirror.all(Kinds.Event.self).objects.values
        let namespaces = try await mirror.all(Kinds.Namespace.self).objects.values
        let dependents: [any WireObject] = tasks + slices + devices + jobs + leases
        let all: [any WireObject] = dependents + classes + nodes + namespaces
        let ending = (all + events).filter { $0.metadata.waits(for: .orphan) || $0.metadata.waits(for: .foreground) }
        var contents: [String: Int] = [:]
        for namespace in namespaces where namespace.metadata.isTerminating {
            for kind in Kinds.all where kind.namespaced && !kind.isReview {
                let list = try await resources.list(kind, namespace: namespace.metadata.name)
                contents[namespace.metadata.name, default: 0] += list.objects.count
            }
        }
        return GarbageObservation(
            dependents: dependents, owners: try await owners(),
            waiting: ending,
            slices: slices, events: events, namespaces: namespaces,
            contents: contents, now: Timestamp(resources.time.wall()))
    }
}
