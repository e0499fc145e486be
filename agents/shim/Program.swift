import Glibc
import TidemillLease

/// The parent of one task: holds its fence, its log and its end. `tidemill-shim SPEC`, started by the agent.
@main
enum Program {
    static func main() {
        guard CommandLine.arguments.count == 2, let spec = readSpec(CommandLine.arguments[1]) else {
            complain("usage: tidemill-shim SPEC, a file that tidemill-agent wrote")
            exit(2)
        }
        var shim = Shim(spec: spec, specPath: CommandLine.arguments[1], isFenceBroken: isFenceBroken())
        exit(shim.run())
    }

    private static func readSpec(_ path: String) -> ShimSpec? {
        do throws(RecordError) {
            return try ShimSpec(bytes: readFile(path, limit: 4 << 20) ?? [])
        } catch {
            complain("cannot use \(path): \(error)")
            return nil
        }
    }

    /// Whether a test wants to see what happens without a fence. Never in a release build.
    private static func isFenceBroken() -> Bool {
        #if DEBUG
        if let broken = getenv("TIDEMILL_BREAK") { return String(cString: broken) == "fence" }
        #endif
        return false
    }
}
