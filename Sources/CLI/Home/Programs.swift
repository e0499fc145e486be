import Foundation

/// The programs of one build, all in the folder of this one.
struct Programs: Sendable {
    let folder: String

    /// - Throws: a sentence that names what is missing and how it is built.
    init() throws {
        // /proc/self/exe is a link to this program, wherever it was called from.
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw Failure("/proc is not mounted: tidemill needs it to find its other programs")
        }
        folder = (own as NSString).deletingLastPathComponent
        for program in ["tidemill-controller", "tidemill-agent", "tidemill-shim"] {
            guard FileManager.default.isExecutableFile(atPath: path(program)) else {
                throw Failure("\(program) is not beside this program in \(folder): `make build` builds it")
            }
        }
    }

    func path(_ program: String) -> String { "\(folder)/\(program)" }
}

/// Finds deploy/quickstart.
enum Quickstart {
    /// `option`, else deploy/quickstart in this program's folder, the current folder, or the nearest folder above either.
    static func folder(option: String?, programs: String) throws -> String {
        if let option {
            guard FileManager.default.fileExists(atPath: option) else {
                throw Failure("--quickstart: \"\(option)\" does not exist")
            }
            return option
        }
        for start in [programs, FileManager.default.currentDirectoryPath] {
            var folder = start
            while !folder.isEmpty && folder != "/" {
                let candidate = folder + "/deploy/quickstart"
                if FileManager.default.fileExists(atPath: candidate) { return candidate }
                folder = (folder as NSString).deletingLastPathComponent
            }
        }
        throw Failure(
            "deploy/quickstart is in no folder above \(programs) or the current one: name it with --quickstart")
    }
}
