import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// A watch: one JSON document a line, as long as the client stays.
///
/// It ends cleanly at its time-out, with an `ERROR` event when the client was too slow or its revision is too old, and at
/// once when the client leaves or the server stops.
struct WatchRoute: Sendable {
    let resources: Resources
    let authorization: Authorization
    let budget: WatchBudget
    let limits: ServerLimits
    let time: any TimeSource
    let sleep: Sleep

    func watch(_ kind: KindInfo, namespace: String?, _ call: Call) async throws(APIError) -> Reply {
        try await authorization.check(
            call.peer, Attributes(verb: .watch, kind: kind, namespace: namespace, name: nil, part: nil))
        let format = EventFormat(
            kind: kind, view: call.view, representation: try call.representation(),
            includeObject: try call.query.includeObject(),
            time: time)
        let wantsBookmarks = try call.query.flag("allowWatchBookmarks")
        let options = try Self.options(call, wantsBookmarks: wantsBookmarks)
        let seconds = try call.query.integer("timeoutSeconds", in: 0...Int64(Int32.max)) ?? 0
        // A certificate that ends takes its watches with it.
        let left = call.peer.endsAtSeconds - time.wall().nanosecondsSince1970 / 1_000_000_000
        let limit = min(seconds > 0 ? .seconds(seconds) : limits.watch, .seconds(min(max(left, 1), 86_400)))
        let watch: ObjectWatch
        do {
            watch = try await resources.watch(kind, namespace: namespace, options)
        } catch {
            guard case .expired = error else { throw error }
            return Reply(
                status: .ok, contentType: Reply.jsonType,
                body: .bytes(EventFormat.failure(error)))
        }
        guard let ticket = await budget.take(call.peer.user) else { throw .tooManyRequests(retryAfterSeconds: 1) }
        return stream(watch, format, limit: limit, wantsBookmarks: wantsBookmarks, ticket: ticket, call)
    }

    private func stream(
        _ watch: ObjectWatch, _ format: EventFormat, limit: Duration, wantsBookmarks: Bool, ticket: UInt64, _ call: Call
    ) -> Reply {
        let (sleep, channel, budget, user) = (sleep, call.channel, budget, call.peer.user)
        // Thousands of agents ask often, and most of the time nothing concerns them.
        let isAgent = call.peer.node != nil
        let interval = isAgent ? limits.agentBookmarks : limits.bookmarks
        return Reply(
            status: .ok, contentType: Reply.jsonType,
            body: .stream { writer in
                let lines = StreamWriter(writer)
                try await whileConnected(channel, limit: limit, sleep: sleep) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        if wantsBookmarks {
                            group.addTask {
                                while true {
                                    try await sleep(interval)
                                    await watch.requestBookmark(onlyIfDue: isAgent)
                                }
                            }
                        }
                        group.addTask { try await Self.copy(watch, to: lines, format) }
                        try await group.next()
                        group.cancelAll()
                    }
                }
                // Before the client can see the end, and ask anew.
                await budget.release(ticket, of: user)
                try await writer.finish(nil)
            },
            afterwards: { await budget.release(ticket, of: user) })
    }

    /// Bytes from which on no further event joins those of one write.
    private static let together = 32 << 10

    private static func copy(_ watch: ObjectWatch, to lines: StreamWriter, _ format: EventFormat) async throws {
        var format = format
        var notices = watch.makeAsyncIterator()
        while let notice = await notices.next() {
            var text = format.line(notice)
            // What is in hand goes with it: one write for what happened together.
            while text.readableBytes < together, let more = notices.nextInHand() {
                var line = format.line(more)
                text.writeBuffer(&line)
            }
            try await lines.write(text)
            if case .expired = notice { return }
        }
    }

    /// What a watch asks for; `wantsBookmarks` since the end of the initial events is told by one.
    private static func options(_ call: Call, wantsBookmarks: Bool) throws(APIError) -> WatchOptions {
        let query = call.query
        let match = query["resourceVersionMatch"].flatMap { $0.isEmpty ? nil : $0 }
        var initial: Bool?
        if query["sendInitialEvents"] != nil {
            initial = try query.flag("sendInitialEvents")
            if match != ListOptions.Match.notOlderThan.rawValue {
                throw refusal(
                    "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
            }
            if initial == true, !wantsBookmarks {
                throw refusal("allowWatchBookmarks", "sendInitialEvents requires allowWatchBookmarks")
            }
        } else if match != nil {
            throw refusal(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        }
        return WatchOptions(
            selector: try call.selector(), resourceVersion: query["resourceVersion"], sendInitialEvents: initial)
    }

    private static func refusal(_ field: String, _ detail: String) -> APIError {
        .invalid(kind: "ListOptions.meta.k8s.io", name: "", errors: [.forbidden(field, detail)])
    }
}
