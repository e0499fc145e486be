import Foundation
import TidemillRig

/// A session at a terminal has one of its own, of the same size, with keys that make signals; afterwards ours is as it was.
struct Terminals: Trial {
    let kubectl: String?
    let name = "terminals"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        try await rig.host()
        var ways = [Way.tidemill(rig)]
        if let kubectl { ways.append(try Way.kubectl(rig, kubectl)) }
        for way in ways { try await shell(rig, way, &findings) }

        let piped = try await rig.exec(ways[0], "-it", "host", "--", "/bin/sh", "-c", "test -t 0 || echo none")
        findings.check(
            "\(name): without a terminal here there is none there, and that is said",
            piped.text == "none\n" && piped.errors.contains("terminal"), piped.text + piped.errors)
        return findings
    }

    private func shell(_ rig: Rig, _ way: Way, _ findings: inout Findings) async throws {
        let at = try Pty(way, ["exec", "-it", "host", "--", "/bin/sh"], rows: 33, columns: 97)
        findings.check("\(way.name): a prompt comes", try await at.sees("# ") || at.text.contains("$ "), at.text)
        findings.check("\(way.name): our terminal is raw meanwhile", !at.isCooked)
        at.type("stty size; tty; echo $TERM\r")
        findings.check("\(way.name): the size is ours", try await at.sees("33 97"), at.text)
        findings.check("\(way.name): the terminal is the slice's own", try await at.sees("/dev/pts/"), at.text)
        findings.check("\(way.name): TERM is ours", try await at.sees("vt220"), at.text)

        // A shell of its own, in whose process group everything is: an interactive one gives its jobs groups of their own.
        at.type("sh -c \"trap 'stty size' WINCH; echo rea''dy; while :; do sleep 0.1; done\"\r")
        findings.check("\(way.name): a trap is set", try await at.sees("ready"), at.text)
        at.resize(rows: 50, columns: 132)
        findings.check("\(way.name): a change of the size arrives as a signal", try await at.sees("50 132"), at.text)
        at.type("\u{03}")
        at.type("\recho aft''er\r")
        findings.check("\(way.name): Ctrl-C ends what runs, not the session", try await at.sees("after"), at.text)
        at.type("sh -c 'kill -QUIT $$'; exit 41\r")
        let status = try await at.end()
        findings.check("\(way.name): the shell's exit code is ours", status == 41, "\(status)")
        findings.check("\(way.name): the terminal is given back as it was", at.isCooked)

        let end = try Pty(way, ["exec", "-it", "host", "--", "/bin/cat"], rows: 24, columns: 80)
        end.type("line\r")
        findings.check("\(way.name): what is typed is echoed", try await end.sees("line\r\nline"), end.text)
        end.type("\u{04}")
        let ended = try await end.end()
        findings.check("\(way.name): Ctrl-D ends the input", ended == 0, "\(ended)")
    }
}
