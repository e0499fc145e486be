import TidemillModel
import TidemillSeams

/// Something that a plan wants told about an object.
package struct PlannedEvent: Sendable, Equatable {
    package var kind: String
    package var apiVersion: String
    package var namespace: String
    package var name: String
    package var uid: String
    package var reason: String
    package var message: String
    /// True for what somebody may have to look at.
    package var isWarning: Bool

    package init<Object: KindObject>(
        _ object: Object, _ reason: String, _ message: String, isWarning: Bool = false
    ) {
        kind = Object.info.kind
        apiVersion = Object.info.apiVersion
        namespace = object.metadata.namespace
        name = object.metadata.name
        uid = object.metadata.uid
        self.reason = reason
        self.message = message
        self.isWarning = isWarning
    }
}

/// `1 member`, `2 members`.
package func counted(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
