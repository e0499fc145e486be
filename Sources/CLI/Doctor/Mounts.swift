/// The cgroup hierarchies among the mounts of a machine.
struct Mounts: Equatable {
    /// Where the v2 hierarchy is mounted.
    var unified: String?
    /// Where each v1 controller is mounted.
    var controllers: [String: String] = [:]

    /// Reads the text of /proc/self/mounts.
    init(parsing text: String) {
        let names: Set<Substring> = ["cpu", "cpuset", "cpuacct", "memory", "pids", "freezer", "devices", "blkio"]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            if fields[2] == "cgroup2", unified == nil { unified = String(fields[1]) }
            guard fields[2] == "cgroup" else { continue }
            for option in fields[3].split(separator: ",") where names.contains(option) {
                controllers[String(option)] = String(fields[1])
            }
        }
    }

    /// `v2`, `v1`, `v1 with v2 beside it`, or `none`.
    var kind: String {
        switch (controllers.isEmpty, unified) {
        case (true, nil): "none"
        case (true, _): "v2"
        case (false, nil): "v1"
        case (false, _): "v1 with v2 beside it"
        }
    }
}
