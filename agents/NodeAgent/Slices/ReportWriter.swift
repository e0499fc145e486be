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
    private var wanted: [SliceKey: HeldSlice] = [:]
    private var busy: Set<SliceKey> = []

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

    /// Writes until acknowledged or cancelled. True when a release was acknowledged, or nobody is left to hear it.
    package func report(_ slice: HeldSlice) async -> Bool {
        let key = slice.key
        // Reports come from tasks of their own: one that waited for the journal must not take the place of a later one.
        if wanted[key].map({ slice.phase.isBefore($0.phase) }) == true { return false }
        wanted[key] = slice
        guard busy.insert(key).inserted else { return false }
        defer { busy.remove(key) }
        var backoff = Backoff(first: .milliseconds(10), most: .seconds(5))
        while let next = wanted[key], !Task.isCancelled {
            do throws(ClientError) {
                try await writeTask(next)
                try await writeSlice(next)
                backoff.reset()
                guard wanted[key] == next else { continue }
                wanted[key] = nil
                guard case .released = next.phase else { return false }
                tasks[key] = nil
                return true
            } catch {
                await pause(error, key, &backoff)
            }
        }
        return false
    }

    /// Tells the controller that this node does not take a grant.
    package func refuse(_ view: SliceView, _ reason: Refusal) async {
        var backoff = Backoff(first: .milliseconds(10), most: .seconds(5))
        while !Task.isCancelled {
            do throws(ClientError) {
                guard let current = try await slice(view.uid, view.namespace, view.name) else { return }
                let patch = patches.refusal(
                    view, reason.reason, message: reason.message, over: current, at: time.wall())
                if let patch { try await send(patch, to: current) }
                return
            } catch {
                await pause(error, SliceKey(uid: view.uid, epoch: view.grant?.epoch ?? Epoch(0)), &backoff)
            }
        }
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

    private func writeSlice(_ held: HeldSlice) async throws(ClientError) {
        // A stray that no list claimed has no object.
        guard !held.name.isEmpty, let current = try await slice(held.uid, held.namespace, held.name),
            let patch = patches.slice(held, over: current, at: time.wall())
        else { return }
        try await send(patch, to: current)
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

    private func send(_ patch: JSON, to current: Kinds.Slice) async throws(ClientError) {
        do throws(ClientError) {
            note(
                try await client.mergePatch(
                    Kinds.Slice.self, namespace: current.metadata.namespace, name: current.metadata.name, patch: patch,
                    subresource: .status))
        } catch {
            // What was believed of it is wrong or unsure: read again before the next try.
            slices[SliceUID(current.metadata.uid)] = nil
            if !error.isNotFound { throw error }
        }
    }

    private func pause(_ error: ClientError, _ key: SliceKey, _ backoff: inout Backoff) async {
        if error == .cancelled { return }
        if !error.isConflict {
            logger.warning(
                "a status was not acknowledged, it is written again",
                metadata: ["slice": "\(key)", "error": "\(error)"])
        }
        // Cancelled while waiting: the loop's own condition ends it.
        try? await sleep(backoff.next(randomness.next()))
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
