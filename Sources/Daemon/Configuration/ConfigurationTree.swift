/// The effective configuration of one program: a flag wins over the environment (TIDEMILL_*), the environment over the
/// file, the file over the default. A key that the program does not know is an error.
///
/// Variables of the environment that name no key are left alone, since other programs share the prefix.
package struct ConfigurationTree: Sendable {
    /// Where a value came from, in the words of error messages.
    package enum Source: String, Hashable, Sendable {
        case flag, environment, file, `default`
    }

    /// One setting as it holds.
    package struct Setting: Hashable, Sendable {
        package var key: ConfigurationKey
        package var value: ConfigurationValue
        package var source: Source
    }

    /// Every setting that has a value, in the order of the keys.
    package let settings: [Setting]
    private let keys: [String: ConfigurationKey]

    /// `flags` are given by path. An empty variable of the environment counts as unset.
    package init(
        keys: [ConfigurationKey], file: ConfigurationValue? = nil, environment: [String: String] = [:],
        flags: [String: String] = [:]
    ) throws(ConfigurationError) {
        let known = Dictionary(keys.map { ($0.path, $0) }) { first, _ in first }
        var fromFile: [String: ConfigurationValue] = [:]
        if let file {
            guard case .map(let members) = file else { throw .notAMap }
            try Self.flatten(members, below: "", known: known, into: &fromFile)
        }
        for path in flags.keys.sorted() where known[path] == nil {
            throw .unknownKey(path: path, nearest: nearest(to: path, among: keys.map(\.path)))
        }
        settings = keys.compactMap { key in
            if let flag = flags[key.path] { return Setting(key: key, value: .text(flag), source: .flag) }
            if let variable = environment[key.environmentName], !variable.isEmpty {
                return Setting(key: key, value: .text(variable), source: .environment)
            }
            if let value = fromFile[key.path] { return Setting(key: key, value: value, source: .file) }
            return key.defaultText.map { Setting(key: key, value: .text($0), source: .default) }
        }
        self.keys = known
    }

    private static func flatten(
        _ members: [ConfigurationValue.Member], below prefix: String, known: [String: ConfigurationKey],
        into values: inout [String: ConfigurationValue]
    ) throws(ConfigurationError) {
        for member in members {
            let path = prefix.isEmpty ? member.key : prefix + "." + member.key
            if known[path] != nil {
                guard values.updateValue(member.value, forKey: path) == nil else { throw .duplicate(path: path) }
            } else if case .map(let inner) = member.value, known.keys.contains(where: { $0.hasPrefix(path + ".") }) {
                try flatten(inner, below: path, known: known, into: &values)
            } else {
                throw .unknownKey(path: path, nearest: nearest(to: path, among: known.keys.sorted()))
            }
        }
    }

    private func setting(_ path: String) -> Setting? {
        settings.first { $0.key.path == path }
    }

    private func refuse(_ setting: Setting, expected: String) -> ConfigurationError {
        let shown =
            switch setting.value {
            case .text(let text): text
            case .list: "a list"
            case .map: "a map"
            }
        return .invalid(path: setting.key.path, value: shown, source: setting.source.rawValue, expected: expected)
    }

    /// The text at `path`, nil when unset.
    package func text(_ path: String) throws(ConfigurationError) -> String? {
        guard let setting = setting(path) else { return nil }
        guard case .text(let text) = setting.value else { throw refuse(setting, expected: "a text") }
        return text
    }

    /// The text at `path`, which must be set.
    package func requiredText(_ path: String) throws(ConfigurationError) -> String {
        if let text = try text(path), !text.isEmpty { return text }
        throw .missing(path: path, environmentName: ConfigurationKey(path).environmentName)
    }

    /// The integer at `path` within `range`, nil when unset.
    package func integer(_ path: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let setting = setting(path) else { return nil }
        guard case .text(let text) = setting.value, let number = Int(text), range.contains(number) else {
            throw refuse(setting, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `true` or `false` at `path`, nil when unset.
    package func flag(_ path: String) throws(ConfigurationError) -> Bool? {
        guard let setting = setting(path) else { return nil }
        guard case .text(let text) = setting.value, let flag = Bool(text) else {
            throw refuse(setting, expected: "true or false")
        }
        return flag
    }

    /// The list at `path`; a text is a list separated by commas. Empty when unset.
    package func list(_ path: String) throws(ConfigurationError) -> [String] {
        guard let setting = setting(path) else { return [] }
        switch setting.value {
        case .text(let text):
            return text.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
        case .list(let items):
            var texts: [String] = []
            for item in items {
                guard case .text(let text) = item else { throw refuse(setting, expected: "a list of texts") }
                texts.append(text)
            }
            return texts
        case .map:
            throw refuse(setting, expected: "a list of texts")
        }
    }
}
