import TidemillSeams

/// Everything that a shim is told, in one file of mode 0600 that the agent writes before it starts the shim.
///
/// Limits are not in here: they are in the cgroups, which the agent made before. All paths are absolute.
package struct ShimSpec: Hashable, Sendable {
    package var sliceUID: SliceUID
    package var epoch: Epoch
    package var token: Token
    package var boot: BootID
    /// Nil with `keep`: no deadline, no timer.
    package var deadline: Deadline?
    /// The node's lease page; read for extensions when there is a deadline.
    package var pagePath: String

    /// Program and arguments; the program is looked up in the PATH of `environment`.
    package var command: [String]
    /// The task's whole environment, `NAME=value` each; nothing is added.
    package var environment: [String]
    package var workingDirectory: String
    /// Credentials of the task; nil keeps the shim's own.
    package var userID: UInt32?
    package var groupID: UInt32?
    /// What keeps the task away from the rest of the machine; nil: only its groups and its pid namespace.
    package var containment: Containment?

    /// What the task joins and the shim clears; see `GroupFiles`.
    package var groups: GroupFiles

    /// File of the command's output, both streams. Rotated as `PATH.1`, `PATH.2`, ….
    package var logPath: String
    /// Size at which the file is rotated.
    package var logMaxBytes: Int64
    /// How many files there are, the current one included.
    package var logFiles: Int
    /// Where the `StartedRecord` goes.
    package var startedPath: String
    /// Where the `EndRecord` goes.
    package var endPath: String
    /// Time between SIGTERM and SIGKILL when the agent asks for the end.
    package var stopGrace: Duration
    /// The shim's own oom_score_adj, tried; -1000 to 1000.
    package var oomScoreAdjust: Int

    package init(
        sliceUID: SliceUID, epoch: Epoch, token: Token, boot: BootID, deadline: Deadline?, pagePath: String,
        command: [String], environment: [String], workingDirectory: String = "/", userID: UInt32? = nil,
        groupID: UInt32? = nil, containment: Containment? = nil, groups: GroupFiles = GroupFiles(), logPath: String,
        logMaxBytes: Int64 = 16 << 20, logFiles: Int = 4, startedPath: String, endPath: String,
        stopGrace: Duration = .seconds(30),
        oomScoreAdjust: Int = -999
    ) {
        self.sliceUID = sliceUID
        self.epoch = epoch
        self.token = token
        self.boot = boot
        self.deadline = deadline
        self.pagePath = pagePath
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.userID = userID
        self.groupID = groupID
        self.containment = containment
        self.groups = groups
        self.logPath = logPath
        self.logMaxBytes = logMaxBytes
        self.logFiles = logFiles
        self.startedPath = startedPath
        self.endPath = endPath
        self.stopGrace = stopGrace
        self.oomScoreAdjust = oomScoreAdjust
    }
}

/// The files of a slice's cgroups that its shim writes and reads. All empty where nothing can be enforced.
package struct GroupFiles: Hashable, Sendable {
    /// `cgroup.procs` of every group that the task joins. Also read until they are empty, with those of groups below.
    package var taskProcs: [String]
    /// `cgroup.procs` of the sibling groups that the shim joins.
    package var shimProcs: [String]
    /// `cgroup.kill` of the slice's v2 group.
    package var killFile: String?
    /// `freezer.state` (v1) or `cgroup.freeze` (v2) of the slice, for thawing.
    package var freezerFile: String?
    /// `memory.oom_control` (v1) or `memory.events` (v2): its line `oom_kill N` counts.
    package var oomFile: String?

    package init(
        taskProcs: [String] = [], shimProcs: [String] = [], killFile: String? = nil, freezerFile: String? = nil,
        oomFile: String? = nil
    ) {
        self.taskProcs = taskProcs
        self.shimProcs = shimProcs
        self.killFile = killFile
        self.freezerFile = freezerFile
        self.oomFile = oomFile
    }
}
