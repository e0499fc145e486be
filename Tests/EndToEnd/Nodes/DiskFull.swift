import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// The store's disk is full: writes are refused with a sentence, reads and heartbeats go on, nothing that runs is fenced, and
/// when there is space again everything goes on by itself.
struct DiskFull: Trial {
    let name = "disk-full"
    private let folder = NSTemporaryDirectory() + "tidemill-full-\(ProcessInfo.processInfo.processIdentifier)"
    private var filler: String { "\(folder)/filler" }

    func makeRig() throws -> Rig {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard mount("tmpfs", folder, "tmpfs", 0, "size=32m") == 0 else {
            throw RigError("a small tmpfs cannot be mounted at \(folder), which needs root: errno \(errno)")
        }
        return try Rig(name, dataFolder: "\(folder)/controller")
    }

    func cleanUp() async throws {
        umount(folder)
        try FileManager.default.removeItem(atPath: folder)
    }

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let work = try await rig.startWork(
            [("kept", .keep), ("swift", .stop(2_000))], on: rig.seat, of: [rig.seat])
        let gate = "\(rig.folder)/gate"
        try await rig.submit("ends", "while [ ! -e \(gate) ]; do sleep 0.1; done")
        _ = try await rig.running("ends")

        try fill()
        let refusal = try await Patience.until("a write is refused") {
            do {
                try await rig.submit("refused-\(UUID().uuidString.lowercased())", "true")
                try fill()
                return nil as String?
            } catch {
                return "\(error)"
            }
        }
        findings.check(
            "\(name): the refusal says why",
            refusal.localizedCaseInsensitiveContains("full")
                || refusal.localizedCaseInsensitiveContains("space"), refusal)
        findings.check("\(name): reads go on", try await rig.job("kept").status.state == .running)
        // Its end cannot be written down now; it must not be forgotten.
        try Data().write(to: URL(fileURLWithPath: gate))
        let renewals = rig.metrics(of: rig.seat)?.renewals ?? 0
        // Far longer than `after: 2s` at three renewals a second.
        try await Patience.untilTrue("the agent renews on", within: .seconds(60)) {
            rig.metrics(of: rig.seat)?.renewals ?? 0 >= renewals + 25
        }
        for task in work { findings.check("\(name): \(task.job) is not fenced", Kernel.isAlive(task.pid)) }
        findings.check("\(name): the controller lives", await rig.controller?.isRunning == true)

        try FileManager.default.removeItem(atPath: filler)
        try await rig.wait(for: "ends", toBe: .succeeded)
        for task in work { try await findings.checkKept(task, rig, name) }
        try await Patience.untilTrue("writes are taken again") {
            do {
                try await rig.submit("accepted", "true")
                return true
            } catch {
                return false
            }
        }
        try await rig.wait(for: "accepted", toBe: .succeeded)
        return findings
    }

    /// Writes until nothing fits any more.
    private func fill() throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RigError("\(filler): errno \(errno)") }
        defer { close(file) }
        for size in [1 << 20, 4096, 1] {
            let chunk = [UInt8](repeating: 0, count: size)
            while write(file, chunk, size) == size {}
        }
    }
}
