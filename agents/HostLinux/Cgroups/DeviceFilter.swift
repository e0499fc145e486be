import CHost
import TidemillSeams

/// Denies a cgroup the machine's devices, but for those of some rules: by the `devices` controller of version 1, or by a
/// program on a group of version 2. Which of them it is, the folder says.
package enum DeviceFilter {
    /// Puts the rules in place of those that were there. On version 1 all is denied for a moment in between.
    package static func apply(_ rules: [DeviceRule], to folder: String) throws(HostError) {
        if isVersion1(folder) {
            try HostFile.write("a", to: folder + "/devices.deny")
            for rule in rules { try HostFile.write(rule.description, to: folder + "/devices.allow") }
        } else {
            let list = rules.map(tm_device_rule.init)
            try HostError.check(tm_device_filter_apply(folder, list, list.count), "filter the devices of", folder)
        }
    }

    /// Whether a filter is in force: on version 1 exactly these rules, on version 2 a program, whose rules the kernel does
    /// not tell.
    package static func isInForce(_ rules: [DeviceRule], on folder: String) throws(HostError) -> Bool {
        if isVersion1(folder) {
            let lines = try HostFile.readText(folder + "/devices.list").split(separator: "\n")
            return Set(lines.map(String.init)) == Set(rules.map(\.description))
        }
        let count = tm_device_filter_count(folder)
        try HostError.check(count, "ask for the device filter of", folder)
        return count > 0
    }

    /// Why no program can be put on a group of version 2 here; nil when one can.
    package static func whyNotOnVersion2() -> HostError? {
        let result = tm_device_filter_try()
        return result == 0 ? nil : .failed("load", path: "a device filter", errno: -result)
    }

    private static func isVersion1(_ folder: String) -> Bool { HostFile.exists(folder + "/devices.deny") }
}

extension tm_device_rule {
    init(_ rule: DeviceRule) {
        self.init(
            kind: rule.kind == .block ? 1 : 2, access: rule.access.rawValue, major: Int32(clamping: rule.major),
            minor: rule.minor.map { Int32(clamping: $0) } ?? -1)
    }
}
