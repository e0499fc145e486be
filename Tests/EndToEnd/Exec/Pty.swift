import Foundation
import TidemillRig

/// A call at a terminal of the test's own, with which it types, reads and changes the size.
final class Pty: @unchecked Sendable {
    // Used from one task at a time.
    private let master: Int32
    private let name: String
    let pid: pid_t
    private(set) var text = ""

    init(_ way: Way, _ arguments: [String], rows: UInt16, columns: UInt16) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var (unlocked, number): (Int32, UInt32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN, of which the C library's names are hidden.
        guard master >= 0, ioctl(master, 0x4004_5431, &unlocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw RigError("no terminal can be made: \(String(cString: strerror(errno)))")
        }
        name = "/dev/pts/\(number)"
        _ = fcntl(master, F_SETFD, FD_CLOEXEC)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(master, UInt(TIOCSWINSZ), &size) == 0 else { throw RigError("the terminal takes no size") }
        pid = try Self.spawn(way, arguments, terminal: name)
    }

    deinit { close(master) }

    /// The first terminal that the leader of a new session opens becomes its own.
    private static func spawn(_ way: Way, _ arguments: [String], terminal: String) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        // POSIX_SPAWN_SETSID, whose name is hidden too.
        posix_spawnattr_setflags(&attributes, 0x80)
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        let words = way.words + arguments
        let environment = ProcessInfo.processInfo.environment.merging(way.environment) { $1 }
            .merging(["TERM": "vt220"]) { $1 }.map { "\($0.key)=\($0.value)" }
        var argv = words.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw RigError("\(words[0]): \(String(cString: strerror(result)))") }
        return pid
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        write(master, bytes, bytes.count)
    }

    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Whether the terminal edits lines and makes signals of keys, as it does for a shell.
    var isCooked: Bool {
        var settings = termios()
        return tcgetattr(master, &settings) == 0 && settings.c_lflag & tcflag_t(ICANON | ISIG | ECHO) != 0
    }

    /// Waits until the terminal has shown `wanted`, after what earlier waits have seen.
    func sees(_ wanted: String, within limit: Duration = .seconds(20)) async throws -> Bool {
        do {
            try await Patience.untilTrue("the terminal shows \(wanted)", within: limit) {
                take()
                guard let found = text.range(of: wanted, range: seen..<text.endIndex) else { return false }
                seen = found.upperBound
                return true
            }
            return true
        } catch {
            return false
        }
    }

    private var seenCount = 0
    private var seen: String.Index {
        get { text.index(text.startIndex, offsetBy: min(seenCount, text.count)) }
        set { seenCount = text.distance(from: text.startIndex, to: newValue) }
    }

    private func take() {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(master, &chunk, chunk.count)
            if count <= 0 { return }
            text += String(decoding: chunk[..<count], as: UTF8.self)
        }
    }

    /// Waits for the end; the status as a shell shows it.
    func end(within limit: Duration = .seconds(30)) async throws -> Int32 {
        do {
            return try await Patience.until("the call at the terminal ends", within: limit) {
                take()
                var raw: Int32 = 0
                guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
                return raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
            }
        } catch {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw RigError("\(error); the terminal shows: \(text.suffix(500))")
        }
    }
}
