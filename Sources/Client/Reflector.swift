import TidemillModel
import TidemillSeams
import TidemillWire

/// Mirrors the objects of a kind: lists them, watches them, and lists again when a watch cannot go on from where it was.
///
/// Iterate it; it never ends by itself, only when the caller's task is cancelled. Nothing is read ahead of the caller.
/// After `.synced` every change arrives once and in order, until the next `.synced` replaces everything before it
/// (invariant 9). Breaks shorter than the server's memory are healed without a new list.
package struct Reflector<Object: WireObject>: AsyncSequence, Sendable {
    package typealias Element = ReflectorEvent<Object>
    package typealias Failure = Never

    let client: APIClient
    let namespace: String?
    let selection: Selection
    let backoff: Backoff
    let randomness: any Randomness
    let sleep: Sleep

    /// Mirrors everywhere when `namespace` is nil.
    package init(
        _: Object.Type, client: APIClient, namespace: String? = nil, selection: Selection = .all,
        backoff: Backoff = Backoff(), randomness: any Randomness, sleep: @escaping Sleep
    ) {
        self.client = client
        self.namespace = namespace
        self.selection = selection
        self.backoff = backoff
        self.randomness = randomness
        self.sleep = sleep
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let reflector: Reflector
        var core: ReflectorCore
        var watch: WatchStream<Object>.AsyncIterator?

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Element? {
            while !Task.isCancelled {
                do throws(ClientError) {
                    if let event = try await step(actor) { return event }
                } catch {
                    watch = nil
                    if error == .cancelled { return nil }
                    core.failed(error, randomness: reflector.randomness.next())
                    return .interrupted(error)
                }
            }
            return nil
        }

        package mutating func next() async -> Element? {
            await next(isolation: nil)
        }

        /// Does the one thing that the core asks for next; nil when that brought nothing to report.
        private mutating func step(_ actor: isolated (any Actor)?) async throws(ClientError) -> Element? {
            switch core.next {
            case .wait(let duration):
                do { try await reflector.sleep(duration) } catch { throw .cancelled }
                core.waited()
                return nil
            case .list:
                let page = try await reflector.client.list(
                    Object.self, namespace: reflector.namespace, selection: reflector.selection)
                core.listed(at: page.revision)
                return .synced(page.objects, page.revision)
            case .watch(let revision):
                if watch == nil {
                    // Between five and ten minutes, so that the watches of many agents do not end together.
                    let seconds = 300 + Int64(reflector.randomness.next() % 300)
                    let stream = try await reflector.client.watch(
                        Object.self, namespace: reflector.namespace, selection: reflector.selection,
                        options: WatchOptions(after: revision, timeout: .seconds(seconds)))
                    watch = stream.makeAsyncIterator()
                }
                guard let event = try await watch?.next(isolation: actor) else {
                    watch = nil
                    core.watchEnded(randomness: reflector.randomness.next())
                    return nil
                }
                core.received(at: try Self.revision(of: event))
                return ReflectorEvent(event)
            }
        }

        private static func revision(of event: ObjectEvent<Object>) throws(ClientError) -> Revision {
            let text: String?
            switch event {
            case .added(let object), .modified(let object), .deleted(let object):
                text = object.metadata.resourceVersion
            case .bookmark(let revision):
                return revision
            }
            guard let text, let number = Int64(text) else {
                throw .badAnswer("metadata.resourceVersion is not a number")
            }
            return Revision(number)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(reflector: self, core: ReflectorCore(backoff: backoff), watch: nil)
    }
}

/// What a reflector reports.
package enum ReflectorEvent<Object: Sendable>: Sendable {
    /// All objects, as of a revision. Whatever is not among them does not exist.
    case synced([Object], Revision)
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Everything up to this revision has been reported.
    case progress(Revision)
    /// The server is out of reach; the mirror stands still until the next event and goes on by itself.
    case interrupted(ClientError)

    init(_ event: ObjectEvent<Object>) {
        self =
            switch event {
            case .added(let object): .added(object)
            case .modified(let object): .modified(object)
            case .deleted(let object): .deleted(object)
            case .bookmark(let revision): .progress(revision)
            }
    }
}

extension ReflectorEvent: Equatable where Object: Equatable {}
