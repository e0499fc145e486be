import TidemillSeams

/// What a canary tries in a slice: `tidemill-shim probe SPEC`, a file of mode 0600. It runs as a task of the slice would, in
/// the slice's groups and the same containment, and writes a `ProbeRecord`.
package struct ProbeSpec: Hashable, Sendable {
    /// One attempt to get out.
    package enum Check: String, CaseIterable, Hashable, Sendable {
        /// Touch more memory than granted; the kernel must end the toucher. Needs a small probe limit.
        case memory
        /// Use more CPU time than granted; the kernel must throttle. Needs a small probe quota.
        case cpu
        /// Ask for every CPU of the machine; only those granted must be given.
        case affinity
        /// Open a device that was not granted, as root.
        case device
        /// See or signal a process outside the slice.
        case process
        /// Write a file of a cgroup.
        case cgroupFiles

        /// Those that a slice at work does not feel.
        package static let harmless: [Check] = [.affinity, .device, .process, .cgroupFiles]
    }

    package var checks: [Check]
    package var groups: GroupFiles
    package var userID: UInt32?
    package var groupID: UInt32?
    package var containment: Containment?
    /// How much the memory check touches; more than the probe limit.
    package var touchBytes: Int64
    /// How long the CPU check spins at most, wall time.
    package var spinTime: Duration
    /// `cpu.stat` of the slice's group, whose `nr_throttled` must grow. Without it the CPU check is not tried.
    package var throttleFile: String?
    /// The CPUs granted, a kernel list (`0-3,8`). Without it the affinity check is not tried.
    package var cpus: String?
    /// The character device that is asked for. No machine's nvidia0 is granted without a device slice.
    package var deviceMajor: UInt32
    package var deviceMinor: UInt32
    /// The agent's process, in the node's own numbers.
    package var foreignPid: Int32
    /// Files of cgroups, absolute, none of which may be opened for writing.
    package var cgroupFiles: [String]
    /// Where the `ProbeRecord` goes.
    package var recordPath: String
    /// When the canary is given up and killed.
    package var patience: Duration

    package init(
        checks: [Check] = Check.allCases, groups: GroupFiles, userID: UInt32? = nil, groupID: UInt32? = nil,
        containment: Containment? = nil, touchBytes: Int64 = 32 << 20, spinTime: Duration = .milliseconds(15),
        throttleFile: String? = nil, cpus: String? = nil, deviceMajor: UInt32 = 195, deviceMinor: UInt32 = 0,
        foreignPid: Int32, cgroupFiles: [String] = [], recordPath: String, patience: Duration = .seconds(10)
    ) {
        self.checks = checks
        self.groups = groups
        self.userID = userID
        self.groupID = groupID
        self.containment = containment
        self.touchBytes = touchBytes
        self.spinTime = spinTime
        self.throttleFile = throttleFile
        self.cpus = cpus
        self.deviceMajor = deviceMajor
        self.deviceMinor = deviceMinor
        self.foreignPid = foreignPid
        self.cgroupFiles = cgroupFiles
        self.recordPath = recordPath
        self.patience = patience
    }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "probe/1")
        text.add("check", checks.map(\.rawValue))
        groups.add(to: &text)
        text.add("userID", userID.map(Int64.init))
        text.add("groupID", groupID.map(Int64.init))
        Containment.add(containment, to: &text)
        text.add("touchBytes", touchBytes)
        text.add("spinTime", spinTime.wholeNanoseconds)
        if let throttleFile { text.add("throttleFile", throttleFile) }
        if let cpus { text.add("cpus", cpus) }
        text.add("deviceMajor", Int64(deviceMajor))
        text.add("deviceMinor", Int64(deviceMinor))
        text.add("foreignPid", Int64(foreignPid))
        text.add("cgroupFile", cgroupFiles)
        text.add("recordPath", recordPath)
        text.add("patience", patience.wholeNanoseconds)
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "probe/1" else { throw .invalid("record") }
        var checks: [Check] = []
        for name in text.all("check") {
            guard let check = Check(rawValue: name) else { throw .invalid("check") }
            checks.append(check)
        }
        self.init(
            checks: checks, groups: GroupFiles(text), userID: try text.credential("userID"),
            groupID: try text.credential("groupID"), containment: try Containment.read(text),
            touchBytes: try text.number("touchBytes"), spinTime: .nanoseconds(try text.number("spinTime")),
            throttleFile: text.optionalText("throttleFile"), cpus: text.optionalText("cpus"),
            deviceMajor: UInt32(truncatingIfNeeded: try text.number("deviceMajor")),
            deviceMinor: UInt32(truncatingIfNeeded: try text.number("deviceMinor")),
            foreignPid: Int32(truncatingIfNeeded: try text.number("foreignPid")), cgroupFiles: text.all("cgroupFile"),
            recordPath: try text.text("recordPath"), patience: .nanoseconds(try text.number("patience")))
    }
}
