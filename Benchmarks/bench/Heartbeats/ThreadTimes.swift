import Foundation
import TidemillRig

/// How a process's CPU divides between its event loops (sockets, TLS, HTTP) and the threads that run everything else.
struct ThreadTimes {
    private let pid: Int32
    private var before: [String: Double]

    init(_ pid: Int32) {
        self.pid = pid
        before = Self.read(pid)
    }

    /// In cores since the last look, as a note.
    mutating func shares(seconds: Double) -> String {
        let now = Self.read(pid)
        let used = now.map { ($0.key, ($0.value - (before[$0.key] ?? 0)) / seconds) }
        before = now
        let loops = used.filter { $0.0.contains("NIO") }.reduce(0) { $0 + $1.1 }
        let rest = used.filter { !$0.0.contains("NIO") }.reduce(0) { $0 + $1.1 }
        return "event loops \(figure(loops)), requests and rules \(figure(rest))"
    }

    /// Processor seconds by `name#thread`.
    private static func read(_ pid: Int32) -> [String: Double] {
        // A thread that is gone by now has used what it has used.
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        var seconds: [String: Double] = [:]
        for thread in threads {
            guard let name = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/comm", encoding: .utf8),
                let used = try? Kernel.processorSeconds(of: pid, thread: thread)
            else { continue }
            seconds["\(name.trimmingCharacters(in: .whitespacesAndNewlines))#\(thread)"] = used
        }
        return seconds
    }
}
