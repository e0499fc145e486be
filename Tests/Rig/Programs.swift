import Foundation

/// The built programs: in the folder that TIDEMILL_BIN names, else the debug build of this checkout.
package struct Programs: Sendable {
    package var folder: String

    package init() {
        if let folder = ProcessInfo.processInfo.environment["TIDEMILL_BIN"] {
            self.folder = folder
        } else {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent()
            folder = root.appendingPathComponent(".build/debug").path
        }
    }

    package func path(_ program: String) -> String { "\(folder)/\(program)" }
}

/// What went wrong with a rig, in a sentence.
package struct RigError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
