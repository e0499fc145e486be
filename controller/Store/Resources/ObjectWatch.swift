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
    let initial: [ObjectNotice]
    let watch: Watch

    /// Asks for a `.bookmark`, which follows after everything that has already happened.
    package func requestBookmark() async {
        await watch.requestProgress()
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(kind: kind, matcher: matcher, initial: initial, watch: watch.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        let kind: KindInfo
        let matcher: ObjectMatcher
        var initial: [ObjectNotice]
        var position = 0
        var watch: Watch.Iterator
        var hasEnded = false

        init(kind: KindInfo, matcher: ObjectMatcher, initial: [ObjectNotice], watch: Watch.Iterator) {
            self.kind = kind
            self.matcher = matcher
            self.initial = initial
            self.watch = watch
        }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> ObjectNotice? {
            if position < initial.count {
                position += 1
                return initial[position - 1]
            }
            initial = []
            position = 0
            while !hasEnded {
                do throws(StoreError) {
                    switch try await watch.next(isolation: actor) {
                    case nil: hasEnded = true
                    case .progress(let revision): return .bookmark(revision)
                    case .change(let event): if let notice = notice(event) { return notice }
                    }
                } catch {
                    hasEnded = true
                    if case .expired = error { return .expired }
                }
            }
            return nil
        }

        /// What the change means to someone who sees only what the selector matches.
        private func notice(_ event: WatchEvent) -> ObjectNotice? {
            let new = event.entry.map { StoredObject(kind, $0) }.flatMap { matcher.matches($0) ? $0 : nil }
            let old = event.previous.map { StoredObject(kind, $0) }.flatMap { matcher.matches($0) ? $0 : nil }
            switch (old, new) {
            case (nil, let new?): return .added(new)
            case (_?, let new?): return .modified(new)
            case (let old?, nil): return .deleted(old.at(event.revision))
            case (nil, nil): return nil
            }
        }
    }
}
