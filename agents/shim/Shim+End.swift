import CHost
import Glibc
import TidemillLease
import TidemillSeams

extension Shim {
    /// Ends every process of the slice, and returns when none is left (invariant 3). SIGKILL to the namespace's init is
    /// atomic; the rest reaches what joined the groups beside it. Should this last beyond the deadline, the kernel's timer
    /// is still armed.
    mutating func clear() {
        guard let task else { return }
        var hasComplained = false
        var turns = 0
        while true {
            task.kill()
            if let path = spec.groups.killFile { writeFile(path, "1") }
            let left = signalGroups(SIGKILL)
            // The v1 freezer holds even SIGKILL back.
            if let path = spec.groups.freezerFile { writeFile(path, path.hasSuffix("cgroup.freeze") ? "0" : "THAWED") }
            drainLog()
            if task.isGone(), left == 0 { break }
            turns += 1
            if turns > 1000, !hasComplained {
                hasComplained = true
                complain("ProcessStuck: \(left) process(es) of the slice do not end")
            }
            // A moment, cut short by the init's end.
            if tm_pidfd_ended(task.initProcess.pidfd, 5) != 0, left > 0 { _ = poll(nil, 0, 1) }
        }
        drainLog()
        // Nothing executes any more: the record may take its time.
        if spec.deadline != nil, !isFenceBroken { _ = tm_fence_disarm() }
    }

    private func signalGroups(_ signal: Int32) -> Int32 {
        var most: Int32 = 0
        for path in spec.groups.taskProcs {
            most = max(most, tm_cgroup_signal(folder(of: path), signal))
        }
        return most
    }

    private func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }

    /// The record of who runs; 0 or a negative errno.
    func recordStart(command pid: Int32) -> Int32 {
        guard let task, let startedAt else { return -EINVAL }
        let record = StartedRecord(
            sliceUID: spec.sliceUID, epoch: spec.epoch, boot: spec.boot, shim: identity(getpid()),
            initProcess: identity(task.initProcess.pid), task: identity(pid), startedAt: startedAt.wall,
            unenforced: unenforced)
        do throws(RecordError) {
            return writeRecord(try record.bytes(), to: spec.startedPath)
        } catch {
            return -EINVAL
        }
    }

    /// Writes the end durably. Returns the shim's exit status: 0, or 1 when the end could not be recorded (Lost).
    func recordEnd() -> Int32 {
        let oomKills = max(0, countOomKills() - earlierOomKills)
        guard let outcome = life.outcome(oomKills: oomKills), let endedAt else { return 1 }
        let record = EndRecord(
            sliceUID: spec.sliceUID, epoch: spec.epoch, token: spec.token, exitCode: outcome.exitCode,
            signal: outcome.signal, reason: outcome.reason, message: outcome.message, oomKills: oomKills,
            startedAt: startedAt?.wall, finishedAt: endedAt.wall, startedInstant: startedAt?.instant,
            finishedInstant: endedAt.instant, killTime: killTime)
        do throws(RecordError) {
            return persist(try record.bytes())
        } catch {
            complain("cannot record the end: \(error)")
            return 1
        }
    }

    /// Writes the end, also on a disk that is full for a moment: an end that is not recorded is Lost, and its work is done
    /// again. Gives up after half a minute and says so.
    private func persist(_ bytes: [UInt8]) -> Int32 {
        let patience: Duration = .seconds(30)
        let begun = clocks().instant
        var hasComplained = false
        while true {
            let result = writeRecord(bytes, to: spec.endPath)
            if result == 0 { return 0 }
            let isHopeless = result == -ENOENT || result == -ENOTDIR
            if isHopeless || clocks().instant.since(begun) >= patience {
                complain("the end is not recorded in \(spec.endPath), and so is lost: \(describe(result))")
                return 1
            }
            if !hasComplained {
                hasComplained = true
                complain("the end cannot be recorded yet in \(spec.endPath): \(describe(result))")
            }
            _ = poll(nil, 0, 100)
        }
    }

    private func writeRecord(_ bytes: [UInt8], to path: String) -> Int32 {
        tm_write_durably(path, bytes, bytes.count, 0o600)
    }

    private func identity(_ pid: Int32) -> ProcessIdentity {
        ProcessIdentity(pid: pid, startTicks: max(0, tm_start_ticks("/proc", pid)))
    }

    func countOomKills() -> Int64 {
        guard let path = spec.groups.oomFile, let bytes = readFile(path, limit: 4096) else { return 0 }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int64(words[1]) ?? 0 }
        }
        return 0
    }
}
