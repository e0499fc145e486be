/// What a configuration file says, once its format has been read. Scalars keep the text that was written.
package indirect enum ConfigurationValue: Hashable, Sendable {
    case text(String)
    case list([ConfigurationValue])
    /// Members in the order of the file.
    case map([Member])

    /// One `key: value` of a map.
    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: ConfigurationValue

        package init(key: String, value: ConfigurationValue) {
            self.key = key
            self.value = value
        }
    }
}

/// One setting that a program knows.
package struct ConfigurationKey: Hashable, Sendable {
    /// Dotted path in the file, such as `limits.connections`.
    package var path: String
    /// Value when nobody sets it; nil when it then stays unset.
    package var defaultText: String?
    /// Hidden from the log of the effective configuration.
    package var isSecret: Bool

    package init(_ path: String, default defaultText: String? = nil, isSecret: Bool = false) {
        self.path = path
        self.defaultText = defaultText
        self.isSecret = isSecret
    }

    /// `limits.maxConnections` is read from `TIDEMILL_LIMITS_MAX_CONNECTIONS`.
    package var environmentName: String {
        var name = "TIDEMILL_"
        for character in path {
            if character == "." {
                name.append("_")
            } else {
                if character.isUppercase { name.append("_") }
                name.append(contentsOf: character.uppercased())
            }
        }
        return name
    }
}

/// Why a configuration cannot be used. `description` is a sentence for the operator.
package enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownKey(path: String, nearest: String?)
    case missing(path: String, environmentName: String)
    case invalid(path: String, value: String, source: String, expected: String)
    case duplicate(path: String)
    case notAMap

    package var description: String {
        switch self {
        case .unknownKey(let path, let nearest):
            "unknown key \"\(path)\" in the configuration" + (nearest.map { ", did you mean \"\($0)\"?" } ?? "")
        case .missing(let path, let environmentName):
            "the configuration needs \"\(path)\" (in the file, as a flag, or as \(environmentName))"
        case .invalid(let path, let value, let source, let expected):
            "\"\(path)\" from the \(source) is \"\(value)\", but must be \(expected)"
        case .duplicate(let path):
            "\"\(path)\" is set twice in the configuration"
        case .notAMap:
            "the configuration must be a map of keys"
        }
    }
}
