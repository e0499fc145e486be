import TidemillDevices
import TidemillModel
import TidemillSeams
import TidemillWire

/// The devices of a machine for reading: as the agent would register them. Pure.
package struct DeviceListing: Sendable {
    /// CPU domains first, then accelerators by address.
    package let devices: [Kinds.Device]
    /// What belongs to no device, a sentence each.
    package let problems: [String]

    package init(report: NodeReport, at wall: WallTime) {
        let roster = DeviceRoster(node: report.facts.node.rawValue, found: report.inventory?.devices ?? [])
        let names = roster.names
        devices =
            report.cpuDevices.map { device in
                report.device(
                    device, Kinds.Device(metadata: ObjectMeta(name: device.id.rawValue), spec: .init()), at: wall)
            }
            + roster.entries.map { entry in
                report.accelerator(
                    entry, names: names, Kinds.Device(metadata: ObjectMeta(name: entry.name), spec: .init()), at: wall)
            }
        problems = report.inventory?.problems ?? []
    }

    package var json: JSON {
        ["apiVersion": "v1", "kind": "List", "items": .array(devices.map(\.json))]
    }

    package var table: String {
        let header = ["NAME", "VENDOR", "MODEL", "LEVEL", "MEMORY", "NUMA", "PCI", "DRIVER", "HEALTH"]
        let rows = devices.map { device -> [String] in
            let status = device.status
            return [
                device.metadata.name, status.vendor ?? "", status.model ?? "", status.level?.rawValue ?? "",
                status.capacity?.memory?.text ?? "-", status.numaNode.map { "\($0)" } ?? "-",
                status.pci?.address ?? "-",
                status.pci?.driver ?? "-", status.health?.rawValue ?? "-",
            ]
        }
        return (TextTable(header: header, rows: rows).lines() + processors + notReached + found)
            .joined(separator: "\n")
    }

    /// A line for each CPU domain.
    private var processors: [String] {
        devices.filter { $0.status.vendor == "cpu" }.map { device in
            let status = device.status
            var parts = ["CPUs \(status.cpus ?? "-")"]
            parts += status.caches.map { cache in
                let letter = ["Data": "d", "Instruction": "i"][cache.type ?? ""] ?? ""
                return "L\(cache.level)\(letter) \(cache.count ?? 1) x \(cache.size?.text ?? "?")"
            }
            if !status.distances.isEmpty {
                let all = status.distances.map { "\($0.distance ?? 0) to \($0.numaNode)" }
                parts.append("distance " + all.joined(separator: ", "))
            }
            parts += status.runtimes.map { "\($0.name) \($0.device ?? "") (\($0.proved ?? "not tried"))" }
            return "\(device.metadata.name): " + parts.joined(separator: "; ")
        }
    }

    /// Why devices are not known any better: equal reasons once.
    private var notReached: [String] {
        var lines: [String] = []
        var names: [String: [String]] = [:]
        for device in devices {
            for gap in device.status.gaps {
                let line = "\(gap.level.rawValue): \(gap.reason ?? ""): \(gap.message ?? "")"
                if names[line] == nil { lines.append(line) }
                names[line, default: []].append(device.metadata.name)
            }
        }
        if lines.isEmpty { return [] }
        return ["", "Not reached:"]
            + lines.map { line in
                let all = names[line] ?? []
                return "  \(line) (\(all.count <= 3 ? all.joined(separator: ", ") : "\(all.count) devices"))"
            }
    }

    private var found: [String] { problems.isEmpty ? [] : ["", "Found wrong:"] + problems.map { "  \($0)" } }
}
