import Logging
import ServiceLifecycle
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

/// All that the reconciler saw of the device classes.
package struct DeviceClassObservation: Sendable {
    package var classes: [Kinds.DeviceClass]
    package var devices: [Kinds.Device]

    package init(classes: [Kinds.DeviceClass], devices: [Kinds.Device]) {
        self.classes = classes
        self.devices = devices
    }
}

/// How many devices belong to each class.
package struct DeviceClassPlan: Sendable {
    package var changes: [PlannedChange]

    package static func plan(_ seen: DeviceClassObservation) -> DeviceClassPlan {
        DeviceClassPlan(
            changes: seen.classes.compactMap { deviceClass in
                var next = deviceClass
                next.status.devices = Int64(seen.devices.count { deviceClass.spec.selector.selects($0) })
                next.status.observedGeneration = deviceClass.metadata.generation
                return next == deviceClass ? nil : .status(next)
            })
    }
}

extension DeviceClassPlan: CustomStringConvertible {
    package var description: String { changes.map(\.description).joined(separator: "\n") }
}

/// Keeps the counts of the device classes.
package actor DeviceClassReconciler: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger

    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "device-class-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.DeviceClass.info, Kinds.Device.info], period: .seconds(30), sleep: sleep
        )
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once.
    package func tick() async {
        do throws(APIError) {
            let seen = DeviceClassObservation(
                classes: try await mirror.all(Kinds.DeviceClass.self).objects.values,
                devices: try await mirror.all(Kinds.Device.self).objects.values)
            for change in DeviceClassPlan.plan(seen).changes {
                await writer.write([[change]], about: "device class \(change.object.metadata.name)")
            }
        } catch {
            logger.warning("device classes cannot be read", metadata: ["error": "\(error)"])
        }
    }
}
