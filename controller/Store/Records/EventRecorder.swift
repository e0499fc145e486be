import TidemillModel
import TidemillSeams
import TidemillWire

/// Turns what a plan wants told into core Events, written in the transaction of the change that they tell of.
package struct EventRecorder: Sendable {
    /// The reporting part, such as `scheduler`.
    package let component: String
    private let time: any TimeSource
    private let randomness: any Randomness

    package init(component: String, time: any TimeSource, randomness: any Randomness) {
        self.component = component
        self.time = time
        self.randomness = randomness
    }

    /// The creation of the event, under a name that no other event has.
    package func creation(of event: PlannedEvent) -> Change {
        let now = Timestamp(time.wall())
        // Events of cluster-wide objects live in `default`, as kubectl expects them.
        let namespace = event.namespace.isEmpty ? "default" : event.namespace
        let prefix = event.name.utf8.count > 200 ? String(event.name.prefix(200)) : event.name
        return .create(
            Kinds.Event(
                metadata: ObjectMeta(
                    name: "\(prefix).\(hexadecimal(randomness.next(), width: 16))", namespace: namespace),
                involvedObject: Kinds.ObjectReference(
                    apiVersion: event.apiVersion, kind: event.kind, name: event.name,
                    namespace: event.namespace.isEmpty ? nil : event.namespace, uid: event.uid),
                reason: event.reason, message: event.message, type: event.isWarning ? "Warning" : "Normal",
                source: Kinds.EventSource(component: component), count: 1, firstTimestamp: now, lastTimestamp: now,
                reportingComponent: "tidemill.dev/\(component)"))
    }
}
