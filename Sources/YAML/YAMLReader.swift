import TidemillWire
import Yams

/// One document of a YAML text.
package struct YAMLDocument: Sendable {
    /// Line on which it begins, from 1.
    package var line: Int
    package var value: JSON
}

/// Reads YAML as JSON trees: scalars by the core schema of YAML 1.2, duplicate keys refused, aliases expanded within a bound.
package enum YAMLReader {
    /// Values that one document may expand to; a few lines of nested aliases could otherwise fill the memory.
    static let valueLimit = 500_000
    static let depthLimit = 100

    /// All documents of a text; empty ones are left out.
    ///
    /// - Parameter allowsAliases: false for a stranger's text, which may then have no anchors with aliases of them: a few
    ///   lines of nested ones keep the parser busy for hours, or make a tree that is too deep to be freed, before anything
    ///   can be counted.
    package static func documents(_ text: String, allowsAliases: Bool = true) throws(YAMLError) -> [YAMLDocument] {
        if !allowsAliases, text.marksNames(with: "&"), text.marksNames(with: "*") {
            throw YAMLError(
                line: nil, column: nil,
                reason: "anchors and aliases (&a, *a) are not read here: write the values out, or send JSON")
        }
        var documents: [YAMLDocument] = []
        do {
            let parser = try Parser(yaml: text)
            while let root = try parser.nextRoot() {
                var conversion = Conversion()
                let value = try conversion.value(root, depth: 0)
                if value != .null { documents.append(YAMLDocument(line: root.mark?.line ?? 1, value: value)) }
            }
        } catch let error as YAMLError {
            throw error
        } catch let error as YamlError {
            throw YAMLError(error)
        } catch {
            throw YAMLError(line: nil, column: nil, reason: "\(error)")
        }
        return documents
    }
}

extension String {
    /// Whether `sign` stands before a character of a name anywhere, as YAML writes anchors and aliases. It may stand in a
    /// quoted text, too: whoever has both there can send JSON.
    fileprivate func marksNames(with sign: Unicode.Scalar) -> Bool {
        var isMarked = false
        for byte in utf8 {
            let isName =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            if isMarked, isName { return true }
            isMarked = byte == UInt8(ascii: sign)
        }
        return false
    }
}

/// Turns nodes into values and counts them.
private struct Conversion {
    var values = 0

    mutating func value(_ node: Node, depth: Int) throws(YAMLError) -> JSON {
        values += 1
        if values > YAMLReader.valueLimit {
            throw fault(node, "more than \(YAMLReader.valueLimit) values, aliases expanded")
        }
        // As many levels of lists and maps as JSON may have.
        if depth >= YAMLReader.depthLimit, node.scalar == nil {
            throw fault(node, "nested deeper than \(YAMLReader.depthLimit) levels")
        }
        switch node {
        case .scalar(let scalar):
            let isString =
                scalar.style != .plain && scalar.style != .any || scalar.tag.description == "tag:yaml.org,2002:str"
            if isString { return .string(scalar.string) }
            guard let value = YAMLScalar.plain(scalar.string) else {
                throw fault(node, "\(scalar.string) is no number that JSON can carry: write it in quotes")
            }
            return value
        case .sequence(let sequence):
            var items: [JSON] = []
            for item in sequence { items.append(try value(item, depth: depth + 1)) }
            return .array(items)
        case .mapping(let mapping):
            return try object(mapping, depth: depth)
        case .alias:
            throw fault(node, "an alias without its anchor")
        }
    }

    private mutating func object(_ mapping: Node.Mapping, depth: Int) throws(YAMLError) -> JSON {
        var members: [JSONObject.Member] = []
        var seen: Set<String> = []
        for (keyNode, valueNode) in mapping {
            guard case .scalar(let key) = keyNode else { throw fault(keyNode, "a key must be a plain value") }
            if key.string == "<<", key.style == .plain {
                throw fault(keyNode, "merge keys (<<) are not supported: write the members out")
            }
            guard seen.insert(key.string).inserted else { throw fault(keyNode, "duplicate key \"\(key.string)\"") }
            members.append(.init(key: key.string, value: try value(valueNode, depth: depth + 1)))
        }
        return .object(JSONObject(members))
    }

    private func fault(_ node: Node, _ reason: String) -> YAMLError {
        YAMLError(line: node.mark?.line, column: node.mark?.column, reason: reason)
    }
}

extension YAMLError {
    /// The parser's error in our words.
    init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let isDepth = problem.hasPrefix("Maximum nesting level")
            let reason = isDepth ? "nested deeper than \(YAMLReader.depthLimit) levels" : problem
            self.init(line: mark.line, column: mark.column, reason: reason)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            self.init(line: context.mark.line, column: context.mark.column, reason: "duplicate key \(names)")
        case .reader(let problem, let offset, _, _):
            self.init(line: nil, column: nil, reason: problem + (offset.map { " at byte \($0)" } ?? ""))
        default:
            self.init(line: nil, column: nil, reason: "\(error)")
        }
    }
}
