import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// The end of a slice: its last processes, and what its plan made.
extension LinuxSliceHost {
    /// How long a release waits for the kernel to drop a page cache, before it is tried again later.
    private static let scrubTime: Duration = .seconds(5)

    package func empty(_ slice: HeldSlice) async throws(SliceHostError) -> ScrubRecord? {
        // The kernel drops nothing of a group, and removes none, while a process is in it.
        guard try endProcesses(slice.key) else { return nil }
        var scrub = ScrubRecord()
        for undo in slice.plan?.undos ?? [] {
            guard try carryOut(slice.key, { () throws(HostError) in try executor.perform(undo, &scrub) }) else {
                return nil
            }
            if case .dropCache(let path, let value, let usage) = undo, HostFile.exists(path) {
                try await dropCache(of: slice.key, path, value, usage, &scrub)
            }
        }
        // Also what no plan of this agent speaks of.
        let group = group(slice.key)
        let isGone = try carryOut(slice.key) { () throws(HostError) in
            if try driver.groups().contains(group) { try driver.remove(group) }
        }
        return isGone ? scrub : nil
    }

    /// Kills what is left of its processes; false while there is one.
    private func endProcesses(_ key: SliceKey) throws(SliceHostError) -> Bool {
        let record = try attempt { () throws(HostError) in try startedRecord(folder(key)) }
        var isEmpty = true
        if let started = record, started.boot == settings.bootID {
            // A shim that still lives here has no task to guard. The init ends last of its namespace: where no cgroup
            // counts, it alone says whether a process is left.
            for process in [started.shim, started.initProcess, started.task] {
                guard let left = try attempt({ () throws(HostError) in try adopt(process) }) else { continue }
                try attempt { () throws(HostError) in _ = try left.signal(9) }
                isEmpty = false
            }
        }
        guard isEmpty else { return false }
        return try carryOut(key) { () throws(HostError) in
            let left = try driver.processCount(group(key))
            if left > 0 { throw .busy(path: "\(key)", processes: left) }
        }
    }

    /// False when a process was left in a group, which is killed.
    private func carryOut(_ key: SliceKey, _ body: () throws(HostError) -> Void) throws(SliceHostError) -> Bool {
        try attempt { () throws(HostError) in
            do throws(HostError) {
                try body()
                return true
            } catch .busy {
                try driver.kill(group(key))
                return false
            }
        }
    }

    /// Tells the kernel to drop what it keeps in memory for the slice, from a process of its own: it may wait for disks
    /// meanwhile, and one that never answers must stop neither other slices nor the agent's own end. Throws `.hindered` while
    /// that goes on, and while others use more of it than may stay.
    private func dropCache(
        of key: SliceKey, _ path: String, _ value: String, _ usage: String, _ scrub: inout ScrubRecord
    ) async throws(SliceHostError) {
        guard let tree = driver.tree else { return }
        let before = Self.bytes(usage)
        let writer: ProcessHandle
        if let waiting = scrubbers[key] {
            writer = waiting
        } else {
            writer = try attempt { () throws(HostError) in try tree.writeApart(value, to: path) }
            scrubbers[key] = writer
        }
        // As much as the kernel can: what it still uses elsewhere stays, and says so with an error. A group whose file is
        // being written cannot be removed.
        guard await hasEnded(writer) else { throw .hindered(.scrub) }
        scrubbers[key] = nil
        if let before, let after = Self.bytes(usage) {
            scrub.cacheBytes = (scrub.cacheBytes ?? 0) + max(0, before - after)
        }
        scrub.leftBytes = try attempt { () throws(HostError) in try tree.heldBytes(group(key)) }
        if let left = scrub.leftBytes, left > ScrubRecord.mostLeftBytes(cpus: HostTopology.cpuCount) {
            throw .hindered(.memory(bytes: left))
        }
    }

    private func hasEnded(_ process: ProcessHandle) async -> Bool {
        var waited = Duration.zero
        while process.exitNow() == nil {
            if waited >= Self.scrubTime { return false }
            let pause: Duration = waited < .milliseconds(20) ? .milliseconds(1) : .milliseconds(20)
            waited += pause
            // Cancelled while waiting: the count ends the loop.
            try? await sleep(pause)
        }
        return true
    }

    private static func bytes(_ path: String) -> Int64? {
        // Where it is not counted, nothing is said of it.
        (try? HostFile.readText(path)).flatMap { Int64($0) }
    }
}
