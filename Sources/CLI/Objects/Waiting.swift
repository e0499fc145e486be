import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// Follows one object until something holds of it.
struct Waiting {
    enum Verdict {
        case goOn
        case holds
        /// It can never hold; says why.
        case never(String)
    }

    var session: Session
    /// For all waits together when reused; zero means without end.
    var limit: Duration

    /// Watches the object until `judge` has decided. `judge` sees nil when the object does not exist.
    /// - Returns: false when the time ran out.
    func until(
        _ kind: KindInfo, namespace: String?, name: String, _ judge: @escaping @Sendable (JSON?) throws -> Verdict
    ) async throws -> Bool {
        let limit = limit
        let client = session.client
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await Self.follow(client, kind, namespace, name, judge) }
            if limit > .zero {
                group.addTask {
                    try await Task.sleep(for: limit)
                    return false
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private static func follow(
        _ client: APIClient, _ kind: KindInfo, _ namespace: String?, _ name: String,
        _ judge: @Sendable (JSON?) throws -> Verdict
    ) async throws -> Bool {
        let selection = Selection(fields: "metadata.name=\(name)")
        var backoff = Backoff(first: .milliseconds(100), most: .seconds(2))
        let randomness = SystemRandomness()
        while true {
            do {
                let page = try await client.list(kind, namespace: namespace, selection: selection)
                if try decided(judge(page.objects.first)) { return true }
                let stream = try await client.watch(
                    kind, namespace: namespace, selection: selection,
                    options: WatchOptions(after: page.revision, timeout: .seconds(600)))
                for try await event in stream {
                    switch event {
                    case .added(let object), .modified(let object):
                        if try decided(judge(object)) { return true }
                    case .deleted:
                        if try decided(judge(nil)) { return true }
                    case .bookmark:
                        break
                    }
                    backoff.reset()
                }
            } catch let error as ClientError {
                // A controller that restarts is waited for; anything else is the caller's.
                switch error {
                case .unreachable, .interrupted, .timedOut, .api(.expired), .api(.unavailable): break
                default: throw error
                }
            }
            try await Task.sleep(for: backoff.next(randomness.next()))
        }
    }

    private static func decided(_ verdict: Verdict) throws -> Bool {
        switch verdict {
        case .goOn: return false
        case .holds: return true
        case .never(let why): throw Failure(why)
        }
    }

    /// Waits until the object is gone, or another one bears its name.
    func untilGone(_ kind: KindInfo, namespace: String?, name: String, uid: String?) async throws {
        let isGone = try await until(kind, namespace: namespace, name: name) { object in
            guard let object else { return .holds }
            if let uid, object.at(["metadata", "uid"])?.string != uid { return .holds }
            return .goOn
        }
        if !isGone {
            throw Failure("timed out waiting for \(kind.named(name)) to be gone: its finalizers are still held")
        }
    }
}
