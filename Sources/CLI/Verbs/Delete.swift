import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill delete`: removes objects, and waits until they are gone.
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete objects, by name, selection or manifest.")

    @Argument(help: "job hello · job/hello slice/x · jobs (with --all or -l)")
    var objects: [String] = []

    @Option(name: [.customShort("f"), .long], help: "Manifests that name the objects: files, folders or - .")
    var filename: [String] = []

    @Flag(name: .long, help: "All objects of the kind in the namespace.")
    var all = false

    @Flag(name: .long, inversion: .prefixedNo, help: "Wait until the objects are gone.")
    var wait = true

    @Flag(name: .long, help: "An object that does not exist is no error.")
    var ignoreNotFound = false

    @Option(name: .long, help: "How long to wait, such as 30s; without end when 0s.")
    var timeout: WaitTime = WaitTime(duration: .zero)

    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        if objects.isEmpty == filename.isEmpty {
            throw Failure("name the objects, such as job/hello, or give their manifests with -f")
        }
        let manifests = try filename.flatMap { try ManifestSource.read($0) }
        try await connection.withSession { session in
            var doomed: [(kind: KindInfo, namespace: String?, name: String)] = []
            for manifest in manifests {
                let scope =
                    manifest.kind.namespaced
                    ? namespaces.namespace ?? manifest.tree.objectNamespace ?? session.namespace : nil
                doomed.append((manifest.kind, scope, manifest.tree.objectName))
            }
            if !objects.isEmpty {
                for target in try ObjectArguments(parsing: objects).targets {
                    doomed += try await meant(target, session)
                }
            }
            if doomed.isEmpty { Terminal.say("No resources found") }
            for object in doomed { try await remove(object, session) }
        }
    }

    private func meant(
        _ target: ObjectArguments.Target, _ session: Session
    ) async throws -> [(kind: KindInfo, namespace: String?, name: String)] {
        let scope = session.scope(target.kind, namespaces)
        if !target.names.isEmpty {
            if scope == nil && target.kind.namespaced {
                throw Failure("an object cannot be named across all namespaces: give its namespace with -n")
            }
            return target.names.map { (target.kind, scope, $0) }
        }
        guard all || selectors.selection != .all else {
            throw Failure("name the objects, or say which with -l SELECTOR or --all")
        }
        return try await session.client.list(target.kind, namespace: scope, selection: selectors.selection).objects
            .map { (target.kind, $0.objectNamespace ?? scope, $0.objectName) }
    }

    private func remove(
        _ object: (kind: KindInfo, namespace: String?, name: String), _ session: Session
    ) async throws {
        let uid: String?
        do throws(ClientError) {
            let answer = try await session.client.delete(object.kind, namespace: object.namespace, name: object.name)
            uid = answer.at(["details", "uid"])?.string ?? answer.at(["metadata", "uid"])?.string
        } catch {
            if error.isNotFound && ignoreNotFound { return }
            throw error
        }
        Terminal.say("\(object.kind.quoted(object.name)) deleted")
        guard wait else { return }
        try await Waiting(session: session, limit: timeout.duration).untilGone(
            object.kind, namespace: object.namespace, name: object.name, uid: uid)
    }
}
