import Logging
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSQLite
import TidemillSeams

/// Slices on a Linux machine: cgroups through the driver, tasks under shims, ends from their records.
///
/// An actor with a thread of its own, since cgroup files and durable writes block.
package actor LinuxSliceHost: SliceHost {
    /// Between SIGTERM and SIGKILL when a task is asked to end (section 4: preemption grace).
    package static let stopGrace: Duration = .seconds(30)
    /// How long a shim may take to record a start.
    static let startTime: Duration = .seconds(30)

    /// What stays the same for all slices of a node.
    package struct Settings: Sendable {
        package var stateFolder: String
        package var pagePath: String
        package var procRoot: String
        package var bootID: BootID
        package var grade: Kinds.IsolationGrade
        package var logMaxBytes: Int64
        package var logFiles: Int
        /// What all logs of one tenant may take.
        package var logTenantMaxBytes: Int64
        /// Nil, only in tests, contains nothing.
        package var confinement: ConfinementSettings?
        /// What a test wants broken. Nothing in a release build.
        package var broken: Broken
        /// This process, which no task may reach.
        package var ownPid: Int32

        package init(
            stateFolder: String, pagePath: String, procRoot: String, bootID: BootID, grade: Kinds.IsolationGrade,
            logMaxBytes: Int64, logFiles: Int, logTenantMaxBytes: Int64 = 1 << 30, broken: Broken = .nothing,
            ownPid: Int32 = OwnProcess.pid
        ) {
            self.stateFolder = stateFolder
            self.pagePath = pagePath
            self.procRoot = procRoot
            self.bootID = bootID
            self.grade = grade
            self.logMaxBytes = logMaxBytes
            self.logFiles = logFiles
            self.logTenantMaxBytes = logTenantMaxBytes
            self.broken = broken
            self.ownPid = ownPid
        }
    }

    private let thread = BlockingExecutor(label: "tidemill.slices")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let settings: Settings
    let driver: any CgroupDriver
    let launcher: ShimLauncher
    let sleep: Sleep
    let logger: Logger
    /// Shims that this agent launched or adopted.
    private var shims: [ProcessIdentity: ProcessHandle] = [:]
    var executor: PlanExecutor
    /// Processes that drop the page cache of slices that are over, and wait for disks.
    var scrubbers: [SliceKey: ProcessHandle] = [:]
    /// The last bindings that were carried out, and what they wrote.
    private var boundNumber = 0
    private var bound: [String: String] = [:]

    package init(
        settings: Settings, driver: any CgroupDriver, launcher: ShimLauncher, sleep: @escaping Sleep, logger: Logger
    ) {
        self.settings = settings
        self.driver = driver
        executor = PlanExecutor(tree: driver.tree, diesAt: settings.broken.dieAt)
        self.launcher = launcher
        self.sleep = sleep
        self.logger = logger
    }

    func folder(_ key: SliceKey) -> SliceFolder { SliceFolder(stateFolder: settings.stateFolder, key: key) }

    func group(_ key: SliceKey) -> SliceGroup { SliceGroup(sliceUID: key.uid, epoch: key.epoch) }

    package func prepare(_ slice: HeldSlice) async throws(SliceHostError) -> SliceProof? {
        guard let plan = slice.plan else { throw .failed("the slice has no plan") }
        if let file = plan.cpusFile { bound[file] = nil }
        var proof: SliceProof?
        for (index, step) in plan.steps.enumerated() {
            do throws(SliceHostError) {
                try attempt { () throws(HostError) in try executor.perform(step.action) }
            } catch {
                if let tree = driver.tree, !tree.isThere { throw .groupsGone }
                throw error
            }
            if case .probe(let probe) = step.action {
                proof = try await prove(slice, probe, after: plan.steps[..<index])
            }
        }
        return proof
    }

    /// Makes once more what a canary found, or left, otherwise.
    func repeatSteps(_ steps: ArraySlice<SliceStep>) throws(SliceHostError) {
        for step in steps { try attempt { () throws(HostError) in try executor.perform(step.action) } }
    }

    /// On which CPUs the slice of that file was last bound; nil when it never was.
    func boundCPUs(_ file: String) -> String? { bound[file] }

    /// As whom, and kept from what, everything of the slice runs.
    func confinement(of slice: HeldSlice) -> Confinement {
        settings.confinement?.confinement(of: slice) ?? Confinement()
    }

    package func bind(_ bindings: CPUBindings) throws(SliceHostError) {
        guard bindings.number > boundNumber else { return }
        let files = Set(bindings.entries.map(\.file))
        bound = bound.filter { files.contains($0.key) }
        for entry in bindings.entries where bound[entry.file] != entry.cpus {
            // A slice that has left since: its file went with it.
            guard HostFile.exists(entry.file) else { continue }
            try attempt { () throws(HostError) in try HostFile.write(entry.cpus, to: entry.file) }
            bound[entry.file] = entry.cpus
        }
        boundNumber = bindings.number
    }

    package func start(
        _ slice: HeldSlice, _ template: Kinds.TaskTemplate, deadline: Deadline?
    ) async throws(SliceHostError) -> RunningTask {
        let files = folder(slice.key)
        let spec: [UInt8]
        do throws(RecordError) {
            spec = try shimSpec(slice, template, deadline, files).bytes()
        } catch {
            throw .nothingRan(TaskVerdict.startError("The task cannot be described to its shim: \(error)."))
        }
        let handle: ProcessHandle
        do throws(HostError) {
            handle = try launcher.launch(spec: spec, specPath: files.spec, complaintsPath: files.complaints)
        } catch {
            // Whether the shim came to life is unknown: without its spec it starts nothing, and what is left is emptied.
            revoke(files)
            throw .nothingRan(TaskVerdict.startError("The shim could not be started: \(error)."))
        }
        return try await recordedStart(of: handle, files)
    }

    /// Waits until the shim has written its started record. It writes it before the command runs, so that a shim which ended
    /// without one has run nothing.
    private func recordedStart(of handle: ProcessHandle, _ files: SliceFolder) async throws(SliceHostError)
        -> RunningTask
    {
        var waited = Duration.zero
        while true {
            let hasEnded = handle.exitNow() != nil
            // Records that cannot be read now are read again: nothing is concluded from them.
            guard let started = await surely({ () throws(HostError) in try startedRecord(files) }) else {
                throw .failed("The agent ended while the task was being started.")
            }
            if let started {
                shims[started.shim] = handle
                return RunningTask(started)
            }
            if hasEnded {
                let end = await surely { () throws(HostError) in try endRecord(files) } ?? nil
                throw .nothingRan(end.map { TaskOutcome($0) } ?? TaskVerdict.startError(complaint(files)))
            }
            if waited >= Self.startTime {
                revoke(files)
                // A record that is there now is of a shim that may have let the command go before.
                if try attempt({ () throws(HostError) in try startedRecord(files) }) != nil { continue }
                try attempt { () throws(HostError) in _ = try handle.signal(9) }
                throw .nothingRan(TaskVerdict.startError("The shim recorded no start within \(Self.startTime)."))
            }
            let pause: Duration = waited < .milliseconds(100) ? .milliseconds(1) : .milliseconds(10)
            waited += pause
            do { try await sleep(pause) } catch { throw .failed("The agent ended while the task was being started.") }
        }
    }

    package func end(of slice: HeldSlice, _ task: RunningTask) async -> Remains {
        let handle = await surely { () throws(HostError) in try shim(of: task) } ?? nil
        if let handle { _ = await handle.exit() }
        shims[task.shim] = nil
        let files = folder(slice.key)
        let end = await surely { () throws(HostError) in try endRecord(files) } ?? nil
        return Remains(outcome: end.map { TaskOutcome($0) }, startedAt: task.startedAt, killTime: end?.killTime)
    }

    package func isAlive(_ key: SliceKey, _ task: RunningTask) -> Bool {
        // The init lives as long as anything of the task; its shim may live on until the end is recorded. What cannot be
        // looked at now counts as nothing, until the next time.
        guard let started = try? startedRecord(folder(key)), started.shim == task.shim else { return false }
        return (try? adopt(started.initProcess))?.isRunning ?? false
    }

    package func askToEnd(_ task: RunningTask) { signal(task, 15) }

    package func kill(_ task: RunningTask) { signal(task, 9) }

    private func signal(_ task: RunningTask, _ number: Int32) {
        do {
            try shim(of: task)?.signal(number)
        } catch {
            logger.error("a shim cannot be signalled", metadata: ["pid": "\(task.shim.pid)", "error": "\(error)"])
        }
    }

    package func freeze(_ key: SliceKey) throws(SliceHostError) -> Bool {
        try attempt { () throws(HostError) in
            try driver.freeze(group(key))
            return try driver.isFrozen(group(key))
        }
    }

    package func thaw(_ key: SliceKey) throws(SliceHostError) {
        try attempt { () throws(HostError) in try driver.thaw(group(key)) }
    }

    package func remains(of key: SliceKey) async -> Remains {
        let files = folder(key)
        let traces = [files.spec, files.revoked, files.started, files.ended]
        if !traces.contains(where: HostFile.exists) {
            await endCanary(key)
            guard hasProcesses(key) else { return .nothing }
        }
        var tries = 0
        while true {
            // Nil when the agent ends, which then judges nothing.
            guard let remains = await surely({ () throws(HostError) in try remainsNow(files) }) else {
                return Remains()
            }
            if remains.running != nil || remains.startedAt != nil || remains.outcome != nil || tries == 20 {
                return remains
            }
            // Launched but not recorded: without its spec the shim lets no command go, and one that did has recorded it.
            revoke(files)
            tries += 1
            // Cancelled while waiting: the count ends the loop.
            try? await sleep(.milliseconds(50))
        }
    }

    /// Ends the canary of an agent that died while it was under way: it is no task, and its processes are those of none.
    private func endCanary(_ key: SliceKey) async {
        guard HostFile.exists(folder(key).probe) else { return }
        for _ in 0..<40 where hasProcesses(key) {
            do {
                try driver.kill(group(key))
            } catch {
                logger.error("a canary cannot be ended", metadata: ["slice": "\(key)", "error": "\(error)"])
            }
            // Cancelled while waiting: the count ends the loop.
            try? await sleep(.milliseconds(25))
        }
    }

    /// Files may be lost, processes not: a slice with one of them was launched.
    private func hasProcesses(_ key: SliceKey) -> Bool {
        // What cannot be counted is counted again, and ended, before the slice is released.
        (try? driver.processCount(group(key))).map { $0 > 0 } ?? false
    }

    /// Gives a start up. The name stays, so that a later agent knows that there was one.
    private func revoke(_ files: SliceFolder) {
        do {
            try HostFile.rename(files.spec, to: files.revoked)
        } catch {
            logger.error("a start cannot be revoked", metadata: ["spec": "\(files.spec)", "error": "\(error)"])
        }
    }

    private func remainsNow(_ files: SliceFolder) throws(HostError) -> Remains {
        // In this order: a task that ends between the two reads is found ended.
        let started = try startedRecord(files)
        if let started, started.boot == settings.bootID, let handle = try adopt(started.shim) {
            shims[started.shim] = handle
            return Remains(running: RunningTask(started), startedAt: started.startedAt)
        }
        let end = try endRecord(files)
        return Remains(
            outcome: end.map { TaskOutcome($0) }, startedAt: started?.startedAt, killTime: end?.killTime)
    }

    package func found() throws(SliceHostError) -> [SliceKey] {
        try attempt { () throws(HostError) in
            let groups = try driver.groups().map { SliceKey(uid: $0.sliceUID, epoch: $0.epoch) }
            let parent = SliceFolder.parent(settings.stateFolder)
            let folders =
                HostFile.exists(parent) ? try HostFile.names(in: parent).compactMap(SliceKey.init(parsing:)) : []
            return Set(groups + folders).sorted { ($0.uid, $0.epoch) < ($1.uid, $1.epoch) }
        }
    }

    package func discard(_ key: SliceKey) {
        do {
            try HostFile.removeFlatFolder(folder(key).path)
        } catch {
            logger.warning("files of a slice cannot be removed", metadata: ["slice": "\(key)", "error": "\(error)"])
        }
    }

    // MARK: Parts

    func adopt(_ process: ProcessIdentity) throws(HostError) -> ProcessHandle? {
        try ProcessHandle.adopt(pid: process.pid, startTicks: process.startTicks, procRoot: settings.procRoot)
    }

    private func shim(of task: RunningTask) throws(HostError) -> ProcessHandle? {
        if let known = shims[task.shim] { return known }
        return try adopt(task.shim)
    }

    /// What `look` finds, asked again until it can be told; nil when the agent ends first.
    private func surely<Result>(_ look: () throws(HostError) -> Result) async -> Result? {
        while !Task.isCancelled {
            do throws(HostError) {
                return try look()
            } catch {
                logger.error("a process cannot be looked at, it is tried again", metadata: ["error": "\(error)"])
            }
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(.seconds(1))
        }
        return nil
    }

    func startedRecord(_ files: SliceFolder) throws(HostError) -> StartedRecord? {
        guard let bytes = try HostFile.readIfPresent(files.started, limit: 1 << 16) else { return nil }
        // A damaged one counts as none, and the end as unknown.
        return try? StartedRecord(bytes: bytes)
    }

    private func endRecord(_ files: SliceFolder) throws(HostError) -> EndRecord? {
        guard let bytes = try HostFile.readIfPresent(files.ended, limit: 1 << 16) else { return nil }
        // As above: an end that was read and makes no sense was not recorded.
        guard let record = try? EndRecord(bytes: bytes), record.sliceUID == files.key.uid,
            record.epoch == files.key.epoch
        else { return nil }
        return record
    }

    private func complaint(_ files: SliceFolder) -> String {
        // Without complaints the fact alone must do.
        let text = (try? HostFile.readText(files.complaints)) ?? ""
        return text.isEmpty ? "The shim ended before it started the command." : "The shim ended: \(text.prefix(500))"
    }

    func attempt<Result>(_ body: () throws(HostError) -> Result) throws(SliceHostError) -> Result {
        do throws(HostError) { return try body() } catch { throw .failed("\(error)") }
    }

    private func shimSpec(
        _ slice: HeldSlice, _ template: Kinds.TaskTemplate, _ deadline: Deadline?, _ files: SliceFolder
    ) -> ShimSpec {
        let confinement = confinement(of: slice)
        return ShimSpec(
            sliceUID: slice.uid, epoch: slice.grant.epoch, token: slice.grant.token, boot: settings.bootID,
            deadline: deadline, pagePath: settings.pagePath, command: template.command,
            environment: TaskEnvironment.variables(
                of: slice, template, grade: slice.plan?.grade ?? settings.grade),
            workingDirectory: template.workingDirectory ?? "/tmp", userID: confinement.userID,
            groupID: confinement.userID, containment: confinement.containment,
            groups: GroupFiles(driver.files(of: group(slice.key))), logPath: files.log,
            logMaxBytes: settings.logMaxBytes, logFiles: settings.logFiles, startedPath: files.started,
            endPath: files.ended, stopGrace: Self.stopGrace)
    }
}

extension RunningTask {
    init(_ record: StartedRecord) {
        self.init(shim: record.shim, pid: record.task.pid, startedAt: record.startedAt, unenforced: record.unenforced)
    }
}

extension GroupFiles {
    init(_ files: SliceGroupFiles) {
        self.init(
            taskProcs: files.taskProcs, shimProcs: files.shimProcs, killFile: files.killFile,
            freezerFile: files.freezerFile, oomFile: files.oomFile)
    }
}
