import Foundation
import TidemillDaemon
import Yams

/// Reads a configuration file.
enum ConfigurationFile {
    /// The file's one YAML document; an empty file is an empty map.
    static func read(_ path: String) throws -> ConfigurationValue {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let documents = try Array(Yams.compose_all(yaml: text))
        guard documents.count <= 1 else { throw ConfigurationError.notAMap }
        return documents.first.map(value) ?? .map([])
    }

    private static func value(_ node: Node) -> ConfigurationValue {
        switch node {
        case .scalar(let scalar): .text(scalar.string)
        case .sequence(let items): .list(items.map(value))
        case .mapping(let members):
            .map(members.map { .init(key: $0.key.string ?? "", value: value($0.value)) })
        case .alias: .text("")
        }
    }
}
