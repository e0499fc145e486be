@preconcurrency import Dispatch
import Foundation
import TidemillWire

/// The terminal at standard input while a session has it: what is typed goes to the session as it is, Ctrl-C too.
struct RawTerminal {
    private var saved = termios()

    /// Nil when standard input is no terminal.
    init?() {
        guard tcgetattr(0, &saved) == 0 else { return nil }
        var raw = saved
        cfmakeraw(&raw)
        guard tcsetattr(0, TCSADRAIN, &raw) == 0 else { return nil }
    }

    /// Gives the terminal back as it was.
    func restore() {
        var saved = saved
        tcsetattr(0, TCSADRAIN, &saved)
    }

    /// The size of the terminal at standard input, or at standard output; nil when neither is one.
    static var size: (rows: UInt16, columns: UInt16)? {
        var size = winsize()
        for descriptor: Int32 in [0, 1] where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 {
            return (size.ws_row, size.ws_col)
        }
        return nil
    }

    /// What a session's terminal begins as.
    static func request() -> ExecRequest.Terminal? {
        guard isatty(0) == 1, let size else { return nil }
        return ExecRequest.Terminal(
            rows: size.rows, columns: size.columns, type: ProcessInfo.processInfo.environment["TERM"] ?? "xterm")
    }

    /// Speaks after each change of the size.
    static func changes() -> AsyncStream<Void> {
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeSignalSource(signal: SIGWINCH, queue: .global())
        source.setEventHandler { continuation.yield() }
        continuation.onTermination = { _ in source.cancel() }
        source.activate()
        return changes
    }
}
