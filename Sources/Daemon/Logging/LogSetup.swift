import Logging

/// Makes every `Logger` of this process write lines to standard error, at `level` and above.
///
/// Call it once, first thing in the program; a second call ends the process (swift-log allows one).
package func startLogging(level: Logger.Level) {
    LoggingSystem.bootstrap { label in LineLogHandler(label: label, level: level) }
}

extension Logger {
    /// Logs the configuration that holds, once at start; secrets are hidden.
    package func logEffective(_ configuration: ConfigurationTree) {
        var metadata: Logger.Metadata = [:]
        for setting in configuration.settings {
            let shown = setting.key.isSecret ? "(hidden)" : setting.value.shownText
            metadata[setting.key.path] = .string("\(shown) (\(setting.source.rawValue))")
        }
        info("effective configuration", metadata: metadata)
    }
}

extension ConfigurationValue {
    /// The value on one line, for the log.
    package var shownText: String {
        switch self {
        case .text(let text): text
        case .list(let items): "[" + items.map(\.shownText).joined(separator: ", ") + "]"
        case .map(let members): "{" + members.map { "\($0.key): \($0.value.shownText)" }.joined(separator: ", ") + "}"
        }
    }
}
