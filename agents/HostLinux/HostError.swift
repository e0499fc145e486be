import CHost
import Glibc

/// Why the machine did not do what was asked.
package enum HostError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A system call failed: what was tried, on what, and the errno.
    case failed(String, path: String, errno: Int32)
    /// What is there is not what was expected; a sentence.
    case unexpected(String)
    /// A cgroup still holds so many processes.
    case busy(path: String, processes: Int)

    package var description: String {
        switch self {
        case .failed(let what, let path, let number): "cannot \(what) \(path): \(String(cString: strerror(number)))"
        case .unexpected(let sentence): sentence
        case .busy(let path, let processes): "\(path) still holds \(processes) process(es)"
        }
    }

    /// Throws when a C function of CHost returned a negative errno.
    static func check<N: SignedInteger>(_ result: N, _ what: String, _ path: String) throws(HostError) {
        if result < 0 { throw .failed(what, path: path, errno: Int32(truncatingIfNeeded: -result)) }
    }
}
