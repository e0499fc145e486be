import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

/// Answers reviews from what the scheduler knows. A value: what it looks at is a copy, and nothing is placed.
struct PlacementAnswers: Sendable {
    let view: SchedulingView
    let snapshot: SchedulingSnapshot

    func answer(_ review: Kinds.PlacementReview) throws(APIError) -> Kinds.PlacementReviewStatus {
        var status: Kinds.PlacementReviewStatus
        if let name = review.spec.jobName {
            guard let job = view.job(review.metadata.namespace, name) else {
                throw .notFound(resource: Kinds.Job.info.groupResource, name: name)
            }
            status = answer(about: job)
        } else {
            var job = Kinds.Job(
                metadata: ObjectMeta(name: Self.nobody, namespace: review.metadata.namespace),
                spec: review.spec.job ?? Kinds.JobSpec(slice: Kinds.SliceRequest(), template: Kinds.TaskTemplate()))
            job.metadata.labels = review.metadata.labels
            status = fit(ofOneThatBegins: job)
        }
        status.revision = snapshot.revision.rawValue
        status.nodes = Int64(view.placement.cluster.count)
        return status
    }

    /// Name of a job that need not exist; no object can have it.
    private static let nobody = "-"

    private var held: [NodeID: String] { snapshot.permission.nodes.mapValues(\.reason) }

    private func answer(about job: Kinds.Job) -> Kinds.PlacementReviewStatus {
        if job.status.state.isFinal || job.metadata.isTerminating {
            return Kinds.PlacementReviewStatus(
                answer: .finished, reason: job.status.reason ?? job.status.state.rawValue,
                message: job.status.message ?? "The job has \(job.status.state.rawValue.lowercased()).")
        }
        var status = waitingOrPlaced(job)
        let gang = DraftingGang(job: job, slices: [])
        status.ahead =
            job.status.gang?.state == .drafting
            ? Int64(snapshot.gangs.count { $0.isServedBefore(gang) && $0.job.metadata.uid != job.metadata.uid }) : nil
        status.decision = view.placement.record?.latest(1) {
            $0.namespace == job.metadata.namespace && $0.job == job.metadata.name
        }.first.map { Int64($0.number) }
        return status
    }

    private func waitingOrPlaced(_ job: Kinds.Job) -> Kinds.PlacementReviewStatus {
        switch job.status.gang?.state {
        case .committed, .started:
            let members = view.grants(of: job)
            let nodes = Set(members.map(\.node)).sorted().joined(separator: ", ")
            return Kinds.PlacementReviewStatus(
                answer: .placed, reason: job.status.state.rawValue,
                message: "\(counted(members.count, "member")) on \(nodes).", members: members)
        case .drafting:
            let gang = snapshot.gangs.first { $0.job.metadata.uid == job.metadata.uid }
            if let hold = gang.flatMap({ snapshot.hold(on: $0) }) { return held(hold) }
            if let gang, !gang.slices.isEmpty {
                return fit(of: gang, gang.pending(among: snapshot.places, passedOver: snapshot.passedOver(gang)))
            }
        case .abandoned, nil: break
        }
        if let notBefore = job.status.nextAttemptAt, notBefore > snapshot.now {
            return held((job.status.reason ?? "BackOff", "The next attempt begins at \(notBefore)."))
        }
        return fit(ofOneThatBegins: job)
    }

    private func fit(ofOneThatBegins job: Kinds.Job) -> Kinds.PlacementReviewStatus {
        let gang = DraftingGang(job: job, slices: [])
        let places = view.places(for: snapshot.gangs + [gang])
        return fit(of: gang, job.candidate(among: places, passedOver: held))
    }

    private func held(_ hold: (reason: String, message: String)) -> Kinds.PlacementReviewStatus {
        Kinds.PlacementReviewStatus(answer: .held, reason: hold.reason, message: hold.message)
    }

    private func fit(of gang: DraftingGang, _ pending: PendingGang) -> Kinds.PlacementReviewStatus {
        if let hold = snapshot.permission.everything {
            return held((hold.reason, hold.message))
        }
        let victims = view.victims(except: gang.job.metadata.uid)
        return Kinds.PlacementReviewStatus(view.placement.answer(pending, preempting: victims))
    }
}

extension Kinds.Job {
    /// What placement would be asked if the job began now.
    fileprivate func candidate(among places: [JobPlace], passedOver: [NodeID: String]) -> PendingGang {
        var gang = DraftingGang(job: self, slices: []).pending(among: places, passedOver: passedOver)
        gang.members = (0..<Int(spec.gang.min)).map { "\(metadata.name)-\($0)" }
        gang.tolerations = spec.tolerations
        return gang
    }
}

extension SchedulingSnapshot {
    /// Why a gang that waits is not even tried; nil when it is.
    fileprivate func hold(on gang: DraftingGang) -> (reason: String, message: String)? {
        if let notBefore = gang.job.status.nextAttemptAt, notBefore > now {
            return (gang.job.status.reason ?? "BackOff", "The next attempt begins at \(notBefore).")
        }
        let hold = permission.everything ?? (gang.isReplacement ? permission.replacements : nil)
        return hold.map { ($0.reason, $0.message) }
    }
}

extension Kinds.PlacementReviewStatus {
    fileprivate init(_ answer: FitAnswer) {
        switch answer {
        case .now(let members):
            self.init(answer: .now, message: "\(counted(members.count, "member")) would be placed now.")
            self.members = Self.members(members)
        case .afterPreemption(let members, let victims, let cause):
            self.init(cause, .afterPreemption)
            self.members = Self.members(members)
            preempts = victims.map { victim in
                Kinds.PlacementVictim(
                    namespace: victim.namespace, job: victim.job, members: Int64(victim.slices.count),
                    cardUnits: victim.cardUnits.description)
            }
        case .later(let cause):
            self.init(cause, .later)
        case .never(let cause, let largest):
            self.init(cause, .never)
            largestMembers = Int64(largest.members)
            limits = largest.limits.map {
                Kinds.PlacementLimit(field: $0.field, asked: $0.asked, largest: $0.largest)
            }
        }
    }

    private init(_ cause: PendingCause, _ answer: Kinds.PlacementAnswer) {
        self.init(answer: answer, reason: cause.reason.rawValue, message: cause.message)
        filters = cause.filters.map {
            Kinds.PlacementFilter(nodes: Int64($0.nodes), reason: $0.text, largestFree: $0.largestFree)
        }
        unblock = cause.remedy.map { Kinds.PlacementUnblock(node: $0.node.rawValue, change: $0.description) }
    }

    private static func members(_ planned: [PlannedMember]) -> [Kinds.PlacedMember] {
        planned.enumerated().map { index, member in
            Kinds.PlacedMember(
                index: Int64(index), node: member.node.rawValue, shares: member.shares.map(\.share))
        }
    }
}
