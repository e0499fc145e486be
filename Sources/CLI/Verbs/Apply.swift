import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill apply -f`: makes the server's objects say what the manifests say.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create objects, or change them to what manifests say.")

    @Option(name: [.customShort("f"), .long], help: "Files, folders or - for standard input; may be repeated.")
    var filename: [String]

    @Option(name: [.customShort("n"), .long], help: "The namespace of objects whose manifest names none.")
    var namespace: String?

    @Option(name: .long, help: "none, or server: everything is checked, nothing is kept.")
    var dryRun: String = "none"

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if !["none", "server"].contains(dryRun) { throw ValidationError("--dry-run=\(dryRun): use none or server") }
        if filename.isEmpty { throw ValidationError("name the manifests with -f") }
    }

    func run() async throws {
        let manifests = try filename.flatMap { try ManifestSource.read($0) }
        try await connection.withSession { session in
            var failed = 0
            for manifest in manifests {
                do {
                    let outcome = try await Applying(
                        session: session, namespace: namespace, isDryRun: dryRun == "server"
                    )
                    .apply(manifest)
                    Terminal.say(
                        "\(manifest.kind.named(manifest.name)) \(outcome)\(dryRun == "server" ? " (server dry run)" : "")"
                    )
                } catch let error as ClientError {
                    guard case .api = error else { throw error }
                    // One refused object does not keep the others out; the status says that not all went well.
                    Terminal.complain("error: \(manifest.place): \(Failure(error).message)")
                    failed += 1
                }
            }
            if failed > 0 { throw Failure("", status: 1) }
        }
    }
}

/// Applies one manifest.
struct Applying {
    enum Outcome: String, CustomStringConvertible {
        case created, configured, unchanged
        var description: String { rawValue }
    }

    var session: Session
    var namespace: String?
    var isDryRun = false

    private var query: [(name: String, value: String)] {
        [("fieldManager", "tidemill-client-side-apply"), ("fieldValidation", "Strict")]
            + (isDryRun ? [("dryRun", "All")] : [])
    }

    func apply(_ manifest: Manifest) async throws -> Outcome {
        var tree = manifest.tree
        var scope: String?
        if manifest.kind.namespaced {
            let own = tree.objectNamespace
            if let own, let namespace, own != namespace {
                throw Failure(
                    "\(manifest.place): metadata.namespace: Invalid value: \"\(own)\": does not match the namespace \"\(namespace)\" of the command"
                )
            }
            let chosen = own ?? namespace ?? session.namespace
            var metadata = tree["metadata"] ?? [:]
            metadata["namespace"] = .string(chosen)
            tree["metadata"] = metadata
            scope = chosen
        }
        // A race with another writer is settled by looking again, a few times.
        for _ in 0..<4 {
            do throws(ClientError) {
                return try await attempt(manifest.kind, scope, manifest.name, tree)
            } catch {
                if !error.isAlreadyExists && !(error.isNotFound && isRace(error, manifest)) { throw error }
            }
        }
        return try await attempt(manifest.kind, scope, manifest.name, tree)
    }

    private func isRace(_ error: ClientError, _ manifest: Manifest) -> Bool {
        if case .api(.notFound(_, let name)) = error { name == manifest.name } else { false }
    }

    private func attempt(
        _ kind: KindInfo, _ scope: String?, _ name: String, _ tree: JSON
    ) async throws(ClientError) -> Outcome {
        var live: JSON?
        do throws(ClientError) {
            live = try await session.client.get(kind, namespace: scope, name: name)
        } catch {
            if !error.isNotFound { throw error }
        }
        switch ApplyPlan(manifest: tree, live: live) {
        case .nothing:
            return .unchanged
        case .create(let object):
            _ = try await session.client.create(kind, object, query: query)
            return .created
        case .patch(let patch):
            let after = try await session.client.mergePatch(
                kind, namespace: scope, name: name, patch: patch, query: query)
            // The server keeps the revision when a write changes nothing.
            let isSame = after.at(["metadata", "resourceVersion"]) == live?.at(["metadata", "resourceVersion"])
            return isSame && !isDryRun ? .unchanged : .configured
        }
    }
}
