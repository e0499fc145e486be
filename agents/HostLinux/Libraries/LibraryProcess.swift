import CHost
import Glibc
import TidemillDevices
import TidemillWire

/// The process in which a vendor's library lives, so that a crash, a hang or a leak in it is not the agent's.
package enum LibraryProcess {
    /// The agent's own program, which knows how to be one.
    package static let ownProgram = "/proc/self/exe"

    /// Starts `PROGRAM library NAME`, which answers each line that it is sent on the socket with a line of its own.
    package static func start(
        program: String, library: String, environment: [String]
    ) throws(HostError) -> (process: ProcessHandle, socket: StreamSocket) {
        let (ours, childs) = try StreamSocket.pair()
        defer { close(childs) }
        var child = tm_child()
        let result = withCStrings(["tidemill-agent", "library", library]) { arguments in
            withCStrings(environment) { variables in
                tm_spawn_fed(program, arguments, variables, nil, childs, &child)
            }
        }
        try HostError.check(result, "start", program)
        let ticks = max(0, tm_start_ticks("/proc", child.pid))
        return (ProcessHandle(pid: child.pid, pidfd: child.pidfd, startTicks: ticks), ours)
    }

    /// This process's variables, as a child takes them.
    package static var ownEnvironment: [String] {
        var variables: [String] = []
        var next = environ
        while let variable = next.pointee {
            variables.append(String(cString: variable))
            next += 1
        }
        return variables
    }

    // MARK: In the process itself

    /// Serves the library on standard input, a socket, until that closes. Never returns.
    package static func serve(_ type: any VendorLibrary.Type, files: [String]? = nil) -> Never {
        limit()
        for (name, value) in type.environment { setenv(name, value, 1) }
        endWithTheSocket()
        var library: Result<any VendorLibrary, LibraryFailure>?
        while readLine() {
            let known = library ?? open(type, files)
            library = known
            let answer = LibraryAnswer(known.flatMap { library in report(library) })
            if !writeLine(answer.json) { break }
        }
        _exit(0)
    }

    private static func open(
        _ type: any VendorLibrary.Type, _ files: [String]?
    ) -> Result<any VendorLibrary, LibraryFailure> {
        do throws(LibraryFailure) {
            return .success(try type.init(LibraryHandle(files ?? type.files)))
        } catch {
            return .failure(error)
        }
    }

    private static func report(_ library: any VendorLibrary) -> Result<LibraryReport, LibraryFailure> {
        do throws(LibraryFailure) {
            return .success(try library.read())
        } catch {
            return .failure(error)
        }
    }

    /// No core file of a vendor's crash; and when memory runs out, this process goes before the agent.
    private static func limit() {
        // Without the file there is no such choice to make.
        try? HostFile.write("500", to: "/proc/self/oom_score_adj")
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(4), &none)  // RLIMIT_CORE
    }

    /// A call that hangs does not see that the agent is gone: a thread beside it does.
    private static func endWithTheSocket() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                var entry = pollfd(fd: 0, events: Int16(0x2000), revents: 0)  // POLLRDHUP
                while poll(&entry, 1, -1) < 0 && errno == EINTR {}
                _exit(0)
            }, nil)
    }

    /// One line of any content; false at the end.
    private static func readLine() -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = read(0, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return false }
            if byte == UInt8(ascii: "\n") { return true }
        }
    }

    private static func writeLine(_ json: JSON) -> Bool {
        var rest = (json.bytes + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(0, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
