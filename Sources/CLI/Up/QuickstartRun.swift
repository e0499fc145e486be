import Foundation
import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// The quickstart's jobs: submitted, watched, judged.
struct QuickstartRun: Sendable {
    let session: Session
    let manifests: [Manifest]

    private var jobs: [Manifest] { manifests.filter { $0.kind == Kinds.Job.info } }

    private func scope(_ manifest: Manifest) -> String { manifest.tree.objectNamespace ?? session.namespace }

    /// Applies the manifests. Jobs of an earlier run that have ended are made anew; those that still run are followed.
    func submit(_ say: @Sendable (String) -> Void) async throws {
        for manifest in manifests {
            if manifest.kind == Kinds.Job.info { try await removeEnded(manifest) }
            let outcome = try await Applying(session: session, namespace: nil).apply(manifest)
            say("\(manifest.kind.named(manifest.name)) \(outcome)")
        }
    }

    private func removeEnded(_ manifest: Manifest) async throws {
        let scope = scope(manifest)
        let old: Kinds.Job
        do throws(ClientError) {
            old = try await session.client.get(Kinds.Job.self, namespace: scope, name: manifest.name)
        } catch {
            if error.isNotFound { return }
            throw error
        }
        guard old.status.state.isFinal else { return }
        try await session.client.delete(
            Kinds.Job.self, namespace: scope, name: manifest.name, options: DeleteOptions(uid: old.metadata.uid))
        try await Waiting(session: session, limit: .seconds(30)).untilGone(
            Kinds.Job.info, namespace: scope, name: manifest.name, uid: old.metadata.uid)
        // Its slices and tasks have the names that the new job's will have.
        let selection = Selection(labels: "tidemill.dev/job=\(manifest.name)")
        for kind in [Kinds.Slice.info, Kinds.Task.info] {
            let isGone = try await Patience.wait(.seconds(30)) { () async throws -> Bool? in
                try await session.client.list(kind, namespace: scope, selection: selection).objects.isEmpty ? true : nil
            }
            if isGone == nil {
                throw Failure("the \(kind.plural) of the earlier job \(manifest.name) are still there after 30s")
            }
        }
    }

    /// The jobs as they are now, in the manifests' order, without those that somebody deleted.
    func rows() async throws -> [JobRow] {
        var rows: [JobRow] = []
        let now = Timestamp(WallClock.now())
        for manifest in jobs {
            let scope = scope(manifest)
            let job: Kinds.Job
            do throws(ClientError) {
                job = try await session.client.get(Kinds.Job.self, namespace: scope, name: manifest.name)
            } catch {
                if error.isNotFound { continue }
                throw error
            }
            let slices = try await session.client.list(
                Kinds.Slice.self, namespace: scope, selection: Selection(labels: "tidemill.dev/job=\(manifest.name)"))
            rows.append(JobRow(job, slices: slices.objects, now: now))
        }
        return rows
    }

    /// What did not end as its manifest expects.
    func complaints(_ rows: [JobRow]) -> [String] {
        jobs.compactMap { manifest in
            ExpectedEnd(manifest: manifest.tree).complaint(rows.first { $0.job == manifest.name })
        }
    }

    /// The last lines that a member of the job wrote, for a job that did not end as expected.
    func logTail(_ name: String) async -> [String] {
        guard let manifest = jobs.first(where: { $0.name == name }) else { return [] }
        let kind = Kinds.Task.info
        // This only adds to a complaint that is printed anyway.
        guard
            let page = try? await session.client.list(
                kind, namespace: scope(manifest), selection: Selection(labels: "tidemill.dev/job=\(name)"))
        else { return [] }
        var lines: [String] = []
        for task in page.objects {
            let path = ObjectPath.object(kind, namespace: scope(manifest), name: task.objectName) + "/log"
            // As above.
            let log = try? await session.client.send(
                APIRequest(.get, path, query: [("tailLines", "5")], accept: "*/*", timeout: .seconds(5)))
            lines += String(decoding: log ?? [], as: UTF8.self).split(separator: "\n").map {
                "  \(task.objectName): \($0)"
            }
        }
        return lines
    }
}
