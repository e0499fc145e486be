import TidemillSeams

/// What a session in a running slice is told: `tidemill-shim exec SPEC`, a file of mode 0600, with a stream socket to the
/// agent as descriptor 0 on which both speak `ExecFrame`.
package struct ExecSpec: Hashable, Sendable {
    /// A terminal's size in characters.
    package struct Terminal: Hashable, Sendable {
        package var rows: UInt16
        package var columns: UInt16

        package init(rows: UInt16, columns: UInt16) {
            self.rows = rows
            self.columns = columns
        }
    }

    package var sliceUID: SliceUID
    package var epoch: Epoch
    /// The init of the slice's namespaces, from the `StartedRecord`.
    package var initProcess: ProcessIdentity
    /// Program and arguments; the program is looked up in the PATH of `environment`, inside the slice.
    package var command: [String]
    /// The whole environment, `NAME=value` each.
    package var environment: [String]
    package var workingDirectory: String
    /// As in the slice's `ShimSpec`: what holds for the task holds for the session.
    package var userID: UInt32?
    package var groupID: UInt32?
    package var groups: GroupFiles
    package var containment: Containment?
    /// Nil: three pipes and no terminal.
    package var terminal: Terminal?

    package init(
        sliceUID: SliceUID, epoch: Epoch, initProcess: ProcessIdentity, command: [String], environment: [String],
        workingDirectory: String, userID: UInt32? = nil, groupID: UInt32? = nil, groups: GroupFiles = GroupFiles(),
        containment: Containment? = nil, terminal: Terminal? = nil
    ) {
        self.sliceUID = sliceUID
        self.epoch = epoch
        self.initProcess = initProcess
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.userID = userID
        self.groupID = groupID
        self.groups = groups
        self.containment = containment
        self.terminal = terminal
    }

    /// A session in the slice of a running task: the task's own environment, user, groups and containment.
    package init(
        in task: ShimSpec, _ started: StartedRecord, command: [String], terminal: Terminal?
    ) {
        self.init(
            sliceUID: task.sliceUID, epoch: task.epoch, initProcess: started.initProcess, command: command,
            environment: task.environment, workingDirectory: task.workingDirectory, userID: task.userID,
            groupID: task.groupID, groups: task.groups, containment: task.containment, terminal: terminal)
    }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "exec/1")
        text.add("sliceUID", sliceUID.rawValue)
        text.add("epoch", epoch.rawValue)
        text.add("initPid", Int64(initProcess.pid))
        text.add("initStartTicks", initProcess.startTicks)
        text.add("command", command)
        text.add("environment", environment)
        text.add("workingDirectory", workingDirectory)
        text.add("userID", userID.map(Int64.init))
        text.add("groupID", groupID.map(Int64.init))
        groups.add(to: &text)
        Containment.add(containment, to: &text)
        text.add("rows", (terminal?.rows).map(Int64.init))
        text.add("columns", (terminal?.columns).map(Int64.init))
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "exec/1" else { throw .invalid("record") }
        let command = text.all("command")
        guard !command.isEmpty else { throw .missing("command") }
        var terminal: Terminal?
        if let rows = try text.optionalNumber("rows") {
            terminal = Terminal(
                rows: UInt16(clamping: rows), columns: UInt16(clamping: try text.number("columns")))
        }
        self.init(
            sliceUID: SliceUID(try text.text("sliceUID")), epoch: Epoch(try text.number("epoch")),
            initProcess: ProcessIdentity(
                pid: Int32(truncatingIfNeeded: try text.number("initPid")),
                startTicks: try text.number("initStartTicks")),
            command: command, environment: text.all("environment"),
            workingDirectory: try text.text("workingDirectory"), userID: try text.credential("userID"),
            groupID: try text.credential("groupID"), groups: GroupFiles(text), containment: try Containment.read(text),
            terminal: terminal)
    }
}
