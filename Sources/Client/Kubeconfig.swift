import Foundation
import TidemillWire
import TidemillYAML

/// The part of a kubeconfig file that a client needs: its current context, with certificates embedded or in files.
package struct Kubeconfig: Sendable, Equatable {
    package var endpoint: Endpoint
    /// The namespace of the context; `default` when it names none.
    package var namespace: String

    /// Reads a file. Relative paths in it count from its folder.
    ///
    /// - Throws: `.configuration` with a sentence that names the file.
    package init(path: String) throws(ClientError) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .configuration("the kubeconfig \(path) cannot be read: \(ClientError.reason(ofFile: error))")
        }
        do {
            try self.init(parsing: text, folder: (path as NSString).deletingLastPathComponent)
        } catch {
            throw .configuration("the kubeconfig \(path): \(error)")
        }
    }

    /// Reads the text of a kubeconfig; `folder` is where relative paths count from.
    package init(parsing text: String, folder: String) throws(ClientError) {
        let root: JSON
        do {
            guard let document = try YAMLReader.documents(text).first else {
                throw ClientError.configuration("it is empty")
            }
            root = document.value
        } catch let error as ClientError {
            throw error
        } catch {
            throw .configuration("\(error)")
        }
        guard let current = root["current-context"]?.string, !current.isEmpty else {
            throw .configuration("current-context is not set")
        }
        let context = try Self.entry("context", current, of: root["contexts"])
        let cluster = try Self.entry("cluster", context["cluster"]?.string ?? "", of: root["clusters"])
        let user = try Self.entry("user", context["user"]?.string ?? "", of: root["users"])
        guard let server = cluster["server"]?.string, server.hasPrefix("https://") else {
            throw .configuration("clusters[].cluster.server must be an https:// URL")
        }
        let credentials = Credentials(
            authorityPEM: try Self.pem("certificate-authority", of: cluster, folder: folder),
            certificatePEM: try Self.pem("client-certificate", of: user, folder: folder),
            keyPEM: try Self.pem("client-key", of: user, folder: folder))
        endpoint = Endpoint(url: server, credentials: credentials)
        let namespace = context["namespace"]?.string ?? ""
        self.namespace = namespace.isEmpty ? "default" : namespace
    }

    /// The entry `name` of one of the three lists, without its wrapper.
    private static func entry(_ kind: String, _ name: String, of list: JSON?) throws(ClientError) -> JSON {
        guard let entry = list?.array?.first(where: { $0["name"]?.string == name }), let value = entry[kind] else {
            throw .configuration("the \(kind) \"\(name)\" is not defined")
        }
        return value
    }

    /// `key`-data in base64, or the file that `key` names.
    private static func pem(_ key: String, of entry: JSON, folder: String) throws(ClientError) -> String {
        if let encoded = entry[key + "-data"]?.string {
            guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters) else {
                throw .configuration("\(key)-data is not base64")
            }
            return String(decoding: data, as: UTF8.self)
        }
        guard let name = entry[key]?.string else {
            throw .configuration(
                "neither \(key)-data nor \(key) is set: Tidemill knows its users by client certificate")
        }
        let path = name.hasPrefix("/") || folder.isEmpty ? name : folder + "/" + name
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .configuration("the file of \(key), \(path), cannot be read")
        }
    }
}
