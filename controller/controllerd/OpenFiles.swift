import Glibc

/// File descriptors: every connection takes one.
enum OpenFiles {
    /// Raises this process's own limit to what the system allows it: the usual first limit of 1024 is far below the number
    /// of agents that one controller serves.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Refused only where even this is not allowed; then the old limit holds, and connections beyond it wait.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
