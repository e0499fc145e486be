import Logging
import TidemillHostLinux
import TidemillNodeCore
import TidemillSeams

/// Bounds what all logs of one tenant take of a node's disk: its oldest rotated files go first. The file that a task writes
/// now is bounded by its rotation and never taken away. Pure.
package enum LogCap {
    package struct File: Hashable, Sendable {
        package var tenant: String
        package var path: String
        package var isRotated: Bool
        package var bytes: Int64
        package var changedNanoseconds: Int64

        package init(tenant: String, path: String, isRotated: Bool, bytes: Int64, changedNanoseconds: Int64) {
            self.tenant = tenant
            self.path = path
            self.isRotated = isRotated
            self.bytes = bytes
            self.changedNanoseconds = changedNanoseconds
        }
    }

    /// The paths of files to remove, oldest first within a tenant, so that each tenant has at most `most` bytes, or none left
    /// that may go.
    package static func excess(_ files: [File], most: Int64) -> [String] {
        Dictionary(grouping: files, by: \.tenant).sorted { $0.key < $1.key }.flatMap { _, files -> [String] in
            var total = files.reduce(0) { $0 + $1.bytes }
            var excess: [String] = []
            for file in files.filter(\.isRotated).sorted(by: isOlder) where total > most {
                excess.append(file.path)
                total -= file.bytes
            }
            return excess
        }
    }

    private static func isOlder(_ one: File, _ other: File) -> Bool {
        (one.changedNanoseconds, one.path) < (other.changedNanoseconds, other.path)
    }
}

extension LinuxSliceHost {
    package func capLogs(_ tenants: [SliceKey: String]) {
        guard !settings.broken.omits("logcap") else { return }
        let files = tenants.flatMap { key, tenant in
            let log = folder(key).log
            return (0..<settings.logFiles).compactMap { number -> LogCap.File? in
                let path = number == 0 ? log : "\(log).\(number)"
                return HostFile.facts(path).map {
                    LogCap.File(
                        tenant: tenant, path: path, isRotated: number > 0, bytes: $0.bytes,
                        changedNanoseconds: $0.changedNanoseconds)
                }
            }
        }
        for path in LogCap.excess(files, most: settings.logTenantMaxBytes) {
            do {
                try HostFile.remove(path)
                logger.info("a log makes room for newer ones of its tenant", metadata: ["path": "\(path)"])
            } catch {
                logger.warning("a log cannot be removed", metadata: ["path": "\(path)", "error": "\(error)"])
            }
        }
    }
}
