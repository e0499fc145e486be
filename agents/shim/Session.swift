import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// A session's parent: one thread between the agent, on descriptor 0, and a command in a slice that runs. `tidemill-shim
/// exec SPEC`.
///
/// It stays outside of the slice and holds only the ends of the command's streams. The session ends with the slice, for the
/// command is in its pid namespace; with this process, by the parent-death signal; and with the agent, by descriptor 0.
struct Session {
    /// How much may wait on either side before the other is not read any more.
    private static let mostWaiting = 256 << 10
    /// Between SIGHUP and the end when the agent is gone.
    private static let graceMilliseconds: Int32 = 1_000

    private let spec: ExecSpec
    private let broken: Broken
    private let agent: Int32 = 0
    private var command = tm_session()
    /// The terminal's our side; -1 without one.
    private var terminal: Int32 = -1
    private var reader = ExecFrameReader()
    private var toAgent: [UInt8] = []
    private var toCommand: [UInt8] = []
    private var isInputOver = false
    private var hasStarted = false
    private var isAgentGone = false
    private var ended: tm_exit?

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
            while ended == nil, !isAgentGone { turn() }
            if isAgentGone { return cut() }
            if let ended, hasStarted {
                takeOutput(isLast: true)
                send(
                    .exit(
                        code: ended.by_signal != 0 ? nil : ended.status,
                        signal: ended.by_signal != 0 ? ended.status : nil))
            }
        }
        while !toAgent.isEmpty, !isAgentGone { turn() }
        return isAgentGone ? 1 : 0
    }

    // MARK: Start

    /// Nil, or why nothing runs.
    private mutating func start() -> String? {
        let handle = tm_pidfd_open(spec.initProcess.pid)
        guard handle >= 0, tm_start_ticks("/proc", spec.initProcess.pid) == spec.initProcess.startTicks else {
            return "The task has ended."
        }
        let start = CStart(spec, broken: broken)
        var wish = tm_session_spec()
        wish.command = start.command
        wish.containment = start.containment
        wish.group_procs = start.groupProcs
        wish.user_id = start.standing.userNumber
        wish.group_id = start.standing.groupNumber
        wish.init_pidfd = handle
        wish.init_pid = spec.initProcess.pid
        if let size = spec.terminal {
            wish.has_terminal = 1
            wish.rows = size.rows
            wish.columns = size.columns
        }
        let result = tm_session_start(&wish, &command)
        close(handle)
        return result < 0 ? "The slice cannot be entered: \(describe(result))." : nil
    }

    // MARK: Between agent and command

    private mutating func turn() {
        let isRoomAtAgent = toAgent.count < Self.mostWaiting
        let isRoomAtCommand = toCommand.count < Self.mostWaiting
        var agentEvents = toAgent.isEmpty ? 0 : POLLOUT
        if isRoomAtCommand { agentEvents |= POLLIN }
        let isReading = hasStarted && isRoomAtAgent
        var waiting = [
            pollfd(fd: agent, events: Int16(agentEvents), revents: 0),
            pollfd(fd: command.reports, events: Int16(POLLIN), revents: 0),
            pollfd(fd: ended == nil ? command.pidfd : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: toCommand.isEmpty ? -1 : command.input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isReading ? command.output : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isReading ? command.errors : -1, events: Int16(POLLIN), revents: 0),
        ]
        if poll(&waiting, nfds_t(waiting.count), -1) < 0 { return }
        if waiting[1].revents != 0 { takeReports() }
        if waiting[0].revents & Int16(POLLIN) != 0 { takeFrames() }
        if waiting[0].revents & Int16(POLLOUT) != 0 { flush() }
        if waiting[0].revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { isAgentGone = true }
        if waiting[3].revents != 0 { feed() }
        if waiting[4].revents != 0 || waiting[5].revents != 0 { takeOutput(isLast: false) }
        if waiting[2].revents != 0 {
            // What the first process of the session said before its end counts first.
            takeReports()
            var result = tm_exit()
            if tm_pidfd_wait(command.pidfd, &result) == 1 { ended = result }
        }
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
        var isMore = true
        while isMore, toCommand.count < Self.mostWaiting {
            guard let hasRead = readOnce(agent, { bytes in reader.append(bytes) }) else {
                isAgentGone = true
                return
            }
            isMore = hasRead
            do throws(ExecFrameError) {
                while let frame = try reader.next() { take(frame) }
            } catch {
                complain("the agent speaks another language: \(error)")
                isAgentGone = true
                return
            }
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

    /// Moves what the command wrote; when it has ended, all that is still there, however much waits at the agent.
    private mutating func takeOutput(isLast: Bool) {
        command.output = takeStream(command.output, isLast: isLast) { .output($0) }
        command.errors = takeStream(command.errors, isLast: isLast) { .errors($0) }
    }

    private mutating func takeStream(
        _ descriptor: Int32, isLast: Bool, _ frame: ([UInt8]) -> ExecFrame
    ) -> Int32 {
        guard descriptor >= 0 else { return -1 }
        while toAgent.count < Self.mostWaiting || isLast {
            var taken: [UInt8] = []
            guard let isMore = readOnce(descriptor, { taken = Array($0) }) else {
                if descriptor != terminal { close(descriptor) }
                return -1
            }
            if !isMore { break }
            for piece in ExecFrame.pieces(taken, frame) { send(piece) }
        }
        return descriptor
    }

    /// Hands what can be read now to `body`. True: something was; false: nothing for now; nil: the stream has ended.
    private func readOnce(_ descriptor: Int32, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool? {
        withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 16) { buffer in
            while true {
                let count = read(descriptor, buffer.baseAddress, buffer.count)
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
        if ended == nil {
            kill(-command.pid, SIGHUP)
            _ = tm_pidfd_ended(command.pidfd, Self.graceMilliseconds)
            kill(-command.pid, SIGKILL)
            _ = tm_pidfd_signal(command.pidfd, SIGKILL)
        }
        return 1
    }
}
