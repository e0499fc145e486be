import ArgumentParser
import Foundation
import Testing
import TidemillModel
import TidemillWire

@testable import tidemill

@Suite struct ExecTests {
    @Test(
        arguments: [
            (0, nil, 0), (7, nil, 7), (255, nil, 255), (nil, 9, 137), (nil, 15, 143), (nil, nil, 255),
        ] as [(Int32?, Int32?, Int32)])
    func `an end is told as a shell tells it`(code: Int32?, signal: Int32?, status: Int32) {
        #expect(ExecClient.status(code: code, signal: signal) == status)
    }

    @Test func `flags may be joined, and the command is all behind the dashes`() throws {
        let exec = try #require(
            try Tidemill.parseAsRoot(["exec", "-it", "host", "-n", "lab", "--", "sh", "-c", "ls -l", "--", "-n"])
                as? Exec)
        #expect(exec.session.stdin && exec.session.tty && exec.object == "host" && exec.namespace == "lab")
        #expect(exec.command == ["sh", "-c", "ls -l", "--", "-n"])
        #expect(throws: (any Error).self) { try Tidemill.parseAsRoot(["exec", "host"]) }
        #expect(throws: (any Error).self) { try Tidemill.parseAsRoot(["exec", "host", "ls"]) }
        #expect(throws: (any Error).self) { try Tidemill.parseAsRoot(["run", "-e", "=x", "--", "ls"]) }
    }
}

/// The two shell scripts of `run`, as a slice would run them.
@Suite struct SessionJobTests {
    /// Runs the job's command, and the session's beside it; gives both exit statuses.
    /// - Parameter mark: a file into which the session's command writes its process id; the session is killed then.
    private func run(_ job: SessionJob, _ command: [String]?, killedAt mark: String? = nil) async throws -> (
        job: Int32, session: Int32?
    ) {
        let manifest = job.manifest(in: "lab")
        let words = manifest.at(["spec", "template", "command"])?.array?.compactMap(\.string) ?? []
        let holder = try start(words)
        let session = try command.map { try start(job.wrapped($0)) }
        if let mark, let session {
            while !FileManager.default.fileExists(atPath: mark), session.process.isRunning { await Task.yield() }
            kill(session.process.processIdentifier, SIGKILL)
            let orphan = try String(contentsOfFile: mark, encoding: .utf8)
            kill(try #require(pid_t(orphan.trimmingCharacters(in: .newlines))), SIGKILL)
            try FileManager.default.removeItem(atPath: mark)
        }
        if let session { for await _ in session.end {} }
        for await _ in holder.end {}
        #expect(!FileManager.default.fileExists(atPath: "/tmp/.session-\(job.name)-\(job.token)"))
        return (holder.process.terminationStatus, session?.process.terminationStatus)
    }

    /// `end` ends with the process.
    private func start(_ words: [String]) throws -> (process: Process, end: AsyncStream<Void>) {
        let (end, continuation) = AsyncStream.makeStream(of: Void.self)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        return (process, end)
    }

    private func job(patience: Int = 60) -> SessionJob {
        SessionJob(name: "test", cpu: "1", memory: "1Gi", patienceSeconds: patience, token: UUID().uuidString)
    }

    @Test(arguments: [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137)] as [(String, Int32)])
    func `the job ends as its session`(script: String, status: Int32) async throws {
        let ended = try await run(job(), ["/bin/sh", "-c", script])
        #expect(ended.session == status && ended.job == status)
    }

    @Test func `arguments reach the command as they are`() async throws {
        let ended = try await run(job(), ["/usr/bin/test", "two words $x", "=", "two words $x"])
        #expect(ended.job == 0)
    }

    @Test func `a session that is cut ends the job`() async throws {
        let mark = "/tmp/test-\(UUID().uuidString)"
        // However late this test looks, its session has not ended by itself.
        let script = "echo $$ >\(mark).new; mv \(mark).new \(mark); exec sleep 1000"
        let ended = try await run(job(), ["/bin/sh", "-c", script], killedAt: mark)
        #expect(ended.job == SessionJob.cut)
    }

    @Test func `a session that does not come ends the job`() async throws {
        #expect(try await run(job(patience: 1), nil).job == SessionJob.notCome)
    }

    @Test func `the manifest asks for what was wanted, and nothing else`() throws {
        var job = job()
        job.environment = [("A", "b=c")]
        let spec = try #require(job.manifest(in: "lab")["spec"])
        #expect(spec.at(["slice", "cpu"]) == "1" && spec.at(["slice", "memory"]) == "1Gi")
        #expect(spec.at(["template", "env"]) == [["name": "A", "value": "b=c"]])
        #expect(throws: Never.self) { try Kinds.Job(json: job.manifest(in: "lab")) }
    }
}
