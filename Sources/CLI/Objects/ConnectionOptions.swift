import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel

/// Which server a verb talks to.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "Kubeconfig file. Else KUBECONFIG, else the one of `tidemill up` in TIDEMILL_HOME or ~/.tidemill; as kubectl's plugin, ~/.kube/config before that."
    )
    var kubeconfig: String?

    /// The file that counts.
    func path() -> String {
        if let kubeconfig { return kubeconfig }
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["KUBECONFIG"], !path.isEmpty { return path }
        if Self.isPlugin(CommandLine.arguments.first ?? "") {
            let path = (environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()) + "/.kube/config"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        return Home(option: nil).kubeconfig
    }

    /// True for the name under which kubectl finds us.
    static func isPlugin(_ program: String) -> Bool { program.split(separator: "/").last == "kubectl-tidemill" }

    /// Opens a session and closes it after `body`, whatever happens.
    func withSession<Value: Sendable>(_ body: (Session) async throws -> Value) async throws -> Value {
        let path = path()
        if kubeconfig == nil, !FileManager.default.fileExists(atPath: path) {
            throw Failure(
                "no kubeconfig at \(path): `tidemill up` writes one, --kubeconfig or KUBECONFIG names another")
        }
        let configuration = try Kubeconfig(path: path)
        let client = try APIClient(
            endpoint: configuration.endpoint, userAgent: "tidemill/\(ProgramVersion.text)", retry: .forPeople)
        do {
            let value = try await body(Session(client: client, namespace: configuration.namespace))
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

/// Which namespace a verb looks into.
struct NamespaceOptions: ParsableArguments {
    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the kubeconfig's context.")
    var namespace: String?

    @Flag(name: [.customShort("A"), .long], help: "Look into all namespaces.")
    var allNamespaces = false
}

/// A client and the namespace that counts when none is named.
struct Session: Sendable {
    var client: APIClient
    var namespace: String
}

extension RetryRules {
    /// For a person who waits: three attempts within a second or so.
    static var forPeople: RetryRules {
        RetryRules(
            attempts: 3, backoff: Backoff(first: .milliseconds(200), most: .seconds(1)), randomness: SystemRandomness(),
            sleep: { try await Task.sleep(for: $0) })
    }
}
