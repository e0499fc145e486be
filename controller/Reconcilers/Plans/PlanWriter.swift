import Logging
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Writes what plans ask for, transaction by transaction. It decides nothing and tries nothing twice: the next tick looks
/// anew.
package struct PlanWriter: Sendable {
    let resources: Resources
    let events: EventRecorder
    let logger: Logger

    package init(resources: Resources, component: String, logger: Logger) {
        self.resources = resources
        self.logger = logger
        events = EventRecorder(component: component, time: resources.time, randomness: resources.randomness)
    }

    /// The most changes of one commit; leaves room for conditions that the store adds.
    static let chunk = 100
    /// The same of plans that share one, the namespaces that they need among them.
    private static let together = 110

    /// What one plan asks for.
    package struct Order: Sendable {
        var transactions: [[PlannedChange]]
        var events: [PlannedEvent]
        var subject: String

        package init(_ transactions: [[PlannedChange]], events: [PlannedEvent] = [], about subject: String) {
            self.transactions = transactions
            self.events = events
            self.subject = subject
        }

        /// How many changes it takes in one commit; nil when it takes more than one.
        fileprivate var size: Int? {
            guard transactions.count == 1, let changes = transactions.first else { return nil }
            // Beside its changes a plan may need its namespace to stay.
            let size = changes.count + events.count
            return size <= chunk ? size + 1 : nil
        }
    }

    /// Writes plans that have nothing to do with each other: as many as fit share a commit. Where one of them stands in the
    /// way, each of that commit is written by itself.
    package func write(_ orders: [Order]) async {
        var together: [Order] = []
        var room = Self.together
        for order in orders {
            guard let size = order.size else {
                await write(order.transactions, events: order.events, about: order.subject)
                continue
            }
            if size > room {
                await write(together: together)
                together = []
                room = Self.together
            }
            together.append(order)
            room -= size
        }
        await write(together: together)
    }

    private func write(together orders: [Order]) async {
        if orders.count > 1 {
            let changes = orders.flatMap { $0.transactions.joined().map(Self.change) + $0.events.map(events.creation) }
            do throws(APIError) {
                try await resources.transact(changes)
                return
            } catch {
                logger.debug(
                    "plans are written one by one", metadata: ["plans": "\(orders.count)", "error": "\(error)"])
            }
        }
        for order in orders { await write(order.transactions, events: order.events, about: order.subject) }
    }

    /// Writes the transactions in order and stops at the first that fails. Events go with the last part of the first one.
    ///
    /// A transaction too large for one commit is split; its last change comes last, so that a plan which ends with the
    /// object that decides is completed by the next tick when it stops half-way.
    package func write(_ transactions: [[PlannedChange]], events: [PlannedEvent] = [], about subject: String) async {
        for (index, changes) in transactions.enumerated() {
            let parts = stride(from: 0, to: changes.count, by: Self.chunk).map {
                Array(changes[$0..<min($0 + Self.chunk, changes.count)])
            }
            for (position, part) in parts.enumerated() {
                let told = index == 0 && position == parts.count - 1 ? events : []
                guard await commit(part.map(Self.change), telling: told, about: subject) else { return }
            }
        }
    }

    private func commit(_ changes: [Change], telling told: [PlannedEvent], about subject: String) async -> Bool {
        do throws(APIError) {
            try await resources.transact(changes + told.map(events.creation))
            return true
        } catch {
            switch error {
            case .tooLarge where changes.count > 1:
                // By its bytes, as by its number: the parts come in order, and the last change comes last.
                let middle = changes.count / 2
                guard await commit(Array(changes[..<middle]), telling: [], about: subject) else { return false }
                return await commit(Array(changes[middle...]), telling: told, about: subject)
            case .forbidden where !told.isEmpty:
                // A namespace that is going takes no events; what happens in it must still be written.
                return await commit(changes, telling: [], about: subject)
            case .conflict, .alreadyExists, .notFound:
                logger.debug("the world moved first", metadata: ["subject": "\(subject)", "error": "\(error)"])
            default:
                logger.warning("a plan was not written", metadata: ["subject": "\(subject)", "error": "\(error)"])
            }
            return false
        }
    }

    static func change(_ planned: PlannedChange) -> Change {
        switch planned {
        case .create(let object): .create(object)
        case .recreate(let object): .recreate(object)
        case .status(let object): .updateStatus(object)
        case .metadata(let object): .update(object)
        case .delete(let object):
            .delete(
                ObjectRef(
                    kind: type(of: object).info, namespace: object.metadata.namespace, name: object.metadata.name),
                revision: object.metadata.resourceVersion.flatMap(Int64.init).map { Revision($0) })
        }
    }
}
