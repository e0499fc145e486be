import TidemillLease
import TidemillModel
import TidemillSeams

/// A task that runs under a shim.
package struct RunningTask: Hashable, Sendable {
    package var shim: ProcessIdentity
    /// The command's pid in the node's own pid namespace.
    package var pid: Int32
    package var startedAt: WallTime
    /// What the shim could not enforce, a sentence each.
    package var unenforced: [String]
    /// The first instant at which the agent knew it running, on the clock of the grant's boot.
    package var seenAt: Instant?

    package init(
        shim: ProcessIdentity, pid: Int32, startedAt: WallTime, unenforced: [String] = [], seenAt: Instant? = nil
    ) {
        self.shim = shim
        self.pid = pid
        self.startedAt = startedAt
        self.unenforced = unenforced
        self.seenAt = seenAt
    }
}

/// A slice that holds something of this machine, or did until its release is acknowledged. What the journal keeps.
package struct HeldSlice: Hashable, Sendable {
    /// How far it is. Each case carries only its own data.
    package enum Phase: Hashable, Sendable {
        /// Journaled; its cgroups may or may not exist.
        case preparing
        /// Its cgroups exist and are empty.
        case prepared
        /// A shim may have been launched.
        case starting
        case active(RunningTask)
        /// The task is over, or never was; processes or cgroups may be left. `startedAt` is nil when none was started.
        case emptying(startedAt: WallTime?, outcome: TaskOutcome?)
        /// Nothing is held any more; kept until the controller has acknowledged it.
        case released(Release)
    }

    /// The end of a slice.
    package struct Release: Hashable, Sendable {
        /// When metering began; nil when the slice was never active.
        package var startedAt: WallTime?
        package var releasedAt: WallTime
        package var outcome: TaskOutcome?
        /// What was cleaned up; nil where nothing of it was made.
        package var scrub: ScrubRecord?

        package init(
            startedAt: WallTime?, releasedAt: WallTime, outcome: TaskOutcome?, scrub: ScrubRecord? = nil
        ) {
            self.startedAt = startedAt
            self.releasedAt = releasedAt
            self.outcome = outcome
            self.scrub = scrub
        }

        /// The metered time: by the boot clock where the shim recorded it, else by the wall clock. Never negative.
        package var activeTime: Duration {
            guard let startedAt else { return .zero }
            let walled = releasedAt.nanosecondsSince1970 - startedAt.nanosecondsSince1970
            return max(.zero, outcome?.ranFor ?? .nanoseconds(walled))
        }
    }

    package var uid: SliceUID
    package var namespace: String
    package var name: String
    /// The attempt of the job that the slice works for; nil for a slice of its own.
    package var member: SliceMember?
    package var grant: SliceGrant
    package var phase: Phase
    package var stop: StopRequest?
    /// What is done, or undone, on the machine; in the journal before its first step. Nil once nothing is left of it, and
    /// where none was made.
    package var plan: SlicePlan?
    /// What canaries found of the slice, the last time; nil before.
    package var proof: SliceProof?
    /// What keeps it from being released, once that has taken too long.
    package var obstacle: ReleaseObstacle?

    package init(
        uid: SliceUID, namespace: String, name: String, member: SliceMember?, grant: SliceGrant, phase: Phase,
        stop: StopRequest? = nil, plan: SlicePlan? = nil, proof: SliceProof? = nil
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.member = member
        self.grant = grant
        self.phase = phase
        self.stop = stop
        self.plan = plan
        self.proof = proof
    }

    /// The grant that this is about.
    package var key: SliceKey { SliceKey(uid: uid, epoch: grant.epoch) }

    /// Why the grant is refused although the slice was made: a sentence of what a canary found. Nil for every other slice, and
    /// while something of it is left.
    package var refusal: String? {
        guard case .released(let release) = phase, release.startedAt == nil, release.outcome == nil, stop == nil,
            let proof, !proof.holds
        else { return nil }
        return proof.complaint
    }

    /// Card-seconds metered at the release; nil before.
    package var cardSeconds: String? {
        guard case .released(let release) = phase else { return nil }
        return CardSeconds.text(units: grant.cardUnits, nanoseconds: release.activeTime.wholeNanoseconds)
    }
}

/// One grant of one slice. Its text names cgroups and files: `<uid>.<epoch>`.
package struct SliceKey: Hashable, Sendable, CustomStringConvertible {
    package var uid: SliceUID
    package var epoch: Epoch

    package init(uid: SliceUID, epoch: Epoch) {
        self.uid = uid
        self.epoch = epoch
    }

    /// Reads what `description` writes; nil on anything else.
    package init?(parsing text: String) {
        guard let dot = text.lastIndex(of: "."), dot != text.startIndex,
            let epoch = Int64(text[text.index(after: dot)...]), epoch > 0
        else { return nil }
        self.init(uid: SliceUID(String(text[..<dot])), epoch: Epoch(epoch))
    }

    package var description: String { "\(uid).\(epoch)" }
}

/// Which member of which attempt of a job a slice is.
package struct SliceMember: Hashable, Sendable {
    package var job: String
    package var jobUID: JobUID
    package var index: Int64
    package var attempt: Int64
    package var size: Int64

    package init(job: String, jobUID: JobUID, index: Int64, attempt: Int64, size: Int64) {
        self.job = job
        self.jobUID = jobUID
        self.index = index
        self.attempt = attempt
        self.size = size
    }
}
