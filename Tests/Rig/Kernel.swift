import Foundation

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
    /// The boot clock in nanoseconds, as tasks and shims read it.
    package static func bootNanoseconds() -> Int64 {
        var time = timespec()
        // The clock exists on every supported kernel; the call cannot fail for it.
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Processor seconds that a process has used so far, user and system, all threads; from /proc/PID/stat.
    /// - Parameter thread: only of this thread, from /proc/PID/task/THREAD/stat.
    package static func processorSeconds(of pid: Int32, thread: String? = nil) throws -> Double {
        let path = "/proc/\(pid)\(thread.map { "/task/\($0)" } ?? "")/stat"
        let stat = try String(contentsOfFile: path, encoding: .utf8)
        guard let end = stat.lastIndex(of: ")") else { throw RigError("\(path) cannot be read") }
        // Behind the name come the fields from the third on; utime and stime are the 14th and 15th.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw RigError("\(path) cannot be read")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

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

    /// How many bytes a process has written so far, to whatever; from /proc/PID/io.
    package static func writtenBytes(by pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/io", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("wchar: ") }),
            let bytes = Int(line.dropFirst("wchar: ".count))
        else { throw RigError("/proc/\(pid)/io cannot be read") }
        return bytes
    }
}
