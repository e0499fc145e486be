import Glibc

/// The work of the drills: writes down every 20 ms who it is and that it runs, durably, so that two runs of one index which
/// were there at the same time are seen afterwards.
///
/// `tidemill-witness FILE [SECONDS]` ends with success after SECONDS, and runs until it is ended without them. A line is
/// `job rank attempt token start now`, the last two on the boot clock in nanoseconds; several witnesses share one file.
@main enum Witness {
    static let period = timespec(tv_sec: 0, tv_nsec: 20_000_000)

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1 else { fail("tidemill-witness FILE [SECONDS]") }
        let file = open(arguments[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { fail("\(arguments[1]): errno \(errno)") }
        let start = now()
        let end = arguments.count > 2 ? Int64(arguments[2]).map { start + $0 * 1_000_000_000 } : nil
        let names = ["TIDEMILL_JOB", "TIDEMILL_RANK", "TIDEMILL_ATTEMPT", "TIDEMILL_TOKEN"]
        let identity = names.map { getenv($0).map { String(cString: $0) } ?? "-" }.joined(separator: " ")
        while true {
            let now = now()
            let line = Array("\(identity) \(start) \(now)\n".utf8)
            guard write(file, line, line.count) == line.count, fdatasync(file) == 0 else {
                fail("\(arguments[1]) cannot be written: errno \(errno)")
            }
            if let end, now >= end { exit(0) }
            var pause = period
            nanosleep(&pause, nil)
        }
    }

    static func now() -> Int64 {
        var time = timespec()
        // The clock exists on every supported kernel; the call cannot fail for it.
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    static func fail(_ message: String) -> Never {
        let line = Array("\(message)\n".utf8)
        write(STDERR_FILENO, line, line.count)
        exit(2)
    }
}
