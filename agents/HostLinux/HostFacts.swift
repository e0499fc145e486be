import CHost
import TidemillSeams

/// What the kernel says of itself and of this boot.
package enum HostFacts {
    /// Where Linux tells its boot id.
    package static let bootIDPath = "/proc/sys/kernel/random/boot_id"

    /// The id of this boot. The path is configurable, so that several agents on one machine can be of different boots.
    package static func bootID(path: String = bootIDPath) throws(HostError) -> BootID {
        let text = try HostFile.readText(path)
        guard !text.isEmpty, text.utf8.count <= 64 else {
            throw .unexpected("\(path) holds no boot id: it must be 1 to 64 bytes, and has \(text.utf8.count)")
        }
        return BootID(text)
    }

    /// Version of the running kernel, as `uname -r` prints it.
    package static func kernelVersion() -> String {
        let bytes = [CChar](unsafeUninitializedCapacity: 65) { buffer, count in
            buffer.initialize(repeating: 0)
            count = tm_kernel_release(buffer.baseAddress, 65) == 0 ? 65 : 0
        }
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
