import Foundation

/// What standard output is: a terminal with a width and perhaps colours, or a file or pipe without either.
struct Terminal: Sendable {
    var isTerminal: Bool
    var hasColors: Bool
    /// Characters in a line.
    var columns: Int
    var rows: Int

    /// Looks at standard output; NO_COLOR (https://no-color.org) and TERM=dumb switch colours off.
    static func standardOutput() -> Terminal {
        let environment = ProcessInfo.processInfo.environment
        let isTerminal = isatty(1) == 1
        let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        var size = winsize()
        let isKnown = isTerminal && ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Terminal(
            isTerminal: isTerminal, hasColors: isTerminal && !isPlain, columns: isKnown ? Int(size.ws_col) : 120,
            rows: isKnown ? Int(size.ws_row) : 40)
    }

    /// Whether somebody sits at standard input who can be asked.
    static var canAsk: Bool { isatty(0) == 1 }

    /// Asks on standard error; only `y` and `yes` mean yes.
    static func confirms(_ question: String) -> Bool {
        write("\(question) [y/N] ", to: 2)
        let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// Writes a line to standard output at once.
    static func say(_ line: String) {
        write(line + "\n", to: 1)
    }

    /// Writes text to standard output as it is.
    static func emit(_ text: String) {
        write(text, to: 1)
    }

    /// Writes bytes to standard output as they are.
    static func emit(_ bytes: [UInt8]) {
        write(bytes, to: 1)
    }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        write(line.hasSuffix("\n") ? line : line + "\n", to: 2)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8), to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            if written <= 0 { return }
            rest = rest.dropFirst(written)
        }
    }
}

/// Colours that mean something: what is well, what waits, what went wrong.
enum Tone: String {
    case good = "32"
    case waiting = "33"
    case bad = "31"
    case faint = "2"
    case strong = "1"
}

extension Terminal {
    /// `text` in the tone, where colours are shown.
    func paint(_ text: String, _ tone: Tone?) -> String {
        guard hasColors, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }

    /// The tone of a state's name.
    static func tone(ofState state: String) -> Tone? {
        switch state {
        case "Succeeded", "Ready", "Active", "Running", "Healthy": .good
        case "Failed", "Lost", "Disconnected", "Unhealthy", "Fenced": .bad
        case "Pending", "Queued", "Suspect", "Initializing", "Reserved", "Prepared", "Terminating", "Draining",
            "Cordoned", "Maintenance":
            .waiting
        default: nil
        }
    }
}
