import TidemillClient
import TidemillDevices
import TidemillHostLinux
import TidemillModel
import TidemillSeams
import TidemillWire

/// Asks one vendor's library, in a process of its own, and waits no longer than the deadline. One that hangs is ended, one
/// that crashed is started again at the next question.
package actor LibraryProbe {
    package nonisolated let library: String
    private let program: String
    private let environment: [String]
    private let deadline: Duration
    private let firstDeadline: Duration
    private let sleep: Sleep
    private var child: Child?
    /// One that was to end and has not: it hangs in the kernel, and nothing ends it there.
    private var stuck: ProcessHandle?

    /// An answer beyond this is none: a thousand devices with all that can be told of them need less.
    static let longestAnswer = 8 << 20
    /// How long a process that was killed may take to end.
    private static let patience: Duration = .seconds(2)

    private struct Child {
        var process: ProcessHandle
        var socket: StreamSocket
        var hasAnswered = false
    }

    /// - Parameters:
    ///   - program: answers `PROGRAM library NAME`; the agent's own.
    ///   - deadline: for each answer.
    ///   - firstDeadline: for the first one of each process, which loads the library and may wake the devices.
    package init(
        _ library: String, program: String = LibraryProcess.ownProgram,
        environment: [String] = LibraryProcess.ownEnvironment, deadline: Duration = .seconds(10),
        firstDeadline: Duration = .seconds(30), sleep: @escaping Sleep
    ) {
        self.library = library
        self.program = program
        self.environment = environment
        self.deadline = deadline
        self.firstDeadline = firstDeadline
        self.sleep = sleep
    }

    /// What the library says now, checked. One question at a time. After a failure the library is loaded anew: its driver
    /// may have come, or be another one.
    package func ask() async -> Result<LibraryReport, LibraryFailure> {
        var current: Child?
        do throws(LibraryFailure) {
            try checkStuck()
            current = child
            child = nil
            var next: Child
            if let current { next = current } else { next = try start() }
            current = next
            let line = try await answer(next)
            let report = try Self.decode(line).get()
            next.hasAnswered = true
            child = next
            return .success(report.checked())
        } catch {
            if let current { await discard(current) }
            return .failure(error)
        }
    }

    /// Ends the process, if one runs.
    package func end() async {
        if let child { await discard(child) }
        child = nil
    }

    private func checkStuck() throws(LibraryFailure) {
        guard let stuck else { return }
        if stuck.exitNow() == nil {
            throw LibraryFailure(
                "LibraryStuck", "process \(stuck.pid), which asked it, hangs in the kernel and cannot be ended")
        }
        self.stuck = nil
    }

    private func discard(_ child: Child) async {
        child.socket.hangUp()
        // One that has ended cannot be signalled.
        _ = try? child.process.signal(9)
        if await ended(child.process) == nil { stuck = child.process }
    }

    /// How it ended; nil when it has not within a moment.
    private func ended(_ process: ProcessHandle) async -> ProcessExit? {
        let (sleep, patience) = (sleep, Self.patience)
        return await withTaskGroup(of: ProcessExit?.self) { group in
            group.addTask { await process.exit() }
            group.addTask {
                // Cancelled once the process has ended.
                try? await sleep(patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func start() throws(LibraryFailure) -> Child {
        do throws(HostError) {
            let (process, socket) = try LibraryProcess.start(
                program: program, library: library, environment: environment)
            return Child(process: process, socket: socket)
        } catch {
            throw LibraryFailure("ProbeNotStarted", "\(error)")
        }
    }

    /// What came of waiting for an answer.
    private enum Outcome {
        case line([UInt8])
        case ended
        case broken(String)
        case late
    }

    /// Sends one question and takes the line that comes. The process is gone when this fails.
    private func answer(_ child: Child) async throws(LibraryFailure) -> [UInt8] {
        let (process, socket) = (child.process, child.socket)
        let (deadline, sleep) = (child.hasAnswered ? deadline : firstDeadline, sleep)
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask { await Self.converse(socket) }
            // Cancelled once the answer is there.
            group.addTask { (try? await sleep(deadline)) == nil ? .ended : .late }
            let first = await group.next() ?? .ended
            if case .late = first {
                // What waits for the answer sees the end of the process; one that has ended cannot be signalled.
                _ = try? process.signal(9)
                socket.hangUp()
            }
            group.cancelAll()
            return first
        }
        if case .line(let line) = outcome { return line }
        switch outcome {
        case .late: throw .timedOut(deadline)
        case .broken(let what): throw .garbled(what)
        case .line, .ended: break
        }
        switch await ended(process) {
        case .signalled(let number)?: throw .crashed("was ended by signal \(number)")
        case .exited(let code)?: throw .crashed("ended with \(code) in place of an answer")
        default: throw .crashed("ended in place of an answer")
        }
    }

    private static func converse(_ socket: StreamSocket) async -> Outcome {
        do throws(HostError) {
            guard try await socket.write([UInt8(ascii: "\n")]) else { return .ended }
            var lines = LineSplitter(limit: longestAnswer)
            while let bytes = try await socket.read() {
                lines.append(bytes)
                if let line = lines.next() { return .line(line) }
                if lines.isOverlong { return .broken("its line has more than \(longestAnswer) bytes") }
            }
            return .ended
        } catch {
            return .broken("\(error)")
        }
    }

    private static func decode(_ line: [UInt8]) throws(LibraryFailure) -> Result<LibraryReport, LibraryFailure> {
        let json: JSON
        do {
            json = try JSON.parse(line)
        } catch {
            throw .garbled("\(error)")
        }
        do throws(DecodeFailure) {
            return try LibraryAnswer(json: json).result
        } catch {
            throw .garbled("\(error)")
        }
    }
}
