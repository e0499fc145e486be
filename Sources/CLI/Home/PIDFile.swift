import Foundation

/// Which process runs a daemon: its pid in a file, and beside it the time at which that process started, so that a later
/// process of the same pid is never mistaken for it.
struct PIDFile: Sendable {
    let path: String
    private var startPath: String { path + ".start" }

    /// The process, when it is the one that was recorded and still runs.
    func running() -> ProcessIdentity? {
        guard let pid = Self.number(path), let start = Self.number(startPath), let pid = Int32(exactly: pid) else {
            return nil
        }
        let identity = ProcessIdentity(pid: pid, start: start)
        return identity.isRunning ? identity : nil
    }

    func write(_ identity: ProcessIdentity) throws {
        // The start time first: a pid without it counts as none.
        try "\(identity.start)\n".write(toFile: startPath, atomically: true, encoding: .utf8)
        try "\(identity.pid)\n".write(toFile: path, atomically: true, encoding: .utf8)
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    func remove() {
        unlink(path)
        unlink(startPath)
    }

    /// The pid in the file, whether or not that process still runs.
    static func recorded(_ path: String) -> Int32? { number(path).flatMap { Int32(exactly: $0) } }

    private static func number(_ path: String) -> Int64? {
        // No file, no process.
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text.flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

/// A process, told apart from later ones of the same pid.
struct ProcessIdentity: Sendable, Equatable {
    let pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks between boot and the start of the process.
    let start: Int64

    init(pid: Int32, start: Int64) {
        self.pid = pid
        self.start = start
    }

    /// The process that has the pid now.
    init?(pid: Int32) {
        guard let fields = Self.fields(pid), fields.count > 19, let start = Int64(fields[19]) else { return nil }
        self.init(pid: pid, start: start)
    }

    /// The process that started it, or that adopted it.
    var parent: Int32? {
        guard let fields = Self.fields(pid), fields.count > 1 else { return nil }
        return Int32(fields[1])
    }

    var isRunning: Bool {
        guard let fields = Self.fields(pid), fields.count > 19 else { return false }
        return fields[0] != "Z" && fields[0] != "X" && Int64(fields[19]) == start
    }

    /// Signals the process unless it has ended.
    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// The fields of /proc/PID/stat from the third on: the second is a name that may hold anything.
    private static func fields(_ pid: Int32) -> [Substring]? {
        // No such file, no such process.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
