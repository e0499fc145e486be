import Foundation
import TidemillClient
import TidemillDaemon
import TidemillWire
import TidemillYAML

/// Reads a configuration file.
enum ConfigurationFile {
    /// The file's one YAML document; an empty file is an empty map.
    static func read(_ path: String) throws -> ConfigurationValue {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let documents = try YAMLReader.documents(text)
        guard documents.count <= 1 else { throw ConfigurationError.notAMap }
        return documents.first.map { value($0.value) } ?? .map([])
    }

    private static func value(_ json: JSON) -> ConfigurationValue {
        switch json {
        case .null: .text("")
        case .bool(let flag): .text(String(flag))
        case .integer(let number): .text(String(number))
        case .number(let text), .string(let text): .text(text)
        case .array(let items): .list(items.map(value))
        case .object(let object): .map(object.members.map { .init(key: $0.key, value: value($0.value)) })
        }
    }
}
