import Foundation

/// A program that the rig started, with its output in a file. Ended by pid, never by name.
package final class Child: @unchecked Sendable {
    // `Process` is not Sendable; it is only touched in `init`, and its pid and exit are read through the kernel.
    private let process: Process
    package let pid: Int32
    package let log: String

    package init(_ path: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let output = FileHandle(forWritingAtPath: log)
        else { throw RigError("cannot write \(log)") }
        output.seekToEndOfFile()
        process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        pid = process.processIdentifier
        self.log = log
    }

    package var isRunning: Bool { process.isRunning }

    /// Exit status, or nil while it runs and when a signal ended it.
    package var exitStatus: Int32? {
        process.isRunning || process.terminationReason != .exit ? nil : process.terminationStatus
    }

    package func signal(_ number: Int32) {
        if process.isRunning { kill(pid, number) }
    }

    /// Sends `number` and waits until the process is gone.
    package func end(_ number: Int32 = SIGKILL) async throws {
        signal(number)
        try await Patience.untilTrue("process \(pid) ends") { !process.isRunning }
    }

    /// The last lines that it printed.
    package func tail(_ lines: Int = 30) -> String {
        // Only for messages.
        guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return "(no log)" }
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }
}

/// What the kernel says of processes.
package enum Kernel {
    /// Whether a process of this pid exists and is no zombie.
    package static func isAlive(_ pid: Int32) -> Bool {
        // A process that ended between two looks has no stat file: that is the answer.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        guard let end = stat.lastIndex(of: ")") else { return false }
        return !stat[stat.index(after: end)...].hasPrefix(" Z")
    }

    /// Pids of all live processes with `text` in their command line.
    package static func commandLines(containing text: String) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // /proc is always there
        return entries.compactMap { Int32($0) }.filter { pid in
            // A process that is gone by now has no command line.
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            return String(decoding: data, as: UTF8.self).contains(text) && isAlive(pid)
        }
    }

    /// Pids of all processes whose environment holds `NAME=value`; the rig marks what it starts this way.
    package static func processes(withEnvironment mark: String) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // /proc is always there
        return entries.compactMap { Int32($0) }.filter { pid in
            // Processes come and go; one that is gone has no environment.
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
            return data.split(separator: 0).contains { $0.elementsEqual(mark.utf8) } && isAlive(pid)
        }
    }
}

extension Kernel {
    /// What a process holds of memory, in bytes.
    package struct Memory: Sendable {
        package var residentBytes: Int
        /// Not shared with any other process.
        package var privateBytes: Int
    }

    /// Reads /proc/PID/smaps_rollup.
    package static func memory(of pid: Int32) throws -> Memory {
        let text = try String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
        var kibibytes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, let value = Int(words[1]) { kibibytes[words[0]] = value }
        }
        return Memory(
            residentBytes: (kibibytes["Rss:"] ?? 0) << 10,
            privateBytes: ((kibibytes["Private_Clean:"] ?? 0) + (kibibytes["Private_Dirty:"] ?? 0)) << 10)
    }
}
