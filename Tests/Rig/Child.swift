import Foundation

/// A program that the rig started, with its output in a file. Ended by pid, never by name.
package final class Child: @unchecked Sendable {
    // `Process` is not Sendable; it is only touched in `init`, and its pid and exit are read through the kernel.
    private let process: Process
    package let pid: Int32
    package let log: String

    package init(_ path: String, _ arguments: [String], environment: [String: String] = [:], log: String) throws {
        // What an earlier start has written stays above.
        if !FileManager.default.fileExists(atPath: log) {
            FileManager.default.createFile(atPath: log, contents: nil)
        }
        guard let output = FileHandle(forWritingAtPath: log) else { throw RigError("cannot write \(log)") }
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
