import Foundation
import TidemillModel
import TidemillRig
import TidemillWire

/// A session is inside everything that its task is inside of: whatever the kernel says of one, it says of the other.
struct Inside: Trial {
    let name = "inside"

    /// What the kernel says of the process that runs it; lines that name no single process.
    private static let portrait = """
        for file in status limits cgroup mountinfo; do
          sed "s/^/$file /" /proc/self/$file
        done | grep -Ev 'status (Name|Umask|State|Tgid|Ngid|Pid|PPid|NStgid|NSpid|NSpgid|NSsid|FDSize|Vm|Rss|Huge|Threads|Sig|Shd|Kthread|untag|x86|voluntary|nonvoluntary|Core|THP)'
        for space in cgroup ipc mnt net pid user uts; do echo "$space $(readlink /proc/self/ns/$space)"; done
        id
        nproc
        """

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let way = Way.tidemill(rig)
        try await rig.host("host", "\(Self.portrait)\necho whole\nwhile :; do sleep 1000; done")
        let task = try await Patience.until("the task's portrait is whole") {
            let log = try await rig.tidemill("logs", "host")
            return log.hasSuffix("whole\n") ? log.dropLast("whole\n".count) : nil
        }
        let session = try await rig.exec(way, "host", "--", "/bin/sh", "-c", Self.portrait)
        let (ofTask, ofSession) = (Self.lines(String(task)), Self.lines(session.text))
        let differences = ofTask.symmetricDifference(ofSession).sorted()
        findings.check("\(name): the kernel says of the session what it says of the task", noneOf: differences)
        findings.check("\(name): and that is much", ofSession.count > 40, "\(ofSession.count) lines")
        let atTerminal = try Pty(
            way, ["exec", "-it", "host", "--", "/bin/sh", "-c", Self.portrait], rows: 24, columns: 80)
        let status = try await atTerminal.end()
        findings.check(
            "\(name): also at a terminal",
            noneOf: status == 0
                ? ofTask.symmetricDifference(Self.lines(atTerminal.text)).sorted() : ["status \(status)"])

        let alone = try await rig.exec(way, "host", "--", "/bin/sh", "-c", "ls -d /proc/[0-9]* | wc -l; echo $$")
        let numbers = alone.text.split(separator: "\n").compactMap { Int($0) }
        findings.check(
            "\(name): it sees the slice's processes and no others",
            numbers.count == 2 && numbers[0] < 12 && numbers[1] < 1000,
            alone.text)
        try await eatsMemory(rig, way, &findings)
        return findings
    }

    private static func lines(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isNewline).map(String.init))
    }

    /// What a session takes counts as the slice's: the kernel ends the slice, and the job says why.
    private func eatsMemory(_ rig: Rig, _ way: Way, _ findings: inout Findings) async throws {
        try await rig.host("small")
        let eater = try await rig.exec(
            way, "small", "--", "/bin/sh", "-c", "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo ${#x}")
        findings.check(
            "\(name): a session cannot take more memory than its slice has", eater.status != 0 && eater.output.isEmpty,
            "status \(eater.status): \(eater.text)")
        try await Patience.untilTrue("nothing of the session is left") {
            Kernel.commandLines(containing: "head -c 200000000").isEmpty
        }
    }
}
