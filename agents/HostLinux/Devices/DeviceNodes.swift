import Glibc
import TidemillDevices

/// Device nodes of accelerators: those that sysfs shows below the function, and those that drivers make beside it.
struct DeviceNodes {
    private let roots: HostRoots

    /// How deep below a function nodes are looked for, and how many folders of it are opened.
    private static let depth = 4
    private static let mostFolders = 512

    init(_ roots: HostRoots) {
        self.roots = roots
    }

    /// Nodes that sysfs shows below a function: folders with a file `dev` and a DEVNAME.
    func below(_ folder: String) -> [DeviceNode] {
        var (nodes, opened): (Set<DeviceNode>, Int) = ([], 0)
        look(folder, depth: 0, &nodes, &opened)
        return nodes.sorted { $0.name < $1.name }
    }

    private func look(_ folder: String, depth: Int, _ nodes: inout Set<DeviceNode>, _ opened: inout Int) {
        opened += 1
        // What goes away while it is looked at has no nodes.
        guard depth <= Self.depth, opened <= Self.mostFolders, let names = try? HostFile.names(in: folder) else {
            return
        }
        if depth > 0, names.contains("dev"), let node = node(folder) { nodes.insert(node) }
        for name in names {
            // Other functions are not part of this one.
            if PCIAddress(parsing: name) != nil || !HostFile.isFolder("\(folder)/\(name)") { continue }
            look("\(folder)/\(name)", depth: depth + 1, &nodes, &opened)
        }
    }

    private func node(_ folder: String) -> DeviceNode? {
        let files: (numbers: String, uevent: String)
        do throws(HostError) {
            files = (try HostFile.readText(folder + "/dev"), try HostFile.readText(folder + "/uevent"))
        } catch {
            // One that goes away meanwhile is none.
            return nil
        }
        let parts = files.numbers.split(separator: ":")
        let name = files.uevent.split(separator: "\n").first { $0.hasPrefix("DEVNAME=") }?.dropFirst(
            "DEVNAME=".utf8.count)
        guard parts.count == 2, let major = UInt32(parts[0]), let minor = UInt32(parts[1]), let name, !name.isEmpty,
            !name.split(separator: "/").contains("..")
        else { return nil }
        return DeviceNode(name: String(name), major: major, minor: minor)
    }

    /// Gives each function the node that its driver made for it outside sysfs, such as `nvidia0`: by the driver's own word
    /// where it says, else by order, where there are as many nodes as cards with a driver.
    func addLoose(to functions: inout [PCIFunction]) {
        for vendor in Vendor.all where !vendor.nodePrefixes.isEmpty {
            let cards = functions.indices.filter {
                Vendor.of(functions[$0]) == vendor && functions[$0].driver != nil && functions[$0].driver != "vfio-pci"
                    && functions[$0].physicalFunction == nil
            }
            if cards.isEmpty { continue }
            let nodes = loose(vendor.nodePrefixes)
            for index in cards {
                if vendor.name == "nvidia" {
                    guard let minor = nvidiaMinor(functions[index].address) else { continue }
                    functions[index].nodes += nodes.filter { $0.minor == minor }
                } else if nodes.count == cards.count, let place = cards.firstIndex(of: index) {
                    functions[index].nodes.append(nodes[place])
                }
            }
        }
    }

    /// Nodes in /dev whose name is one of the prefixes and a number, by that number.
    private func loose(_ prefixes: [String]) -> [DeviceNode] {
        // No such folder, no nodes.
        let names = (try? HostFile.names(in: roots.dev)) ?? []
        return names.compactMap { name -> (UInt32, DeviceNode)? in
            guard let prefix = prefixes.first(where: { name.hasPrefix($0) }),
                let number = UInt32(name.dropFirst(prefix.utf8.count)),
                let numbers = HostFile.deviceNumbers("\(roots.dev)/\(name)")
            else { return nil }
            return (number, DeviceNode(name: name, major: numbers.major, minor: numbers.minor))
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The line `Device Minor: 3` of NVIDIA's driver.
    private func nvidiaMinor(_ address: PCIAddress) -> UInt32? {
        // An open driver of another kind has no such file.
        guard let text = try? HostFile.readText("\(roots.proc)/driver/nvidia/gpus/\(address)/information") else {
            return nil
        }
        for line in text.split(separator: "\n") where line.hasPrefix("Device Minor:") {
            return line.split(separator: ":").last.flatMap { UInt32($0.filter { $0 != " " && $0 != "\t" }) }
        }
        return nil
    }
}

extension HostFile {
    /// What a symbolic link points to; nil when nothing is there or it is no link.
    package static func linkTarget(_ path: String) throws(HostError) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        if count >= 0 { return String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) }
        if errno == ENOENT || errno == EINVAL || errno == ENOTDIR { return nil }
        throw .failed("follow", path: path, errno: errno)
    }

    /// Whether a folder, and no link to one, has this name.
    package static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// The numbers of a character device; nil for anything else.
    package static func deviceNumbers(_ path: String) -> (major: UInt32, minor: UInt32)? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFCHR else { return nil }
        let number = UInt64(facts.st_rdev)
        // As gnu_dev_major and gnu_dev_minor take them apart.
        let major = (number >> 8) & 0xFFF | (number >> 32) & ~0xFFF
        let minor = number & 0xFF | (number >> 12) & ~0xFF
        return (UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor))
    }
}
