import TidemillHostLinux

/// The CPUs' model as their vendor writes it.
package enum CPUModel {
    /// From `PROC/cpuinfo`; nil when the kernel does not say, as on some architectures.
    package static func read(procRoot: String) -> String? {
        // A file that cannot be read says nothing.
        guard let bytes = try? HostFile.read(procRoot + "/cpuinfo", limit: 1 << 20) else { return nil }
        return model(in: String(decoding: bytes, as: UTF8.self))
    }

    /// The value of the first line `model name : …`.
    static func model(in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("model name") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }
}
