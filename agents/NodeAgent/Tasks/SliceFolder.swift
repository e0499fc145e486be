import TidemillHostLinux
import TidemillNodeCore

/// Where the files of one grant are, below the state folder: durable, never /run.
package struct SliceFolder: Hashable, Sendable {
    package let key: SliceKey
    package let path: String

    package init(stateFolder: String, key: SliceKey) {
        self.key = key
        path = "\(Self.parent(stateFolder))/\(key)"
    }

    package static func parent(_ stateFolder: String) -> String { "\(stateFolder)/slices" }

    /// What the shim is told; root only.
    package var spec: String { "\(path)/spec" }
    /// The name that `spec` gets when its start is given up: no shim lets a command go any more.
    package var revoked: String { "\(path)/spec.revoked" }
    /// Where the shim records that the task runs.
    package var started: String { "\(path)/started" }
    /// Where the shim records how it ended.
    package var ended: String { "\(path)/ended" }
    /// The task's output, rotated.
    package var log: String { "\(path)/log" }
    /// What a canary is told, and what it found; there while it is under way.
    package var probe: String { "\(path)/probe" }
    package var probed: String { "\(path)/probed" }
    /// What the shim itself complains of.
    package var complaints: String { "\(path)/shim.log" }
}
