import TidemillModel
import TidemillSeams
import TidemillWire

/// What the controller says of one slice that is granted to this node.
package struct SliceView: Hashable, Sendable {
    package var uid: SliceUID
    package var namespace: String
    package var name: String
    package var state: Kinds.SliceState
    package var reason: String?
    package var message: String?
    package var grant: SliceGrant?
    package var member: SliceMember?
    package var isDeleting: Bool
    package var activeAt: WallTime?

    package init(
        uid: SliceUID, namespace: String, name: String, state: Kinds.SliceState, reason: String? = nil,
        message: String? = nil, grant: SliceGrant?, member: SliceMember?, isDeleting: Bool = false,
        activeAt: WallTime? = nil
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.state = state
        self.reason = reason
        self.message = message
        self.grant = grant
        self.member = member
        self.isDeleting = isDeleting
        self.activeAt = activeAt
    }
}

extension SliceView {
    package init(_ slice: Kinds.Slice) {
        self.init(
            uid: SliceUID(slice.metadata.uid), namespace: slice.metadata.namespace, name: slice.metadata.name,
            state: slice.status.state, reason: slice.status.reason, message: slice.status.message,
            grant: slice.status.grant.map(SliceGrant.init), member: slice.spec.member.map(SliceMember.init),
            isDeleting: slice.metadata.deletionTimestamp != nil, activeAt: slice.status.activeAt?.wallTime)
    }
}

extension SliceMember {
    package init(_ reference: Kinds.AttemptRef) {
        self.init(
            job: reference.job, jobUID: JobUID(reference.jobUID), index: reference.index, attempt: reference.attempt,
            size: reference.size)
    }
}

/// What the controller says of one job's gang.
package struct GangView: Hashable, Sendable {
    package var jobUID: JobUID
    package var attempt: Int64
    package var state: Kinds.GangState

    package init(jobUID: JobUID, attempt: Int64, state: Kinds.GangState) {
        self.jobUID = jobUID
        self.attempt = attempt
        self.state = state
    }

    /// Nil for a job that has no gang record yet.
    package init?(_ job: Kinds.Job) {
        guard let gang = job.status.gang else { return nil }
        self.init(jobUID: JobUID(job.metadata.uid), attempt: gang.attempt, state: gang.state)
    }
}
