import Logging
import TidemillSeams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes each message as one line of text to standard error:
/// `2026-11-21T03:35:29.123Z info tidemill.api: listening address=127.0.0.1:8443`.
///
/// A line is one write(2), so lines of several threads never mix. Line breaks inside a message or value are escaped.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level
    private let label: String
    private let time: any TimeSource
    private let write: @Sendable ([UInt8]) -> Void

    /// `write` takes one whole line, newline included.
    package init(
        label: String, level: Logger.Level = .info, time: any TimeSource = SystemTime(),
        write: @escaping @Sendable ([UInt8]) -> Void = writeToStandardError
    ) {
        self.label = label
        logLevel = level
        self.time = time
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = timestampText(time.wall())
        line += " \(event.level.rawValue) \(label): "
        escape(event.message.description, into: &line, quoted: false)
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = .string("\(error)") }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)="
            escape(value.description, into: &line, quoted: true)
        }
        line += "\n"
        write(Array(line.utf8))
    }
}

/// Appends `text` on one line; with `quoted`, in quotation marks when it holds a space or a quotation mark.
private func escape(_ text: String, into line: inout String, quoted: Bool) {
    let needsQuotes = quoted && (text.isEmpty || text.utf8.contains { $0 <= 0x20 || $0 == 0x22 || $0 == 0x3D })
    if needsQuotes { line += "\"" }
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": line += "\\n"
        case "\r": line += "\\r"
        case "\"" where needsQuotes: line += "\\\""
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            line += "\\x" + hexadecimal(UInt64(scalar.value), width: 2)
        default: line.unicodeScalars.append(scalar)
        }
    }
    if needsQuotes { line += "\"" }
}

/// Writes `line` to standard error. What the kernel does not take is lost: a log must never stop its program.
@Sendable
package func writeToStandardError(_ line: [UInt8]) {
    line.withUnsafeBytes { bytes in
        #if canImport(Glibc)
        _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        #else
        _ = Darwin.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        #endif
    }
}
