import Foundation
import TidemillRig

/// How people call the program: by itself, or as kubectl's plugin.
struct Way: Sendable {
    var name: String
    /// Program and first arguments.
    var words: [String]
    var environment: [String: String]

    static func tidemill(_ rig: Rig) -> Way {
        Way(
            name: "tidemill", words: [rig.programs.path("tidemill")], environment: ["KUBECONFIG": rig.kubeconfig])
    }

    /// kubectl finds `kubectl-tidemill` in PATH: a link to our program.
    static func kubectl(_ rig: Rig, _ program: String) throws -> Way {
        let folder = "\(rig.folder)/plugins"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/kubectl-tidemill", withDestinationPath: rig.programs.path("tidemill"))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return Way(
            name: "kubectl tidemill", words: [program, "tidemill"],
            environment: ["KUBECONFIG": rig.kubeconfig, "PATH": "\(folder):\(path)", "HOME": rig.folder])
    }
}

/// One call whose input, output and errors are apart, without a terminal.
final class Command: @unchecked Sendable {
    // `Process` is not Sendable; it is touched in `init` only, and asked for its end.
    private let process: Process
    private let output: String
    private let errors: String
    /// Where the test writes what the command reads; nil when it reads a file.
    let input: FileHandle?

    struct Result: Sendable {
        /// As a shell shows it: 128 and the number for a signal.
        var status: Int32
        var output: [UInt8]
        var errors: String

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    enum Input {
        case nothing
        case file(String)
        case typed
    }

    /// - Parameter reader: where the output goes; a file that `end` reads when nil.
    init(_ way: Way, _ rig: Rig, _ arguments: [String], input: Input = .nothing, reader: FileHandle? = nil) throws {
        let mark = "\(rig.folder)/command-\(UUID().uuidString)"
        (output, errors) = ("\(mark).out", "\(mark).err")
        for path in [output, errors] { FileManager.default.createFile(atPath: path, contents: nil) }
        process = Process()
        process.executableURL = URL(fileURLWithPath: way.words[0])
        process.arguments = Array(way.words.dropFirst()) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(way.environment) { $1 }
        switch input {
        case .nothing:
            process.standardInput = FileHandle.nullDevice
            self.input = nil
        case .file(let path):
            process.standardInput = FileHandle(forReadingAtPath: path)
            self.input = nil
        case .typed:
            let pipe = Pipe()
            process.standardInput = pipe
            self.input = pipe.fileHandleForWriting
        }
        process.standardOutput = reader ?? FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    var outputSoFar: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { if process.isRunning { kill(pid, number) } }

    /// Waits for its end.
    func end(within limit: Duration = .seconds(60)) async throws -> Result {
        do {
            try await Patience.untilTrue("\(process.arguments ?? []) ends", within: limit) { !process.isRunning }
        } catch {
            signal(SIGKILL)
            throw RigError(
                "\(error)\n\(outputSoFar.suffix(500))\n\((try? String(contentsOfFile: errors, encoding: .utf8)) ?? "")")
        }
        let status = process.terminationStatus + (process.terminationReason == .exit ? 0 : 128)
        return Result(
            status: status, output: Array(try Data(contentsOf: URL(fileURLWithPath: output))),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }
}

extension Rig {
    /// Runs `exec ARGUMENTS` to its end.
    func exec(_ way: Way, _ arguments: String..., input: Command.Input = .nothing) async throws -> Command.Result {
        try await Command(way, self, ["exec"] + arguments, input: input).end()
    }

    /// A job to be entered, which runs until it is ended.
    func host(_ name: String = "host", _ script: String = "while :; do sleep 1000; done") async throws {
        try await submit(name, script)
        _ = try await running(name)
    }
}
