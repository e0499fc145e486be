import TidemillSeams

/// How a task ended, in one word. The raw value is what the record says.
package enum EndReason: String, Hashable, Sendable {
    /// The command exited with status 0.
    case completed = "Completed"
    /// The command exited with another status or by a signal.
    case error = "Error"
    /// The kernel ended a process of the slice for taking more memory than granted.
    case memoryLimitExceeded = "MemoryLimitExceeded"
    /// The deadline passed.
    case fenced = "Fenced"
    /// The agent asked for the end, and it came before the command was done. Why it asked, the agent knows.
    case stopped = "Stopped"
    /// The command never ran; the message says why.
    case startError = "StartError"
}

/// The durable record of a task's end, written by its shim under /var/lib/tidemill once no process of the slice is left.
///
/// A slice whose shim is gone and which has no such record is `Lost`, never `Succeeded`.
package struct EndRecord: Hashable, Sendable {
    package var sliceUID: SliceUID
    package var epoch: Epoch
    package var token: Token
    /// Exit status of the command, when it exited by itself.
    package var exitCode: Int32?
    /// Number of the signal that ended the command.
    package var signal: Int32?
    package var reason: EndReason
    /// One sentence for people.
    package var message: String
    /// Processes that the kernel ended for want of memory.
    package var oomKills: Int64
    /// When the command started; nil when it never did.
    package var startedAt: WallTime?
    package var finishedAt: WallTime
    /// The same two on the boot clock, for metering.
    package var startedInstant: Instant?
    package var finishedInstant: Instant
    /// From the decision to end the slice until no process of it was left; nil in records of earlier versions.
    package var killTime: Duration?

    package init(
        sliceUID: SliceUID, epoch: Epoch, token: Token, exitCode: Int32? = nil, signal: Int32? = nil,
        reason: EndReason, message: String, oomKills: Int64 = 0, startedAt: WallTime? = nil, finishedAt: WallTime,
        startedInstant: Instant? = nil, finishedInstant: Instant, killTime: Duration? = nil
    ) {
        self.sliceUID = sliceUID
        self.epoch = epoch
        self.token = token
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.oomKills = oomKills
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.startedInstant = startedInstant
        self.finishedInstant = finishedInstant
        self.killTime = killTime
    }

    /// The bytes of the file.
    package func bytes() throws(RecordError) -> [UInt8] {
        var text = RecordText()
        text.add("record", "end/1")
        text.add("sliceUID", sliceUID.rawValue)
        text.add("epoch", epoch.rawValue)
        text.add("token", token.rawValue)
        text.add("exitCode", exitCode.map(Int64.init))
        text.add("signal", signal.map(Int64.init))
        text.add("reason", reason.rawValue)
        text.add("message", message)
        text.add("oomKills", oomKills)
        text.add("startedAt", startedAt?.nanosecondsSince1970)
        text.add("finishedAt", finishedAt.nanosecondsSince1970)
        text.add("startedInstant", startedInstant?.nanoseconds)
        text.add("finishedInstant", finishedInstant.nanoseconds)
        text.add("killTime", killTime?.wholeNanoseconds)
        return try text.bytes()
    }

    package init(bytes: [UInt8]) throws(RecordError) {
        let text = try RecordText(bytes: bytes)
        guard try text.text("record") == "end/1" else { throw .invalid("record") }
        guard let reason = EndReason(rawValue: try text.text("reason")) else { throw .invalid("reason") }
        self.init(
            sliceUID: SliceUID(try text.text("sliceUID")), epoch: Epoch(try text.number("epoch")),
            token: Token(try text.number("token")),
            exitCode: try text.optionalNumber("exitCode").map { Int32(truncatingIfNeeded: $0) },
            signal: try text.optionalNumber("signal").map { Int32(truncatingIfNeeded: $0) }, reason: reason,
            message: try text.text("message"), oomKills: try text.number("oomKills"),
            startedAt: try text.optionalNumber("startedAt").map(WallTime.init(nanosecondsSince1970:)),
            finishedAt: WallTime(nanosecondsSince1970: try text.number("finishedAt")),
            startedInstant: try text.optionalNumber("startedInstant").map(Instant.init(nanoseconds:)),
            finishedInstant: Instant(nanoseconds: try text.number("finishedInstant")),
            killTime: try text.optionalNumber("killTime").map { .nanoseconds($0) })
    }
}
