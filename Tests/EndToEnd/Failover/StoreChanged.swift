import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// A backup is restored under running work. What both the store and a node know goes on; what only the node knows is ended;
/// what only the store knows starts again; and nothing is granted before every node was heard.
struct BackupRestored: Trial {
    let name = "backup-restored"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        let seats = [rig.seat, rig.seat("b")]
        try await rig.start([seats[1]])
        var known: [RunningWork] = []
        for (number, seat) in seats.enumerated() {
            known += try await rig.startWork(
                [("keep-\(number)", .keep), ("stop-\(number)", .stop(120_000))], on: seat, of: seats)
        }
        let moved = try await rig.startWork([("moved", .stop(120_000))], on: seats[0], of: seats, more: ["retries": 5])[
            0]
        try await rig.submitWitness("brief", seconds: 4, onDisconnect: Silence.keep.policy)
        try await rig.submitWitness("deleted", onDisconnect: Silence.keep.policy)
        for job in ["brief", "deleted"] { try await rig.witnessed(job, attempt: 1) }
        let backup = "\(rig.folder)/backup"
        try await rig.tidemill("backup", "-o", backup)

        // What happens from here on is unknown to the backup.
        let unknown = try await rig.startWork(
            [("unknown-keep", .keep), ("unknown-stop", .stop(120_000))], on: seats[1], of: seats)
        for pid in rig.shims(of: moved.seat) where Kernel.commandLines(containing: moved.sliceUID).contains(pid) {
            kill(pid, SIGKILL)
        }
        try await rig.witnessed("moved", attempt: 2)
        let second = try await rig.running("moved", attempt: 2)
        try await rig.wait(for: "brief", toBe: .succeeded)
        try await rig.tidemill("delete", "job", "deleted")
        try await Patience.untilTrue("the deleted job's slice is gone") {
            (try? await rig.slice("deleted")) == nil  // gone is what is waited for
        }

        try await rig.killAgent(on: seats[1])
        try await rig.killController()
        try await rig.restore(from: backup)
        try await rig.startController()
        try await rig.submitWitness("later", seconds: 1)
        try await findings.checkWaiting("later", for: seats[1], rig, name)
        try await rig.startAgent(on: seats[1])
        for seat in seats { try await rig.wait(for: seat, toBe: .ready) }
        try await rig.wait(for: "later", toBe: .succeeded)

        for work in known { try await findings.checkKept(work, rig, name) }
        let now = try await rig.task("moved", attempt: 2)
        findings.check(
            "\(name): the newer attempt that a node holds is adopted",
            now.status.pid == second.status.pid && Kernel.isAlive(Int32(now.status.pid ?? 0)),
            "pid \(second.status.pid ?? 0) before, \(now.status.pid ?? 0) now")
        for work in unknown {
            findings.check("\(name): \(work.job), which the store does not know, is ended", !Kernel.isAlive(work.pid))
        }
        try await rig.wait(for: "brief", toBe: .succeeded)
        let deleted = try await Patience.until("the deleted job, which the backup knows, runs again") {
            try rig.witness().runs(of: "deleted").dropFirst().first
        }
        findings.check("\(name): its attempt is a new one", deleted.attempt > 1, "attempt \(deleted.attempt)")
        return findings
    }
}

extension Findings {
    /// Nothing is granted while a node of the roster has not been heard: seen over some seconds in which the node that was
    /// heard could have taken the job.
    fileprivate mutating func checkWaiting(
        _ job: String, for seat: Seat, _ rig: Rig, _ name: String
    ) async throws {
        let renewals = rig.metrics(of: rig.seat)?.renewals ?? 0
        try await Patience.untilTrue("the other node renews on") {
            rig.metrics(of: rig.seat)?.renewals ?? 0 >= renewals + 10
        }
        let isGranted = try await rig.admin().list(Kinds.Slice.self, namespace: "default").objects
            .contains { $0.metadata.name.hasPrefix("\(job)-") && $0.status.grant != nil }
        check("\(name): nothing is granted before \(seat.node) was heard", !isGranted)
    }
}

