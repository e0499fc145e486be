import Foundation

/// A vendor's library that is not there, built from C.
package struct Stub {
    /// As in `Vendor.library`.
    package let library: String

    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Stubs")

    /// All that there are, sorted.
    package static var all: [Stub] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".c") }.sorted()
                .map { Stub(library: String($0.dropLast(2))) }
        }
    }

    package init(library: String) {
        self.library = library
    }

    /// Builds it as `file`.
    package func build(at file: URL) throws {
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = [
            "cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", file.path,
            Self.folder.appendingPathComponent("\(library).c").path, "-lpthread",
        ]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else {
            throw MachineError("\(library).c does not compile: cc ended with \(compiler.terminationStatus)")
        }
    }
}
