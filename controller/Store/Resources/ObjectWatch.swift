import TidemillModel
import TidemillSeams
import TidemillWire

/// The query of a watch.
package struct WatchOptions: Hashable, Sendable {
    package var selector: ObjectSelector
    /// Changes after this revision. Nil, empty or `0`: first an `.added` for everything that is there.
    package var resourceVersion: String?
    /// True: first an `.added` for everything that is there, at `resourceVersion` or later, and then
    /// `.initialEventsEnd`. False: none of it. Nil: as `resourceVersion` says.
    package var sendInitialEvents: Bool?

    package init(
        selector: ObjectSelector = ObjectSelector(), resourceVersion: String? = nil, sendInitialEvents: Bool? = nil
    ) {
        self.selector = selector
        self.resourceVersion = resourceVersion
        self.sendInitialEvents = sendInitialEvents
    }
}

/// What a watch of objects says.
package enum ObjectNotice: Sendable {
    /// Created, or it has begun to match the selector.
    case added(StoredObject)
    case modified(StoredObject)
    /// Gone, or it no longer matches the selector; its last state, with the revision of the change.
    case deleted(StoredObject)
    /// The answer to `requestBookmark()`: everything through this revision has been said.
    case bookmark(Revision)
    /// Everything that was there at this revision has been said; only with `sendInitialEvents`.
    case initialEventsEnd(Revision)
    /// The reader was too slow. It must list again; nothing follows.
    case expired
}

/// A stream of notices, for one reader. It ends with `.expired`, with the store, or with the reader's task.
package struct ObjectWatch: AsyncSequence, Sendable {
    package typealias Element = ObjectNotice
    package typealias Failure = Never

    let kind: KindInfo
    let matcher: ObjectMatcher
    /// What is of this topic matches, and nothing else does; nil when the matcher has to look.
    let topic: String?
    let initial: [ObjectNotice]
    let watch: Watch

    /// Asks for a `.bookmark`, which follows after everything that has already happened.
    ///
    /// - Parameter onlyIfDue: see `Watch.requestProgress`.
    package func requestBookmark(onlyIfDue: Bool = false) async {
        await watch.requestProgress(onlyIfDue: onlyIfDue)
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private let kind: KindInfo
        private let matcher: ObjectMatcher
        private let topic: String?
        private var initial: [ObjectNotice]
        private var position = 0
        private var watch: Watch.Iterator
        private var hasEnded = false

        init(_ objects: ObjectWatch) {
            kind = objects.kind
            matcher = objects.matcher
            topic = objects.topic
            initial = objects.initial
            watch = objects.watch.makeAsyncIterator()
        }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> ObjectNotice? {
            if let notice = nextInHand() { return notice }
            while !hasEnded {
                do throws(StoreError) {
                    guard let element = try await watch.next(isolation: actor) else {
                        hasEnded = true
                        break
                    }
                    if let notice = notice(element) { return notice }
                } catch {
                    hasEnded = true
                    if case .expired = error { return .expired }
                }
            }
            return nil
        }

        /// The next notice of what is in hand already, so that what happened together can be told together; nil when the
        /// store has to be asked.
        package mutating func nextInHand() -> ObjectNotice? {
            if position < initial.count {
                position += 1
                return initial[position - 1]
            }
            initial = []
            position = 0
            while let element = watch.nextInHand() {
                if let notice = notice(element) { return notice }
            }
            return nil
        }

        private func notice(_ element: WatchElement) -> ObjectNotice? {
            switch element {
            case .progress(let revision): .bookmark(revision)
            case .change(let event): notice(event)
            }
        }

        /// What the change means to someone who sees only what the selector matches.
        private func notice(_ event: WatchEvent) -> ObjectNotice? {
            let new = event.entry.flatMap(seen)
            let old = event.previous.flatMap(seen)
            switch (old, new) {
            case (nil, let new?): return .added(new)
            case (_?, let new?): return .modified(new)
            case (let old?, nil): return .deleted(old.at(event.revision))
            case (nil, nil): return nil
            }
        }

        /// The object, if it matches.
        private func seen(_ entry: Entry) -> StoredObject? {
            if let topic { return entry.topics.contains(topic) ? StoredObject(kind, entry) : nil }
            let object = StoredObject(kind, entry)
            return matcher.matches(object) ? object : nil
        }
    }
}
