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
    private let sleep: Sleep
    private var child: Child?

    /// An answer beyond this is none: a thousand devices with all that can be told of them need less.
    static let longestAnswer = 8 << 20

    private struct Child {
        var process: ProcessHandle
        var socket: StreamSocket
    }

    /// - Parameters:
    ///   - program: answers `PROGRAM library NAME`; the agent's own.
    ///   - deadline: for each answer. The first one loads the library and may take a while.
    package init(
        _ library: String, program: String = LibraryProcess.ownProgram,
        environment: [String] = LibraryProcess.ownEnvironment, deadline: Duration = .seconds(10), sleep: @escaping Sleep
    ) {
        self.library = library
        self.program = program
        self.environment = environment
        self.deadline = deadline
        self.sleep = sleep
    }

    /// What the library says now, checked. One question at a time.
    package func ask() async -> Result<LibraryReport, LibraryFailure> {
        do throws(LibraryFailure) {
            let current: Child
            if let child { current = child } else { current = try start() }
            child = nil
            let line = try await answer(current)
            let result = try Self.decode(line)
            child = current
            return result.map { $0.checked() }
        } catch {
            return .failure(error)
        }
    }

    /// Ends the process, if one runs.
    package func end() {
        child?.socket.hangUp()
        child = nil
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
        let (deadline, sleep) = (deadline, sleep)
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
        // One that has ended cannot be signalled.
        if case .broken = outcome { _ = try? process.signal(9) }
        let exit = await process.exit()
        switch (outcome, exit) {
        case (.late, _): throw .timedOut(deadline)
        case (.broken(let what), _): throw .garbled(what)
        case (_, .signalled(let number)?): throw .crashed("was ended by signal \(number)")
        case (_, .exited(let code)?): throw .crashed("ended with \(code) in place of an answer")
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
