import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// A session's parent: one thread between the agent, on descriptor 0, and a command in a slice that runs. `tidemill-shim
/// exec SPEC`.
///
/// It stays outside of the slice and holds only the ends of the command's streams. The session ends with the slice, for the
/// command is in its pid namespace; with this process, by the parent-death signal; and with the agent, by descriptor 0.
///
/// Invariants, whatever the command and the client do, for no limit of a tenant holds this process:
/// 1. It holds no more than `mostWaiting`, and a little, in either direction.
/// 2. It reaps what ends below it within `reapMilliseconds`: an init does not finish before, and the slice not without it.
/// 3. It ends within `lastWords` of the slice's init.
struct Session {
    /// How much may wait on either side before the other is not read any more.
    private static let mostWaiting = 256 << 10
    /// How much is moved at a time; no more than a frame holds.
    private static let pieceBytes = 32 << 10
    /// Between SIGHUP and the end when the agent is gone.
    private static let graceMilliseconds: Int32 = 1_000
    /// How long the client has, once the slice has ended, to hear the rest.
    private static let lastWords: Duration = .seconds(2)
    /// Between two looks for what has ended, once the command has.
    private static let reapMilliseconds: Int32 = 100
    /// More than a terminal's buffers hold.
    private static let terminalBytes = 16 << 10

    private let spec: ExecSpec
    private let broken: Broken
    private let agent: Int32 = 0
    private var command = tm_session()
    /// The slice's init; -1 once it has ended.
    private var sliceInit: Int32 = -1
    /// On the boot clock, set when the slice has ended: then this process ends too.
    private var end: Int64?
    /// The terminal's our side; -1 without one.
    private var terminal: Int32 = -1
    private var reader = ExecFrameReader()
    private var toAgent: [UInt8] = []
    private var toCommand: [UInt8] = []
    private var isInputOver = false
    private var hasStarted = false
    private var isAgentGone = false
    private var ended: tm_exit?
    /// How much of each stream is still passed on. Bounded once the command has ended, since others may hold its streams.
    private var outputLeft = Int.max
    private var errorsLeft = Int.max

    init(_ spec: ExecSpec, broken: Broken) {
        self.spec = spec
        self.broken = broken
    }

