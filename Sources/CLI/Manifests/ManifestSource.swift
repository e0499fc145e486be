import Foundation
import TidemillClient
import TidemillWire
import TidemillYAML

/// Reads manifests from files, folders and standard input.
enum ManifestSource {
    /// The largest file that is read, in bytes; the server takes no object near it.
    static let sizeLimit = 32 << 20

    /// The objects of a file, of the files in a folder (by name, not of folders below), or of standard input for `-`.
    static func read(_ path: String) throws -> [Manifest] {
        if path == "-" {
            return try objects(
                try text(FileHandle.standardInput.readToEnd() ?? Data(), "standard input"), "standard input")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Failure("the path \"\(path)\" does not exist")
        }
        if !isFolder.boolValue { return try file(path) }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw Failure("the folder \(path) cannot be read: \(Failure.reason(of: error))")
        }
        let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") || $0.hasSuffix(".json") }.sorted()
        if files.isEmpty { throw Failure("the folder \(path) holds no .yaml, .yml or .json files") }
        return try files.flatMap { try file(path + "/" + $0) }
    }

    private static func file(_ path: String) throws -> [Manifest] {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path) cannot be read") }
        return try objects(try text(data, path), path)
    }

    private static func text(_ data: Data, _ place: String) throws -> String {
        if data.count > sizeLimit {
            throw Failure("\(place) has \(data.count) bytes: more than \(sizeLimit) are not read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure("\(place) is not UTF-8: save it in that encoding")
        }
        return text
    }

    /// The objects of a text: YAML documents, JSON, and Lists of objects.
    static func objects(_ text: String, _ place: String) throws -> [Manifest] {
        let documents: [YAMLDocument]
        do {
            documents = try YAMLReader.documents(text)
        } catch {
            throw Failure("\(place): \(error)")
        }
        if documents.isEmpty { throw Failure("\(place) holds no objects") }
        var manifests: [Manifest] = []
        for document in documents {
            let here = "\(place):\(document.line)"
            if document.value["kind"]?.string == "List", let items = document.value["items"]?.array {
                for (index, item) in items.enumerated() {
                    manifests.append(try Manifest(tree: item, place: "\(here) items[\(index)]"))
                }
            } else {
                manifests.append(try Manifest(tree: document.value, place: here))
            }
        }
        return manifests
    }
}
