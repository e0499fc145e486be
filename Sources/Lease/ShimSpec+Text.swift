import TidemillSeams

extension ShimSpec {
    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "shim/1")
        text.add("sliceUID", sliceUID.rawValue)
        text.add("epoch", epoch.rawValue)
        text.add("token", token.rawValue)
        text.add("boot", boot.rawValue)
        if let deadline {
            text.add("after", deadline.after.wholeNanoseconds)
            text.add("margin", deadline.margin.wholeNanoseconds)
            text.add("sentAt", (deadline.at - (deadline.after - deadline.margin)).nanoseconds)
        }
        text.add("page", pagePath)
        text.add("command", command)
        text.add("environment", environment)
        text.add("workingDirectory", workingDirectory)
        text.add("userID", userID.map(Int64.init))
        text.add("groupID", groupID.map(Int64.init))
        Containment.add(containment, to: &text)
        groups.add(to: &text)
        text.add("log", logPath)
        text.add("logMaxBytes", logMaxBytes)
        text.add("logFiles", Int64(logFiles))
        text.add("started", startedPath)
        text.add("ended", endPath)
        text.add("stopGrace", stopGrace.wholeNanoseconds)
        text.add("oomScoreAdjust", Int64(oomScoreAdjust))
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "shim/1" else { throw .invalid("record") }
        let boot = BootID(try text.text("boot"))
        let epoch = Epoch(try text.number("epoch"))
        var deadline: Deadline?
        if let after = try text.optionalNumber("after") {
            deadline = Deadline(
                boot: boot, epoch: epoch, after: .nanoseconds(after), margin: .nanoseconds(try text.number("margin")),
                sentAt: Instant(nanoseconds: try text.number("sentAt")))
        }
        let command = text.all("command")
        guard !command.isEmpty else { throw .missing("command") }
        self.init(
            sliceUID: SliceUID(try text.text("sliceUID")), epoch: epoch, token: Token(try text.number("token")),
            boot: boot, deadline: deadline, pagePath: try text.text("page"), command: command,
            environment: text.all("environment"), workingDirectory: try text.text("workingDirectory"),
            userID: try text.credential("userID"), groupID: try text.credential("groupID"),
            containment: try Containment.read(text), groups: GroupFiles(text),
            logPath: try text.text("log"), logMaxBytes: try text.number("logMaxBytes"),
            logFiles: Int(try text.number("logFiles")), startedPath: try text.text("started"),
            endPath: try text.text("ended"), stopGrace: .nanoseconds(try text.number("stopGrace")),
            oomScoreAdjust: Int(try text.number("oomScoreAdjust")))
    }
}

extension GroupFiles {
    func add(to text: inout RecordText) {
        text.add("taskProcs", taskProcs)
        text.add("shimProcs", shimProcs)
        if let killFile { text.add("killFile", killFile) }
        if let freezerFile { text.add("freezerFile", freezerFile) }
        if let oomFile { text.add("oomFile", oomFile) }
    }

    init(_ text: RecordText) {
        self.init(
            taskProcs: text.all("taskProcs"), shimProcs: text.all("shimProcs"),
            killFile: text.optionalText("killFile"), freezerFile: text.optionalText("freezerFile"),
            oomFile: text.optionalText("oomFile"))
    }
}

extension RecordText {
    /// A user or group id; nil when the key is missing.
    func credential(_ key: String) throws(RecordError) -> UInt32? {
        guard let number = try optionalNumber(key) else { return nil }
        guard let credential = UInt32(exactly: number), credential != .max else { throw .invalid(key) }
        return credential
    }
}
