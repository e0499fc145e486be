import TidemillSeams

/// Who watches a store, and from where. A value inside the engine's actor; it rings bells and holds no events.
package struct WatchHub: Sendable {
    /// Names a watcher within one hub.
    package struct WatcherID: Hashable, Sendable {
        var number: UInt64
    }

    private struct Watcher: Sendable {
        let prefix: String
        let topic: String?
        let bell: AsyncStream<Void>.Continuation
        /// The oldest change that it has not seen may be the one at this revision; nil when it is up to date.
        var pending: Revision?
        var wantsProgress = false
        /// The last revision that its reader was told; nil before the first.
        var told: Revision?
    }

    /// So many revisions make a reader's place old: history is kept for a multiple of them.
    private static let freshness: Int64 = 5_000
    /// The most changes that one poll hands over, rounded up to whole commits.
    private static let pollLimit = 1000

    /// Who is to be told of changes under one prefix.
    private struct Audience: Sendable {
        /// Those who watch everything there.
        var all: Set<WatcherID> = []
        var byTopic: [String: Set<WatcherID>] = [:]

        var isEmpty: Bool { all.isEmpty && byTopic.isEmpty }
    }

    private var watchers: [WatcherID: Watcher] = [:]
    private var audiences: [String: Audience] = [:]
    /// When something last happened to each topic that is watched, under whatever prefix.
    private var news: [String: (watchers: Int, at: Revision)] = [:]
    private var last: UInt64 = 0
    /// At so many watchers those that have gone are looked for.
    private var sweepAt = 64

    package init() {}

    package var count: Int { watchers.count }

    /// Takes in a watcher of `prefix` after `revision`; `state` must know the history since then.
    package mutating func add(
        prefix: String, topic: String? = nil, after revision: Revision, state: StoreState
    ) -> (id: WatcherID, bell: AsyncStream<Void>) {
        if watchers.count >= sweepAt {
            for (id, watcher) in watchers { ring(id, watcher) }
            sweepAt = max(64, 2 * watchers.count)
        }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        last += 1
        let id = WatcherID(number: last)
        let pending = revision < state.revision ? Revision(revision.rawValue + 1) : nil
        watchers[id] = Watcher(prefix: prefix, topic: topic, bell: continuation, pending: pending)
        if let topic {
            audiences[prefix, default: Audience()].byTopic[topic, default: []].insert(id)
            news[topic, default: (0, state.revision)].watchers += 1
            // What it resumes after was news to nobody, if nobody watched.
            if pending != nil { news[topic]?.at = state.revision }
        } else {
            audiences[prefix, default: Audience()].all.insert(id)
        }
        return (id, stream)
    }

    /// Rings for everyone whom one of `changes` concerns. Those that have gone are forgotten.
    package mutating func publish(_ changes: [WatchEvent]) {
        for (prefix, audience) in audiences {
            var isFirst = true
            for change in changes where change.key.hasPrefix(prefix) {
                if isFirst { for id in audience.all { tell(id, change.revision) } }
                isFirst = false
                if audience.byTopic.isEmpty { break }
                let topics = change.entry?.topics ?? []
                for topic in topics { tell(topic, audience, change.revision) }
                for topic in change.previous?.topics ?? [] where !topics.contains(topic) {
                    tell(topic, audience, change.revision)
                }
            }
        }
    }

    private mutating func tell(_ topic: String, _ audience: Audience, _ revision: Revision) {
        news[topic]?.at = revision
        for id in audience.byTopic[topic] ?? [] { tell(id, revision) }
    }

    private mutating func tell(_ id: WatcherID, _ revision: Revision) {
        guard let index = watchers.index(forKey: id) else { return }
        // By index, so that the dictionary is changed in place.
        if watchers.values[index].pending == nil { watchers.values[index].pending = revision }
        if case .terminated = watchers.values[index].bell.yield() { forget(id) }
    }

    private mutating func forget(_ id: WatcherID) {
        guard let watcher = watchers.removeValue(forKey: id) else { return }
        if let topic = watcher.topic {
            news[topic]?.watchers -= 1
            if news[topic]?.watchers == 0 { news[topic] = nil }
            audiences[watcher.prefix]?.byTopic[topic]?.remove(id)
            if audiences[watcher.prefix]?.byTopic[topic]?.isEmpty ?? false {
                audiences[watcher.prefix]?.byTopic[topic] = nil
            }
        } else {
            audiences[watcher.prefix]?.all.remove(id)
        }
        if audiences[watcher.prefix]?.isEmpty ?? false { audiences[watcher.prefix] = nil }
    }

    /// What `id` has not seen, out of the history of `state`.
    package mutating func poll(_ id: WatcherID, state: StoreState) throws(StoreError) -> [WatchElement] {
        guard var watcher = watchers[id] else { throw .closed }
        var elements: [WatchElement] = []
        if let pending = watcher.pending {
            guard pending > state.compacted else {
                forget(id)
                throw .expired(oldest: state.compacted)
            }
            watcher.pending = nil
            var reached = pending
            for event in state.log.after(Revision(pending.rawValue - 1))
            where event.key.hasPrefix(watcher.prefix) && watcher.topic.map(event.concerns) ?? true {
                if elements.count >= Self.pollLimit, event.revision != reached {
                    watcher.pending = event.revision
                    break
                }
                elements.append(.change(event))
                reached = event.revision
                watcher.told = reached
            }
        }
        if watcher.wantsProgress, watcher.pending == nil {
            watcher.wantsProgress = false
            elements.append(.progress(state.revision))
            watcher.told = state.revision
        }
        watchers[id] = watcher
        return elements
    }

    /// See `Watch.requestProgress`; `revision` is the store's.
    package mutating func requestProgress(of id: WatcherID, onlyIfDue: Bool, at revision: Revision) {
        guard let watcher = watchers[id], !onlyIfDue || isDue(watcher, at: revision) else { return }
        watchers[id]?.wantsProgress = true
        ring(id, watcher)
    }

    private func isDue(_ watcher: Watcher, at revision: Revision) -> Bool {
        guard let topic = watcher.topic, let told = watcher.told else { return true }
        return news[topic].map { $0.at > told } ?? true || revision.rawValue - told.rawValue > Self.freshness
    }

    /// Ends all watches; their readers get `.closed`.
    package mutating func close() {
        for watcher in watchers.values { watcher.bell.finish() }
        watchers = [:]
        audiences = [:]
        news = [:]
    }

    private mutating func ring(_ id: WatcherID, _ watcher: Watcher) {
        if case .terminated = watcher.bell.yield() { forget(id) }
    }
}
