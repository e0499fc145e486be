import Glibc
import TidemillLease
import TidemillSeams

/// The parent of one task: holds its fence, its log and its end. `tidemill-shim SPEC`, started by the agent.
///
/// With `probe SPEC` a canary's parent, with `exec SPEC` that of a session in a slice that runs.
@main
enum Program {
    static func main() {
        let arguments = CommandLine.arguments
        let broken = broken()
        if arguments.count == 2, let spec = read(arguments[1], ShimSpec.init(bytes:)) {
            var shim = Shim(spec: spec, specPath: arguments[1], broken: broken)
            exit(shim.run())
        }
        if arguments.count == 3, arguments[1] == "probe", let spec = read(arguments[2], ProbeSpec.init(bytes:)) {
            var probe = Probe(spec, broken: broken)
            exit(probe.run())
        }
        if arguments.count == 3, arguments[1] == "exec", let spec = read(arguments[2], ExecSpec.init(bytes:)) {
            var session = Session(spec, broken: broken)
            exit(session.run())
        }
        complain("usage: tidemill-shim [probe|exec] SPEC, a file that tidemill-agent wrote")
        exit(2)
    }

    private static func read<Spec>(_ path: String, _ decode: ([UInt8]) throws(RecordError) -> Spec) -> Spec? {
        do throws(RecordError) {
            return try decode(readFile(path, limit: 4 << 20) ?? [])
        } catch {
            complain("cannot use \(path): \(error)")
            return nil
        }
    }

    /// What a test wants to see broken. Nothing in a release build.
    private static func broken() -> Broken {
        #if DEBUG
        if let text = getenv("TIDEMILL_BREAK") { return Broken(String(cString: text)) }
        #endif
        return .nothing
    }
}