    /// Returns the exit status: 0 once the agent was told how it ended, 1 when it could not be told.
    mutating func run() -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        _ = tm_unblock(agent)
        if let sentence = start() {
            send(.failed(sentence))
        } else {
            while ended == nil, !isOver { turn() }
            if isAgentGone { return cut() }
            if let ended, hasStarted {
                takeLastOutput()
                send(
                    .exit(
                        code: ended.by_signal != 0 ? nil : ended.status,
                        signal: ended.by_signal != 0 ? ended.status : nil))
            }
        }
        while !toAgent.isEmpty, !isOver { turn() }
        return toAgent.isEmpty && !isAgentGone ? 0 : 1
    }

    /// Whether nothing can be told any more.
    private var isOver: Bool { isAgentGone || end.map { tm_boottime_ns() >= $0 } ?? false }

    // MARK: Start

    /// Nil, or why nothing runs.
    private mutating func start() -> String? {
        sliceInit = tm_pidfd_open(spec.initProcess.pid)
        guard sliceInit >= 0, tm_start_ticks("/proc", spec.initProcess.pid) == spec.initProcess.startTicks else {
            return "The task has ended."
        }
        let start = CStart(spec, broken: broken)
        var wish = tm_session_spec()
        wish.command = start.command
        wish.containment = start.containment
        wish.group_procs = start.groupProcs
        wish.user_id = start.standing.userNumber
        wish.group_id = start.standing.groupNumber
        wish.init_pidfd = sliceInit
        wish.init_pid = spec.initProcess.pid
        wish.oom_score_adjust = max(0, ownOOMScoreAdjust())
        if let size = spec.terminal {
            wish.has_terminal = 1
            wish.rows = size.rows
            wish.columns = size.columns
        }
        let result = tm_session_start(&wish, &command)
        return result < 0 ? "The slice cannot be entered: \(describe(result))." : nil
    }

    // MARK: Between agent and command

    /// Waits for something to do, and does a bounded part of it: whoever floods us does not keep us from the others.
    private mutating func turn() {
        let isRoomAtAgent = toAgent.count < Self.mostWaiting
        let isRoomAtCommand = toCommand.count < Self.mostWaiting
        var agentEvents = toAgent.isEmpty ? 0 : POLLOUT
        if isRoomAtCommand { agentEvents |= POLLIN }
        let isReading = hasStarted && isRoomAtAgent && ended == nil
        var waiting = [
            pollfd(fd: agent, events: Int16(agentEvents), revents: 0),
            pollfd(fd: command.reports, events: Int16(POLLIN), revents: 0),
            pollfd(fd: ended == nil ? command.pidfd : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: toCommand.isEmpty ? -1 : command.input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isReading ? command.output : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isReading ? command.errors : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: sliceInit, events: Int16(POLLIN), revents: 0),
        ]
        if poll(&waiting, nfds_t(waiting.count), ended == nil && end == nil ? -1 : Self.reapMilliseconds) < 0 { return }
        if waiting[1].revents != 0 { takeReports() }
        if waiting[0].revents & Int16(POLLIN) != 0 { takeFrames() }
        if waiting[0].revents & Int16(POLLOUT) != 0 { flush() }
        if waiting[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { isAgentGone = true }
        if waiting[3].revents != 0 { feed() }
        if waiting[4].revents != 0 || waiting[5].revents != 0 { takeOutput() }
        // What the first process of the session said before its end counts first.
        if waiting[2].revents != 0 { takeReports() }
        if waiting[2].revents != 0 || ended != nil { reap() }
        if waiting[6].revents != 0 { endWithSlice() }
    }

    private mutating func reap() {
        var result = tm_exit()
        if tm_reap(command.pid, &result) == 1 { ended = result }
    }

    /// The slice's init waits for all that is in its namespaces; a command that is not in them is ended here.
    private mutating func endWithSlice() {
        close(sliceInit)
        sliceInit = -1
        end = tm_boottime_ns() + Self.lastWords.wholeNanoseconds
        if ended == nil { kill(command: SIGKILL) }
    }

    private func kill(command signal: Int32) {
        if command.pidfd < 0 { return }
        _ = Glibc.kill(-command.pid, signal)
        _ = tm_pidfd_signal(command.pidfd, signal)
    }

    private mutating func takeReports() {
        while command.reports >= 0, let report = InitReport.take(command.reports) {
            switch report {
            case .terminal(let descriptor):
                _ = tm_unblock(descriptor)
                terminal = descriptor
                command.input = descriptor
                command.output = descriptor
            case .failed(let sentence):
                send(.failed(sentence))
                close(command.reports)
                command.reports = -1
            case .gone:
                // It closes when the command executes.
                close(command.reports)
                command.reports = -1
                hasStarted = true
                send(.started)
            case .ready, .note, .commandWaits, .ended, .finding, .probing: break
            }
        }
    }

    private mutating func takeFrames() {
        var bytes: [UInt8] = []
        guard readOnce(agent, most: Self.pieceBytes, { bytes = Array($0) }) != nil else {
            isAgentGone = true
            return
        }
        reader.append(bytes)
        do throws(ExecFrameError) {
            while let frame = try reader.next() { take(frame) }
        } catch {
            complain("the agent speaks another language: \(error)")
            isAgentGone = true
        }
    }

    private mutating func take(_ frame: ExecFrame) {
        switch frame {
        case .input(let bytes):
            if isInputOver { return }
            if bytes.isEmpty {
                isInputOver = true
                // End of input on a terminal is a character.
                if spec.terminal != nil { toCommand.append(4) }
            } else {
                toCommand += bytes
            }
            feed()
        case .resize(let rows, let columns):
            if terminal >= 0 { _ = tm_terminal_resize(terminal, rows, columns) }
        case .output, .errors, .exit, .failed, .started: break
        }
    }

    /// What of the input the command takes now.
    private mutating func feed() {
        guard command.input >= 0 else {
            // With a terminal that is not there yet it waits; without, nobody reads any more.
            if spec.terminal == nil { toCommand = [] }
            return
        }
        while !toCommand.isEmpty {
            let count = write(command.input, toCommand, toCommand.count)
            if count > 0 {
                toCommand.removeFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                toCommand = []
                closeInput()
                return
            }
        }
        if isInputOver { closeInput() }
    }

    private mutating func closeInput() {
        if terminal >= 0 || command.input < 0 { return }
        close(command.input)
        command.input = -1
    }

    /// Moves a piece of each stream that the command wrote.
    private mutating func takeOutput() {
        (command.output, outputLeft) = takePiece(command.output, outputLeft) { .output($0) }
        (command.errors, errorsLeft) = takePiece(command.errors, errorsLeft) { .errors($0) }
    }

    /// Moves what was in the streams when the command ended, at the agent's pace. What others write later is dropped.
    private mutating func takeLastOutput() {
        outputLeft = bytesWaiting(command.output)
        errorsLeft = bytesWaiting(command.errors)
        while outputLeft + errorsLeft > 0, !isOver {
            if toAgent.count < Self.mostWaiting { takeOutput() } else { turn() }
        }
    }

    private func bytesWaiting(_ stream: Int32) -> Int {
        // The kernel does not count all that a terminal holds.
        stream >= 0 && stream == terminal ? Self.terminalBytes : max(0, Int(tm_bytes_waiting(stream)))
    }

    /// Reads a stream once, at most `left` of it. What is left of it then, 0 when nothing more comes.
    private mutating func takePiece(
        _ stream: Int32, _ left: Int, _ frame: ([UInt8]) -> ExecFrame
    ) -> (stream: Int32, left: Int) {
        guard stream >= 0, left > 0 else { return (stream, 0) }
        var taken: [UInt8] = []
        switch readOnce(stream, most: min(left, Self.pieceBytes), { taken = Array($0) }) {
        case true?:
            send(frame(taken))
            return (stream, left - taken.count)
        case false?:
            return (stream, ended == nil ? left : 0)
        case nil:
            if stream != terminal { close(stream) }
            return (-1, 0)
        }
    }

    /// Hands what can be read now to `body`. True: something was; false: nothing for now; nil: the stream has ended.
    private func readOnce(_ descriptor: Int32, most: Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool? {
        withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 16) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, min(most, buffer.count))
                if count > 0 {
                    body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    return true
                }
                if count < 0, errno == EINTR { continue }
                return count < 0 && errno == EAGAIN ? false : nil
            }
        }
    }

    private mutating func send(_ frame: ExecFrame) {
        toAgent += frame.bytes
        flush()
    }

    private mutating func flush() {
        var done = 0
        while done < toAgent.count {
            let count = toAgent.withUnsafeBytes { bytes in
                Glibc.send(agent, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                done += count
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                isAgentGone = true
                break
            }
        }
        toAgent.removeFirst(done)
    }

    // MARK: The end

    /// Nobody listens any more: the command is told, and ended when it does not end.
    private mutating func cut() -> Int32 {
        if terminal >= 0 { close(terminal) }
        if ended == nil, command.pidfd >= 0 {
            _ = Glibc.kill(-command.pid, SIGHUP)
            _ = tm_pidfd_ended(command.pidfd, Self.graceMilliseconds)
            kill(command: SIGKILL)
            // Who reaps it when we are gone is not known.
            _ = tm_pidfd_ended(command.pidfd, Self.graceMilliseconds)
        }
        reap()
        return 1
    }
}
