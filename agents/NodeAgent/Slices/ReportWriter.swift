import Logging
import TidemillClient
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// Writes statuses until the controller has acknowledged them: nothing is lost while it is away. Of the reports of one
/// grant only the newest counts, since each says everything.
package actor ReportWriter {
    private let client: APIClient
    private let patches: StatusPatch
    private let time: any TimeSource
    private let randomness: any Randomness
    private let sleep: Sleep
    private let logger: Logger

    /// The newest known state of the objects, so that most writes need no read.
    private var slices: [SliceUID: Kinds.Slice] = [:]
    private var tasks: [SliceKey: Kinds.Task] = [:]
    private var pending = PendingReports()
    /// When a refusal that no repetition cures was last logged.
    private var complained: [SliceKey: Instant] = [:]
    /// Refused once since the last success: what was believed of the objects may have been the reason.
    private var doubted: Set<SliceKey> = []

    static let longestPause: Duration = .seconds(5)
    static let complaintPeriod: Duration = .seconds(60)

    package init(
        client: APIClient, patches: StatusPatch, time: any TimeSource, randomness: any Randomness,
        sleep: @escaping Sleep, logger: Logger
    ) {
        self.client = client
        self.patches = patches
        self.time = time
        self.randomness = randomness
        self.sleep = sleep
        self.logger = logger
    }

    /// Takes note of a slice that a watch brought.
    package func note(_ slice: Kinds.Slice) {
        let uid = SliceUID(slice.metadata.uid)
        if let known = slices[uid], Self.revision(known.metadata) >= Self.revision(slice.metadata) { return }
        slices[uid] = slice
    }

    /// Forgets all slices but those of a complete list, and their tasks: nobody tells of what left while no watch ran.
    package func keep(only uids: Set<SliceUID>) {
        slices = slices.filter { uids.contains($0.key) }
        tasks = tasks.filter { uids.contains($0.key.uid) }
    }

    /// Forgets a slice that left this node.
    package func drop(_ uid: SliceUID) {
        slices[uid] = nil
        for key in tasks.keys where key.uid == uid { tasks[key] = nil }
        doubted = doubted.filter { $0.uid != uid }
    }

    /// The task of a slice; nil when there is none.
    package func task(of slice: HeldSlice) async throws(ClientError) -> Kinds.Task? {
        if let known = tasks[slice.key] { return known }
        do throws(ClientError) {
            let task = try await client.get(Kinds.Task.self, namespace: slice.namespace, name: slice.name)
            guard task.spec.slice == slice.name, task.spec.member.map(SliceMember.init) == slice.member else {
                return nil
            }
            tasks[slice.key] = task
            return task
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Posts a document on the connections of watches and writes.
    package func post(_ path: String, _ document: JSON) async throws(ClientError) -> JSON {
        try await client.post(path, document)
    }

    /// Writes until acknowledged or cancelled. What the core is told of a release, once it was the last word; nil otherwise.
    package func report(_ slice: HeldSlice) async -> SliceEvent? {
        let key = slice.key
        guard pending.offer(slice) else { return nil }
        defer { pending.stopped(key) }
        var backoff = Backoff(first: .milliseconds(10), most: Self.longestPause)
        while let next = pending.next(key), !Task.isCancelled {
            do throws(ClientError) {
                let heard = try await write(next)
                backoff.reset()
                complained[key] = nil
                doubted.remove(key)
                if let event = pending.wrote(next, heard) {
                    tasks[key] = nil
                    return event
                }
            } catch {
                await pause(error, key, &backoff)
            }
        }
        return nil
    }

    /// Tells the controller that this node does not take a grant.
    package func refuse(_ view: SliceView, _ reason: Refusal) async {
        var backoff = Backoff(first: .milliseconds(10), most: Self.longestPause)
        while !Task.isCancelled {
            do throws(ClientError) {
                guard let current = try await slice(view.uid, view.namespace, view.name) else { return }
                let patch = patches.refusal(
                    view, reason.reason, message: reason.message, over: current, at: time.wall())
                if let patch { _ = try await send(patch, to: current) }
                return
            } catch {
                await pause(error, SliceKey(uid: view.uid, epoch: view.grant?.epoch ?? Epoch(0)), &backoff)
            }
        }
    }

    /// Tells people what is wrong with a slice. Tried once: the condition says it too, and is written until it is taken.
    package func warn(_ slice: HeldSlice, reason: String, message: String) async {
        let now = Timestamp(time.wall())
        let event = Kinds.Event(
            metadata: ObjectMeta(
                name: "\(slice.name.prefix(200)).\(hexadecimal(randomness.next(), width: 16))",
                namespace: slice.namespace),
            involvedObject: Kinds.ObjectReference(
                apiVersion: Kinds.Slice.info.apiVersion, kind: Kinds.Slice.info.kind, name: slice.name,
                namespace: slice.namespace, uid: slice.uid.rawValue),
            reason: reason, message: message, type: "Warning",
            source: Kinds.EventSource(component: "agent", host: patches.node.rawValue), count: 1, firstTimestamp: now,
            lastTimestamp: now, reportingComponent: "tidemill.dev/agent")
        do throws(ClientError) {
            _ = try await client.create(event)
        } catch {
            logger.warning("an event was not taken", metadata: ["slice": "\(slice.key)", "error": "\(error)"])
        }
    }

    /// Task first, so that a slice is not released before its task has said how it ended.
    private func write(_ held: HeldSlice) async throws(ClientError) -> PendingReports.Heard {
        // A stray that no list claimed has no object.
        guard !held.name.isEmpty, let current = try await slice(held.uid, held.namespace, held.name) else {
            return .unheard
        }
        if let heard = StatusPatch.heard(held, by: current) { return heard }
        try await writeTask(held)
        return try await writeSlice(held)
    }

    private func writeTask(_ held: HeldSlice) async throws(ClientError) {
        guard held.member != nil, held.isTaskWorthTelling, let current = try await task(of: held),
            let patch = patches.task(held, over: current)
        else { return }
        do throws(ClientError) {
            tasks[held.key] = try await client.mergePatch(
                Kinds.Task.self, namespace: held.namespace, name: held.name, patch: patch, subresource: .status)
        } catch {
            tasks[held.key] = nil
            if !error.isNotFound { throw error }
        }
    }

    private func writeSlice(_ held: HeldSlice) async throws(ClientError) -> PendingReports.Heard {
        guard let current = try await slice(held.uid, held.namespace, held.name) else { return .unheard }
        if let heard = StatusPatch.heard(held, by: current) { return heard }
        guard let patch = patches.slice(held, over: current, at: time.wall()) else { return .acknowledged }
        return try await send(patch, to: current) ? .acknowledged : .unheard
    }

    private func slice(_ uid: SliceUID, _ namespace: String, _ name: String) async throws(ClientError) -> Kinds.Slice? {
        if let known = slices[uid] { return known }
        do throws(ClientError) {
            let slice = try await client.get(Kinds.Slice.self, namespace: namespace, name: name)
            guard slice.metadata.uid == uid.rawValue else { return nil }
            note(slice)
            return slice
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// False when the slice is gone.
    private func send(_ patch: JSON, to current: Kinds.Slice) async throws(ClientError) -> Bool {
        do throws(ClientError) {
            note(
                try await client.mergePatch(
                    Kinds.Slice.self, namespace: current.metadata.namespace, name: current.metadata.name, patch: patch,
                    subresource: .status))
            return true
        } catch {
            // What was believed of it is wrong or unsure: read again before the next try.
            slices[SliceUID(current.metadata.uid)] = nil
            if error.isNotFound { return false }
            throw error
        }
    }

    private func pause(_ error: ClientError, _ key: SliceKey, _ backoff: inout Backoff) async {
        if error == .cancelled { return }
        if error.isRefusal {
            // What was believed of the objects may be why: a slice that is gone is no longer this node's.
            slices[key.uid] = nil
            tasks[key] = nil
            if !doubted.insert(key).inserted { return await pauseLong(error, key) }
        }
        if !error.isConflict, !error.isRefusal {
            logger.warning(
                "a status was not acknowledged, it is written again",
                metadata: ["slice": "\(key)", "error": "\(error)"])
        }
        // Cancelled while waiting: the loop's own condition ends it.
        try? await sleep(backoff.next(randomness.next()))
    }

    /// A refusal that the same words will meet again: said at most once a minute, and tried again seldom, since what stands
    /// in its way is for people to change.
    private func pauseLong(_ error: ClientError, _ key: SliceKey) async {
        let now = time.now()
        if complained[key].map({ now.since($0) >= Self.complaintPeriod }) ?? true {
            complained[key] = now
            logger.error(
                "the controller refuses a status; it is written again until it is taken",
                metadata: ["slice": "\(key)", "error": "\(error)"])
        }
        // Cancelled while waiting: the callers' conditions end their loops.
        try? await sleep(Self.longestPause)
    }

    private static func revision(_ metadata: ObjectMeta) -> Int64 {
        metadata.resourceVersion.flatMap { Int64($0) } ?? 0
    }
}

/// Why a grant is not taken.
package struct Refusal: Hashable, Sendable {
    package var reason: GrantRefusal
    package var message: String

    package init(_ reason: GrantRefusal, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

extension ClientError {
    /// Whether the server refused the request for what it says, rather than for the moment at which it came.
    var isRefusal: Bool {
        guard case .api(let error) = self else { return false }
        switch error {
        case .badRequest, .unauthorized, .forbidden, .methodNotAllowed, .notAcceptable, .alreadyExists, .tooLarge,
            .unsupportedMediaType, .invalid, .ownedByOthers:
            return true
        case .notFound, .noSuchPath, .conflict, .expired, .tooManyRequests, .unavailable, .futureRevision, .timeout,
            .internalError:
            return false
        }
    }
}
