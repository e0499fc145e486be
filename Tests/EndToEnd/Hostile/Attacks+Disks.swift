import Foundation

extension Attack {
    /// Reading and writing faster than the agent's `ioMaxBytesPerSecond` allows, in a folder that is shared.
    static let disks: [Attack] = ["write", "synced", "read"].map(disk) + (isVersion2 ? [disk("cached")] : [])

    /// On version 1 the kernel writes the page cache as itself: whose it was is not known.
    static let uncachedOnly: [Attack] = isVersion2 ? [] : [disk("cached")]

    private static func disk(_ way: String) -> Attack {
        Attack("io-\(way)", { ["disk", $0.shared, way, "\(Stage.ioBytesPerSecond)"] }, control: .without(["io"]))
    }

    private static var isVersion2: Bool {
        FileManager.default.fileExists(atPath: "/sys/fs/cgroup/cgroup.controllers")
    }
}
