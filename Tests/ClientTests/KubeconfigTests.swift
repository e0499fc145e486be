import Foundation
import Testing

@testable import TidemillClient

@Suite struct KubeconfigTests {
    @Test func `a file that is not there is named, with the reason alone`() {
        let error = #expect(throws: ClientError.self) { try Kubeconfig(path: "/no/such/kubeconfig") }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("the kubeconfig /no/such/kubeconfig cannot be read: the file "))
    }

    private func text(
        cluster: String = "certificate-authority-data: Q0E=", user: String? = nil, current: String = "mill",
        extra: String = ""
    ) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: \(current)
        clusters:
        - name: other
          cluster: {server: "https://other:1", certificate-authority-data: eA==}
        - name: here
          cluster:
            server: https://127.0.0.1:7443/
            \(cluster)
        contexts:
        - name: mill
          context: {cluster: here, user: admin\(extra)}
        users:
        - name: admin
          user:
            \(user ?? "client-certificate-data: Q0VSVA==\n    client-key-data: S0VZ")
        """
    }

    @Test func `takes the current context with embedded certificates`() throws {
        let configuration = try Kubeconfig(parsing: text(), folder: "")
        #expect(configuration.endpoint.url == "https://127.0.0.1:7443")
        #expect(
            configuration.endpoint.credentials == Credentials(authorityPEM: "CA", certificatePEM: "CERT", keyPEM: "KEY")
        )
        #expect(configuration.namespace == "default")
    }

    @Test func `takes the context's namespace`() throws {
        #expect(try Kubeconfig(parsing: text(extra: ", namespace: lab-a"), folder: "").namespace == "lab-a")
    }

    @Test func `reads certificates from files beside it`() throws {
        let folder = NSTemporaryDirectory() + "kubeconfig-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // a leftover harms nobody
        try "FILE".write(toFile: folder + "/ca.pem", atomically: true, encoding: .utf8)
        try text(cluster: "certificate-authority: ca.pem").write(
            toFile: folder + "/config", atomically: true, encoding: .utf8)
        let configuration = try Kubeconfig(path: folder + "/config")
        #expect(configuration.endpoint.credentials.authorityPEM == "FILE")
    }

    @Test(arguments: [
        ("current: gone", "the context \"gone\" is not defined"),
        ("no key", "neither client-key-data nor client-key is set: Tidemill knows its users by client certificate"),
        ("bad base64", "certificate-authority-data is not base64"),
        ("empty", "it is empty"),
    ])
    func `says what is wrong`(fault: String, message: String) {
        let broken =
            switch fault {
            case "current: gone": text(current: "gone")
            case "no key": text(user: "client-certificate-data: Q0VSVA==")
            case "bad base64": text(cluster: "certificate-authority-data: '%'")
            default: "\n"
            }
        #expect(throws: ClientError.configuration(message)) {
            try Kubeconfig(parsing: broken, folder: "")
        }
    }

    @Test func `a file that is missing is named`() {
        #expect { try Kubeconfig(path: "/nowhere/kubeconfig") } throws: { error in
            "\(error)".contains("/nowhere/kubeconfig")
        }
    }
}
