import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Changes of the objects of `kind` in `namespace`, or in all when that is nil, once and in order (invariant 9).
    ///
    /// Throws `.expired` when the history no longer reaches back to the asked revision, `.futureRevision` when it is still
    /// to come, `.badRequest` for an unknown field in the selector.
    package func watch(
        _ kind: KindInfo, namespace: String? = nil, _ options: WatchOptions = WatchOptions()
    ) async throws(APIError) -> ObjectWatch {
        let matcher = try ObjectMatcher(options.selector, kind: kind)
        let prefix = matcher.prefix(kind, namespace: namespace)
        var start = try options.resourceVersion.flatMap { $0.isEmpty ? nil : $0 }.map(Self.revision)
        if start == Revision(0) { start = nil }
        let marksEnd = options.sendInitialEvents == true
        var initial: [ObjectNotice] = []
        if options.sendInitialEvents ?? (start == nil) {
            let options = ListOptions(
                selector: options.selector, resourceVersion: marksEnd ? options.resourceVersion : nil)
            let list = try await self.list(kind, namespace: namespace, options)
            initial = list.objects.map { .added($0) }
            start = list.revision
            if marksEnd { initial.append(.initialEventsEnd(list.revision)) }
        }
        do throws(StoreError) {
            let topic = ObjectTopics.topic(of: options.selector, kind)
            let watch = try await store.watch(prefix: prefix, after: start, topic: topic)
            return ObjectWatch(
                kind: kind, matcher: matcher, topic: ObjectTopics.decide(options.selector) ? topic : nil,
                initial: initial, watch: watch)
        } catch {
            switch error {
            case .expired(let oldest): throw .expired("too old resource version: \(start ?? Revision(0)) (\(oldest))")
            case .future(let current):
                throw .futureRevision(requested: start?.rawValue ?? 0, current: current.rawValue)
            default: throw APIError(error)
            }
        }
    }
}
