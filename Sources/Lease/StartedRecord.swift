import TidemillSeams

/// A process that cannot be confused with a later one of the same number.
package struct ProcessIdentity: Hashable, Sendable {
    /// Process id in the node's own pid namespace.
    package var pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks between boot and start.
    package var startTicks: Int64

    package init(pid: Int32, startTicks: Int64) {
        self.pid = pid
        self.startTicks = startTicks
    }
}

/// What a shim records durably after the fence is armed and before the command runs, so that an agent finds it again.
package struct StartedRecord: Hashable, Sendable {
    package var sliceUID: SliceUID
    package var epoch: Epoch
    package var boot: BootID
    package var shim: ProcessIdentity
    /// The first process of the task's pid namespace; it is ours.
    package var initProcess: ProcessIdentity
    /// The command.
    package var task: ProcessIdentity
    package var startedAt: WallTime
    /// What could not be enforced for this task, a sentence each; empty when everything is.
    package var unenforced: [String]

    package init(
        sliceUID: SliceUID, epoch: Epoch, boot: BootID, shim: ProcessIdentity, initProcess: ProcessIdentity,
        task: ProcessIdentity, startedAt: WallTime, unenforced: [String]
    ) {
        self.sliceUID = sliceUID
        self.epoch = epoch
        self.boot = boot
        self.shim = shim
        self.initProcess = initProcess
        self.task = task
        self.startedAt = startedAt
        self.unenforced = unenforced
    }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "started/1")
        text.add("sliceUID", sliceUID.rawValue)
        text.add("epoch", epoch.rawValue)
        text.add("boot", boot.rawValue)
        for (name, process) in [("shim", shim), ("init", initProcess), ("task", task)] {
            text.add("\(name)Pid", Int64(process.pid))
            text.add("\(name)StartTicks", process.startTicks)
        }
        text.add("startedAt", startedAt.nanosecondsSince1970)
        text.add("unenforced", unenforced)
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "started/1" else { throw .invalid("record") }
        self.init(
            sliceUID: SliceUID(try text.text("sliceUID")), epoch: Epoch(try text.number("epoch")),
            boot: BootID(try text.text("boot")), shim: try Self.process("shim", in: text),
            initProcess: try Self.process("init", in: text), task: try Self.process("task", in: text),
            startedAt: WallTime(nanosecondsSince1970: try text.number("startedAt")), unenforced: text.all("unenforced"))
    }

    private static func process(_ name: String, in text: RecordText) throws(RecordError) -> ProcessIdentity {
        ProcessIdentity(
            pid: Int32(truncatingIfNeeded: try text.number("\(name)Pid")),
            startTicks: try text.number("\(name)StartTicks"))
    }
}
