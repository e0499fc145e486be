import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// A core with one device `n-cpu0` of four CPUs and 8 GiB, and shorthands for what happens to it. Times are in seconds.
package struct Scene {
    package static let boot = BootID("boot-1")
    package static let uid = SliceUID("u1")
    package static let job = JobUID("j1")
    /// The life of the store that the journal knows.
    package static let life = IncarnationID("life-1")
    /// The controller's start on it.
    package static let start = StartID("start-1")
    /// Another one, after a restore.
    package static let other = IncarnationID("life-2")
    package var core: SliceCore
    package var now: Int64 = 1000

    package init(lastRenewal: Int64? = nil, memory: SliceMemory = SliceMemory(incarnation: life)) {
        core = SliceCore(
            bootID: Self.boot,
            devices: [DeviceID("n-cpu0"): DeviceCapacity(milliCPU: 4000, memoryBytes: 8 << 30)],
            memory: memory, lastRenewal: lastRenewal.map(Self.instant))
    }

    package static func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
    package static func wall(_ seconds: Int64) -> WallTime { WallTime(nanosecondsSince1970: seconds * 1_000_000_000) }

    /// Feeds an event at the scene's present.
    @discardableResult
    package mutating func on(_ event: SliceEvent) -> [SliceEffect] {
        core.on(event, at: Self.instant(now))
    }

    /// A heartbeat that was sent at that second, or just now, is acknowledged.
    @discardableResult
    package mutating func renew(
        sentAt: Int64? = nil, by incarnation: IncarnationID = life, start: StartID = start, wantsInventory: Bool = false
    ) -> [SliceEffect] {
        on(
            .renewed(
                sentAt: Self.instant(sentAt ?? now), incarnation: incarnation, start: start,
                wantsInventory: wantsInventory))
    }

    /// An admitted agent that has seen an empty list.
    package static func ready(gang: Kinds.GangState = .committed) -> Scene {
        var scene = Scene()
        scene.on(.scanned)
        scene.renew()
        scene.on(.listed([]))
        scene.on(.gangsListed([self.gang(gang)]))
        return scene
    }

    package static func gang(_ state: Kinds.GangState, attempt: Int64 = 1) -> GangView {
        GangView(jobUID: job, attempt: attempt, state: state)
    }

    package static func grant(
        epoch: Int64 = 1, stopAfter: Duration? = nil, milliCPU: Int64 = 1000, device: String = "n-cpu0",
        boot: BootID = boot
    ) -> SliceGrant {
        SliceGrant(
            bootID: boot, epoch: Epoch(epoch), token: Token(10 + epoch),
            shares: [
                HeldShare(
                    device: DeviceID(device), milliCPU: milliCPU, memoryBytes: 1 << 30,
                    cardUnits: Rational(1, 4) ?? .zero)
            ], stopAfter: stopAfter)
    }

    package static func view(
        _ state: Kinds.SliceState, uid: SliceUID = uid, grant: SliceGrant = grant(), attempt: Int64 = 1,
        reason: String? = nil, isDeleting: Bool = false, activeAt: WallTime? = nil
    ) -> SliceView {
        SliceView(
            uid: uid, namespace: "lab", name: "job-1-0", state: state, reason: reason, grant: grant,
            member: SliceMember(job: "job", jobUID: job, index: 0, attempt: attempt, size: 1), isDeleting: isDeleting,
            activeAt: activeAt)
    }

    package static func held(
        _ phase: HeldSlice.Phase, uid: SliceUID = uid, grant: SliceGrant = grant(), stop: StopRequest? = nil
    ) -> HeldSlice {
        HeldSlice(
            uid: uid, namespace: "lab", name: "job-1-0",
            member: SliceMember(job: "job", jobUID: job, index: 0, attempt: 1, size: 1), grant: grant, phase: phase,
            stop: stop)
    }

    package static let task = RunningTask(
        shim: ProcessIdentity(pid: 41, startTicks: 5), pid: 42, startedAt: wall(5000), seenAt: instant(1000))

    package static let completed = TaskOutcome(
        state: .succeeded, exitCode: 0, reason: "Completed", message: "exited with status 0", startedAt: wall(5000),
        finishedAt: wall(5008), ranFor: .seconds(8))

    package static let key = SliceKey(uid: uid, epoch: Epoch(1))

    /// Takes the slice to Active; answers the effects of the last step.
    @discardableResult
    package mutating func runToActive(_ grant: SliceGrant = grant()) -> [SliceEffect] {
        on(.seen(Self.view(.reserved, grant: grant)))
        on(.prepared(Self.key))
        on(.seen(Self.view(.prepared, grant: grant)))
        on(.gangSeen(Self.gang(.started)))
        return on(.started(Self.key, Self.task))
    }
}
