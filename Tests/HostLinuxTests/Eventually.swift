import CHost
import Glibc

/// Asks `condition` again and again, a few milliseconds apart, until it holds or `seconds` are over. The tests here deal
/// with real processes, so that there is no clock to move by hand; what they wait for is always a condition.
func eventually(_ seconds: Double = 20, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = tm_boottime_ns() + Int64(seconds * 1e9)
    while true {
        if try condition() { return true }
        if tm_boottime_ns() >= end { return false }
        poll(nil, 0, 5)
    }
}

/// Whether a process runs (a zombie does not).
func isAlive(_ pid: Int32) -> Bool {
    let handle = tm_pidfd_open(pid)
    if handle < 0 { return false }
    defer { close(handle) }
    return tm_pidfd_ended(handle, 0) == 0
}

/// Tests of enforcement need root; others run anywhere.
let isRoot = geteuid() == 0

/// What a symbolic link says; nil when there is none.
func linkTarget(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
