import TidemillSeams

/// One change of one key.
package struct WatchEvent: Hashable, Sendable {
    /// The revision of the commit that made the change; all changes of one commit share it.
    package var revision: Revision
    package var key: String
    /// What is there now; nil after a deletion.
    package var entry: Entry?
    /// What was there before; nil for a new key.
    package var previous: Entry?

    package init(revision: Revision, key: String, entry: Entry?, previous: Entry?) {
        self.revision = revision
        self.key = key
        self.entry = entry
        self.previous = previous
    }

    /// Whether it changed what is, or was, of the topic.
    package func concerns(_ topic: String) -> Bool {
        entry?.topics.contains(topic) ?? false || previous?.topics.contains(topic) ?? false
    }
}

/// What a watch delivers.
package enum WatchElement: Hashable, Sendable {
    case change(WatchEvent)
    /// The answer to `Watch.requestProgress()`: every change up to and including this revision has been delivered.
    case progress(Revision)
}

/// A stream of changes, for one reader. It ends by throwing `.expired` when the reader is too slow, or `.closed` with the
/// store; it returns nil when the reading task is cancelled.
///
/// The store keeps no buffer per reader: a reader is a place in the store's bounded history and a bell that is rung once
/// per burst.
package struct Watch: AsyncSequence, Sendable {
    package typealias Element = WatchElement
    package typealias Failure = StoreError

    let source: any WatchSource
    let watcher: WatchHub.WatcherID
    let bell: AsyncStream<Void>

    package init(source: any WatchSource, watcher: WatchHub.WatcherID, bell: AsyncStream<Void>) {
        self.source = source
        self.watcher = watcher
        self.bell = bell
    }

    /// Asks for a `.progress` element, which comes after all changes that are already committed.
    ///
    /// - Parameter onlyIfDue: of a topic, only when something happened to the topic since its reader was last told how far
    ///   it is, or so much elsewhere that the reader's place is getting old.
    package func requestProgress(onlyIfDue: Bool = false) async {
        await source.requestProgress(of: watcher, onlyIfDue: onlyIfDue)
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(source: source, watcher: watcher, bell: bell.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        private let source: any WatchSource
        private let watcher: WatchHub.WatcherID
        private var bell: AsyncStream<Void>.Iterator
        private var batch: [WatchElement] = []
        private var position = 0

        init(source: any WatchSource, watcher: WatchHub.WatcherID, bell: AsyncStream<Void>.Iterator) {
            self.source = source
            self.watcher = watcher
            self.bell = bell
        }

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(StoreError) -> WatchElement? {
            while position == batch.count {
                if Task.isCancelled { return nil }
                batch = try await source.poll(watcher)
                position = 0
                if batch.isEmpty, await bell.next(isolation: actor) == nil {
                    if Task.isCancelled { return nil }
                    throw .closed
                }
            }
            defer { position += 1 }
            return batch[position]
        }

        /// The next element of those that are in hand already; nil when the store has to be asked.
        mutating func nextInHand() -> WatchElement? {
            guard position < batch.count else { return nil }
            defer { position += 1 }
            return batch[position]
        }
    }
}

/// The store's side of a watch.
package protocol WatchSource: Sendable {
    /// What `watcher` has not seen yet; empty when it is up to date. Throws `.expired` when it fell out of the history.
    func poll(_ watcher: WatchHub.WatcherID) async throws(StoreError) -> [WatchElement]
    /// Makes the next poll of `watcher` end with a progress element.
    func requestProgress(of watcher: WatchHub.WatcherID, onlyIfDue: Bool) async
}
