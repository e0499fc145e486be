import Logging
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// Canaries: they stand where a task of the slice would, and try to get out.
extension LinuxSliceHost {
    package func probe(_ slice: HeldSlice) async -> SliceProof? {
        guard let plan = slice.plan, var probe = plan.probe else { return nil }
        // The others would be felt by the task, or end it.
        probe.checks = probe.checks.filter { ProbeSpec.Check.harmless.contains($0) }
        // What is shared may have grown or shrunk since the plan was made.
        if let file = plan.cpusFile, let now = boundCPUs(file) { probe.cpus = now }
        do throws(SliceHostError) {
            guard try hasRoom(for: slice) else { return nil }
            let record = try await record(of: probe, slice, in: lightGroups(of: slice))
            // A canary that could not be sent proves nothing, either way.
            guard record.failure == nil else { return nil }
            return SliceProof(record)
        } catch {
            logger.warning(
                "a slice cannot be probed", metadata: ["slice": "\(slice.key)", "error": "\(error.message)"])
            return nil
        }
    }

    /// How often a canary is sent that cannot try everything: on a crowded machine it may get too little time to tell.
    private static let canaries = 4

    /// What canaries found of a slice that was just made by these steps; throws when it does not hold.
    func prove(
        _ slice: HeldSlice, _ probe: ProbePlan, after steps: ArraySlice<SliceStep>
    ) async throws(SliceHostError) -> SliceProof {
        var found: ProbeRecord
        do throws(SliceHostError) {
            found = try await record(of: probe, slice)
            for _ in 1..<Self.canaries where !found.holds && !found.fails {
                try repeatSteps(steps)
                found = try await record(of: probe, slice)
            }
        } catch {
            // An agent that ends has found nothing; the next one probes again.
            if Task.isCancelled { throw error }
            throw .unproven(SliceProof(holds: false, evidence: ["No canary could try: \(error.message)."]))
        }
        if found.fails { throw .unproven(SliceProof(against: found)) }
        if !found.holds {
            logger.warning(
                "a canary could not try everything",
                metadata: [
                    "slice": "\(slice.key)",
                    "evidence": "\(found.findings.filter { $0.verdict == .notTried }.map(\.evidence))",
                ])
        }
        return SliceProof(found)
    }

    /// Memory that must be free where a canary joins the memory group of a task: without it the kernel might end the task for
    /// what the canary takes. It takes far less.
    static let roomBytes: Int64 = 8 << 20

    /// The groups that a canary joins beside a task. On version 1 it stays out of that which counts memory.
    private func lightGroups(of slice: HeldSlice) -> GroupFiles {
        var groups = GroupFiles(driver.files(of: group(slice.key)))
        if let memory = memoryAlone { groups.taskProcs.removeAll { $0.hasPrefix(memory + "/") } }
        return groups
    }

    /// The folder in which memory is counted, and nothing else; nil where there is none.
    private var memoryAlone: String? {
        guard let roots = driver.tree?.roots, let memory = roots["memory"] else { return nil }
        return roots.values.count { $0 == memory } == 1 ? memory : nil
    }

    private func hasRoom(for slice: HeldSlice) throws(SliceHostError) -> Bool {
        guard memoryAlone == nil, let limit = slice.plan?.cut.memoryBytes else { return true }
        let held = try attempt { () throws(HostError) in try driver.tree?.heldBytes(group(slice.key)) }
        return limit - (held ?? 0) >= Self.roomBytes
    }

    /// How long a canary may take. Milliseconds where there is room; it has a fifth of a CPU, and machines can be crowded.
    private static let canaryTime: Duration = .seconds(30)

    /// Sends a canary and waits for what it found.
    func record(
        of probe: ProbePlan, _ slice: HeldSlice, in groups: GroupFiles? = nil
    ) async throws(SliceHostError) -> ProbeRecord {
        let files = folder(slice.key)
        let identity = confinement(of: slice)
        let spec = ProbeSpec(
            checks: probe.checks, groups: groups ?? GroupFiles(driver.files(of: group(slice.key))),
            userID: identity.userID, groupID: identity.userID, containment: identity.containment,
            throttleFile: probe.throttleFile,
            cpus: probe.cpus, foreignPid: settings.ownPid, cgroupFiles: probe.cgroupFiles, recordPath: files.probed,
            patience: Self.canaryTime)
        let bytes: [UInt8]
        do throws(RecordError) {
            bytes = try spec.bytes()
        } catch {
            throw .failed("the canary cannot be described: \(error)")
        }
        let handle: ProcessHandle
        do throws(HostError) {
            try HostFile.remove(files.probed)
            handle = try launcher.launchProbe(spec: bytes, specPath: files.probe, complaintsPath: files.complaints)
        } catch {
            throw .failed("the canary cannot be sent: \(error)")
        }
        guard await handle.exit() != nil else { throw .failed("the agent ended while the slice was being probed") }
        do {
            let found = try ProbeRecord(bytes: try HostFile.read(files.probed, limit: 1 << 16))
            try HostFile.remove(files.probe)
            try HostFile.remove(files.probed)
            return found
        } catch {
            throw .failed("the canary left no record: \(error)")
        }
    }
}
