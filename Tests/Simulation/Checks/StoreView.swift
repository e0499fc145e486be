import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// The store's content as values, kept up change by change: what the checkers and the watches look at.
final class StoreView {
    private(set) var jobs: [String: Kinds.Job] = [:]
    private(set) var slices: [String: Kinds.Slice] = [:]
    private(set) var tasks: [String: Kinds.Task] = [:]
    private(set) var nodes: [String: Kinds.Node] = [:]
    private(set) var allocations: [String: NodeAllocation] = [:]
    /// A restore is under way.
    private(set) var isRestoring = false
    /// Grows with every change.
    private(set) var version = 0

    private struct Place: Hashable {
        var key: String
        var revision: Revision
    }

    private var decoded: [Place: any Sendable] = [:]

    var sortedSlices: [Kinds.Slice] { slices.sorted { $0.key < $1.key }.map(\.value) }
    var sortedJobs: [Kinds.Job] { jobs.sorted { $0.key < $1.key }.map(\.value) }

    /// Looks at another store from now on.
    func reset(to entries: some Sequence<Entry>) {
        jobs = [:]
        slices = [:]
        tasks = [:]
        nodes = [:]
        allocations = [:]
        isRestoring = false
        decoded = [:]
        for entry in entries {
            apply(WatchEvent(revision: entry.revision, key: entry.key, entry: entry, previous: nil))
        }
    }

    func apply(_ event: WatchEvent) {
        version += 1
        let key = event.key
        if key.hasPrefix(Kinds.Slice.info.keyPrefix) {
            slices[key] = event.entry.flatMap { object($0, Kinds.Slice.self) }
        } else if key.hasPrefix(Kinds.Job.info.keyPrefix) {
            jobs[key] = event.entry.flatMap { object($0, Kinds.Job.self) }
        } else if key.hasPrefix(Kinds.Task.info.keyPrefix) {
            tasks[key] = event.entry.flatMap { object($0, Kinds.Task.self) }
        } else if key.hasPrefix(Kinds.Node.info.keyPrefix) {
            nodes[key] = event.entry.flatMap { object($0, Kinds.Node.self) }
        } else if key.hasPrefix(NodeAllocation.prefix) {
            allocations[key] = event.entry.flatMap(Self.record)
        } else if key == RestoreRecord.key {
            isRestoring = event.entry != nil
        }
    }

    private func object<K: WireObject>(_ entry: Entry, _ kind: K.Type) -> K? {
        let place = Place(key: entry.key, revision: entry.revision)
        if let known = decoded[place] as? K { return known }
        let value = try? StoredObject(K.info, entry).decoded(as: K.self)
        decoded[place] = value
        return value
    }

    private static func record(_ entry: Entry) -> NodeAllocation? {
        // The envelope of a record is a header of five bytes before the text.
        guard let json = try? JSON.parse(Array(entry.value.dropFirst(5))) else { return nil }
        return NodeAllocation(stored: json)
    }

    /// What the change means to one agent's watch; nil when it does not concern it.
    func notice(of event: WatchEvent, for watch: AgentWatch) -> AgentWatch.Notice? {
        switch watch.kind {
        case .slices:
            guard event.key.hasPrefix(Kinds.Slice.info.keyPrefix) else { return nil }
            return pick(event, watch, Kinds.Slice.self) { AgentWatch.Notice.slice($0, isGone: $1) }
        case .gangs:
            guard event.key.hasPrefix(Kinds.Job.info.keyPrefix) else { return nil }
            return pick(event, watch, Kinds.Job.self) { AgentWatch.Notice.gang($0, isGone: $1) }
        }
    }

    private func pick<K: WireObject>(
        _ event: WatchEvent, _ watch: AgentWatch, _ kind: K.Type, _ notice: (K, Bool) -> AgentWatch.Notice
    ) -> AgentWatch.Notice? {
        if let new = event.entry.flatMap({ object($0, kind) }).map({ notice($0, false) }), watch.concerns(new) {
            return new
        }
        guard var old = event.previous.flatMap({ object($0, kind) }) else { return nil }
        guard watch.concerns(notice(old, false)) else { return nil }
        old.metadata.resourceVersion = String(event.revision.rawValue)
        return notice(old, true)
    }
}
