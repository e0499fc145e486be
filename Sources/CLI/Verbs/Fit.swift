import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill fit -f`: whether jobs that nobody created would be placed.
struct Fit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether jobs would fit: now, after preempting whom, later, or never.",
        discussion: """
            Nothing is created. Each job of the files is answered for by itself, on the cluster as it is. The status is 0 when \
            all of them fit now, and 3 when one does not.
            """)

    /// Status when a job does not fit now.
    static let notNow: Int32 = 3

    @Option(name: [.customShort("f"), .long], help: "Files, folders or - for standard input; may be repeated.")
    var filename: [String]

    @Option(name: [.customShort("o"), .long], help: "yaml or json.")
    var output: DocumentOutput?

    @Option(name: [.customShort("n"), .long], help: "The namespace of jobs whose manifest names none.")
    var namespace: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if filename.isEmpty { throw ValidationError("name the manifests with -f") }
    }

    func run() async throws {
        let jobs = try filename.flatMap { try ManifestSource.read($0) }.filter { $0.kind == Kinds.Job.info }
        if jobs.isEmpty { throw Failure("there is no Job in \(filename.joined(separator: ", "))") }
        try await connection.withSession { session in
            var all = true
            for manifest in jobs {
                let status = try await answer(manifest, session)
                if status.answer != .now { all = false }
            }
            if !all { throw Failure("", status: Self.notNow) }
        }
    }

    private func answer(_ manifest: Manifest, _ session: Session) async throws -> Kinds.PlacementReviewStatus {
        let scope = manifest.tree.objectNamespace ?? namespace ?? session.namespace
        // As the server would read it, so that mistakes are named as `apply` names them.
        let review: JSON = [
            "apiVersion": .string(Kinds.PlacementReview.info.apiVersion),
            "kind": .string(Kinds.PlacementReview.info.kind),
            "metadata": [
                "name": .string(manifest.name), "namespace": .string(scope),
                "labels": manifest.tree.at(["metadata", "labels"]) ?? [:],
            ],
            "spec": ["job": manifest.tree["spec"] ?? [:]],
        ]
        do {
            let answered = try await session.client.create(Kinds.PlacementReview.info, review)
            let subject = "job \(scope)/\(manifest.name)"
            return try Reviewing(session: session, output: output).show(answered, about: subject)
        } catch let error as ClientError {
            guard case .api = error else { throw error }
            throw Failure("\(manifest.place): \(Failure(error).message)")
        }
    }
}
