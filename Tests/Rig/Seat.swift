/// Where one agent of a rig lives: its node's name, its folders, its cgroup root. Several of them share one machine.
package struct Seat: Hashable, Sendable {
    package let node: String
    package let folder: String

    package var stateFolder: String { "\(folder)/state" }
    package var runFolder: String { "\(folder)/run" }
    package var identityFolder: String { "\(folder)/identity" }
    package var cgroupRoot: String { "tidemill/\(node)" }
    package var configuration: String { "\(folder)/config.yaml" }
    package var log: String { "\(folder).log" }
    /// Says which boot this is; the rig makes it, so that a seat can reboot without its machine.
    package var bootIDPath: String { "\(folder)/boot-id" }
    package var metricsSocket: String { "\(runFolder)/metrics.sock" }
}
