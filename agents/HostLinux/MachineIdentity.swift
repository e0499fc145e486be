import TidemillSeams

/// Who this machine is, whatever its name: the hardware's UUID together with a key that the agent made at its first
/// start. A cloned disk changes the first, a re-installed agent the second.
package struct MachineIdentity: Hashable, Sendable {
    /// `<hardware UUID>/<instance key>`. Neither is a secret: what proves a node is its certificate.
    package let machineID: String

    /// Reads the identity, making the instance key (`instance-key`, mode 0600, 128 random bits) when it is not there.
    ///
    /// The hardware's UUID is `class/dmi/id/product_uuid`, else the device tree's serial number; a machine that has
    /// neither, as many virtual ones, is known by the instance key alone.
    package init(
        stateFolder: String, sysfsRoot: String = "/sys", procRoot: String = "/proc", randomness: any Randomness
    ) throws(HostError) {
        let path = stateFolder + "/instance-key"
        if !HostFile.exists(path) {
            let key = hexadecimal(randomness.next(), width: 16) + hexadecimal(randomness.next(), width: 16)
            try HostFile.writeDurably(Array((key + "\n").utf8), to: path)
        }
        let key = try HostFile.readText(path)
        guard key.utf8.count == 32 else {
            throw .unexpected("\(path) is damaged: it must hold 32 hexadecimal digits and has \(key.utf8.count)")
        }
        let sources = [sysfsRoot + "/class/dmi/id/product_uuid", procRoot + "/device-tree/serial-number"]
        // Not every machine has these files, and they may be for root alone.
        let hardware = sources.lazy.compactMap { try? HostFile.readText($0) }.first { !$0.isEmpty } ?? ""
        machineID = hardware.isEmpty ? key : "\(hardware)/\(key)"
    }
}
