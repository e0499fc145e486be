/// Where a machine's own descriptions of itself are; elsewhere than usual in tests and containers.
package struct HostRoots: Hashable, Sendable {
    package var sysfs: String
    package var proc: String
    package var dev: String

    package init(sysfs: String = "/sys", proc: String = "/proc", dev: String = "/dev") {
        self.sysfs = sysfs
        self.proc = proc
        self.dev = dev
    }

    /// All of them below one folder.
    package init(below folder: String) {
        self.init(sysfs: folder + "/sys", proc: folder + "/proc", dev: folder + "/dev")
    }
}