/// An older copy of the store's file is put in its place. The nodes know better: the controller refuses them by name, grants
/// nothing and ends nothing, until the newest copy is back.
struct StoreRolledBack: Trial {
    let name = "store-rolled-back"
    static let reason = "ControllerRolledBack"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let early = try await rig.startWork([("early", .keep)], on: rig.seat, of: [rig.seat])[0]
        let (older, newest) = ("\(rig.folder)/older", "\(rig.folder)/newest")
        // In the older copy it still waits.
        try await rig.cordon(rig.seat, true)
        try await rig.submitWitness("waits", seconds: 1)
        try await Patience.untilTrue("the job waits") { try await rig.job("waits").status.reason != nil }
        try await rig.killController(SIGTERM)
        try rig.copyStore(to: older)
        try await rig.startController()
        try await rig.cordon(rig.seat, false)
        try await rig.wait(for: rig.seat, toBe: .ready)
        try await rig.wait(for: "waits", toBe: .succeeded)
        let late = try await rig.startWork([("late", .keep)], on: rig.seat, of: [rig.seat])[0]
        try await rig.killController(SIGTERM)
        try rig.copyStore(to: newest)

        try rig.replaceStore(with: older)
        try await rig.startController()
        let node = try await Patience.until("the node shows \(Self.reason)") {
            let node = try await rig.nodeObject(rig.seat)
            return node.status.conditions.contains { $0.type == "Ready" && $0.reason == Self.reason } ? node : nil
        }
        let ready = node.status.conditions.first { $0.type == "Ready" }
        // Its state stays what the controller last knew: nothing is judged any more.
        findings.check("\(name): the node is not Ready", ready?.status != .true, ready?.status.rawValue ?? "none")
        findings.check("\(name): the message names the way out", ready?.message?.contains("restore") == true)
        let said = await refusal { try await rig.submitWitness("refused", seconds: 1) }
        findings.check("\(name): what would be lost is not accepted", said.contains(Self.reason), said)
        let job = try await Patience.until("the job shows \(Self.reason)") {
            let job = try await rig.job("waits")
            return job.status.reason == Self.reason ? job : nil
        }
        findings.check(
            "\(name): the job waits", [.pending, .queued].contains(job.status.state), job.status.state.rawValue)
        let slices = try await rig.admin().list(Kinds.Slice.self, namespace: "default").objects
        findings.check(
            "\(name): nothing is granted",
            slices.allSatisfy { !$0.metadata.name.hasPrefix("waits") || $0.status.grant == nil })
        for work in [early, late] {
            findings.check("\(name): \(work.job) goes on", Kernel.isAlive(work.pid))
        }

        try await rig.killController(SIGTERM)
        try rig.replaceStore(with: newest)
        try await rig.startController()
        try await rig.wait(for: rig.seat, toBe: .ready)
        for work in [early, late] { try await findings.checkKept(work, rig, name) }
        try await rig.submitWitness("accepted", seconds: 1)
        try await rig.wait(for: "accepted", toBe: .succeeded)
        findings.check("\(name): what had ended did not run again", try rig.witness().runs(of: "waits").count == 1)
        return findings
    }

    /// What the API says to a write; empty when it takes it.
    private func refusal(_ write: () async throws -> Void) async -> String {
        do {
            try await write()
            return ""
        } catch {
            return "\(error)"
        }
    }
}

extension Rig {
    private nonisolated func storeFiles(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("store.sqlite") }
    }

    /// Copies the store's files; the controller must not be running.
    fileprivate nonisolated func copyStore(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in try storeFiles(in: dataFolder) {
            try FileManager.default.copyItem(atPath: "\(dataFolder)/\(file)", toPath: "\(folder)/\(file)")
        }
    }

    /// Puts copied files in the place of the store's.
    fileprivate nonisolated func replaceStore(with folder: String) throws {
        for file in try storeFiles(in: dataFolder) {
            try FileManager.default.removeItem(atPath: "\(dataFolder)/\(file)")
        }
        for file in try storeFiles(in: folder) {
            try FileManager.default.copyItem(atPath: "\(folder)/\(file)", toPath: "\(dataFolder)/\(file)")
        }
    }
}
