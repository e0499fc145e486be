import TidemillClient
import TidemillModel
import TidemillWire

/// Which tasks a word on the command line means: JOB, job/JOB or task/TASK.
struct TaskChoice {
    var object: String
    /// Only the member of this rank.
    var rank: Int64?
    /// Of this attempt; the latest when nil.
    var attempt: Int64?
    /// Ends the sentence that a job without tasks is answered with, such as `there is no log`.
    var missing: String

    /// The tasks that are meant, by rank; at least one.
    func tasks(_ session: Session, _ scope: String) async throws -> [(name: String, rank: Int64)] {
        let parts = object.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, let kind = KindLookup.kind(parts[0]), kind == Kinds.Task.info { return [(parts[1], 0)] }
        if parts.count == 2, KindLookup.kind(parts[0]) != Kinds.Job.info {
            throw Failure("\"\(object)\": \(missing): write job/NAME or task/NAME")
        }
        let name = parts.last ?? ""
        let job: Kinds.Job
        do throws(ClientError) {
            job = try await session.client.get(Kinds.Job.self, namespace: scope, name: name)
        } catch {
            guard error.isNotFound, parts.count == 1 else { throw error }
            // A bare word may also be a task.
            do throws(ClientError) {
                _ = try await session.client.get(Kinds.Task.info, namespace: scope, name: name)
            } catch {
                throw error.isNotFound
                    ? Failure("no job and no task \"\(name)\" in namespace \(scope)") : Failure(error)
            }
            return [(name, 0)]
        }
        guard let latest = job.status.gang?.attempt else {
            throw Failure("job/\(name) is \(job.status.state.rawValue) and has not started yet: \(missing)")
        }
        let wanted = attempt ?? latest
        let page = try await session.client.list(
            Kinds.Task.self, namespace: scope, selection: Selection(labels: "tidemill.dev/job=\(name)"))
        let members = page.objects.compactMap { task -> (name: String, rank: Int64)? in
            guard let member = task.spec.member, member.attempt == wanted, rank.map({ $0 == member.index }) ?? true
            else { return nil }
            return (task.metadata.name, member.index)
        }
        if members.isEmpty {
            let member = rank.map { "member of rank \($0)" } ?? "task"
            throw Failure("job/\(name) has no \(member) in attempt \(wanted)")
        }
        return members.sorted { $0.rank < $1.rank }
    }
}
