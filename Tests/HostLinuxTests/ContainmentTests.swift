import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// What a task sees and may do. Each mechanism is shown twice: it holds, and with it left out the same attempt gets through.
@Suite(.enabled(if: isRoot, "containment by root needs root"), .serialized) struct ContainmentTests {
    static let tenant: UInt32 = 1_879_048_200

    /// What a contained shell says.
    private func say(
        _ script: String, omit: String = "", hidden: [String] = [], shared: [String] = [],
        with change: (inout Containment) -> Void = { _ in }
    ) throws -> String {
        let broken = omit.split(separator: ",").map { "omit:\($0)" }.joined(separator: ",")
        let bench = try ShimBench(["sh", "-c", script], broken: broken)
        defer { bench.close() }
        bench.contain(hidden: hidden, shared: shared)
        var containment = try #require(bench.spec.containment)
        change(&containment)
        bench.spec.containment = containment
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.startedAt != nil, "\(end.message)")
        let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
        #expect(started.unenforced.filter { !$0.contains("oom_score_adj") } == [])
        return try bench.log
    }

    /// A folder of the machine, outside of what every task has of its own, with a file `secret` in it.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/var/lib/tidemill-test-\(KernelRandomness().uuid())"
        try HostFile.makeFolder(folder, mode: 0o755)
        defer {
            for name in (try? HostFile.names(in: folder)) ?? [] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        try HostFile.writeDurably(Array("told\n".utf8), to: folder + "/secret", mode: 0o644)
        chmod(folder, 0o777)
        try body(folder)
    }

    // MARK: What it sees

    @Test(arguments: ["/tmp", "/var/tmp", "/dev/shm"])
    func `a temporary folder is the task's own`(folder: String) throws {
        let name = "\(folder)/tidemill-test-\(KernelRandomness().uuid())"
        defer { unlink(name) }
        #expect(try say("ls -A \(folder) | wc -l; echo x > \(name) && cat \(name)") == "0\nx\n")
        #expect(!HostFile.exists(name))
        #expect(try say("echo x > \(name) && cat \(name)", omit: "mounts") == "x\n")
        #expect(HostFile.exists(name))
    }

    @Test func `a temporary folder is bounded`() throws {
        let script = "head -c 3000000 /dev/zero > /tmp/f && echo written"
        let narrow = try say(script) { $0.temporaryBytes = 2 << 20 }
        #expect(narrow.contains("No space left on device"))
        #expect(try say(script) { $0.temporaryBytes = 4 << 20 } == "written\n")
    }

    @Test func `the machine is read-only, also to root`() throws {
        try withFolder { folder in
            let script = "echo x > \(folder)/new && echo written"
            let answers = [try say(script), try say(script, omit: "uid,caps")]
            #expect(answers.allSatisfy { $0.contains("Read-only file system") })
            #expect(!HostFile.exists(folder + "/new"))
            #expect(try say(script, omit: "mounts") == "written\n")
        }
    }

    @Test func `hidden folders are empty, and a shared one below a hidden one is there`() throws {
        try withFolder { folder in
            let script = "cat \(folder)/secret; ls -A \(folder)"
            #expect(try say(script) == "told\nsecret\n")
            let hidden = try say(script, hidden: [folder])
            #expect(hidden.contains("No such file") && !hidden.contains("told"))
            #expect(try say(script, omit: "mounts", hidden: [folder]) == "told\nsecret\n")
            #expect(try say(script, hidden: ["/var/lib"], shared: [folder]) == "told\nsecret\n")
            #expect(try say("echo x > \(folder)/new && echo written", shared: [folder]) == "written\n")
            #expect(HostFile.exists(folder + "/new"))
            // The inner one wins, whichever it is.
            #expect(try say("ls -A \(folder)", hidden: [folder], shared: ["/var/lib"]) == "")
        }
    }

    @Test func `a file may be hidden, by whatever name`() throws {
        try withFolder { folder in
            symlink("secret", folder + "/link")
            let script = "cat \(folder)/secret; echo x > \(folder)/new || ls \(folder)"
            for name in ["secret", "link"] {
                let said = try say(script, hidden: ["\(folder)/\(name)", "\(folder)/none"])
                #expect(!said.contains("told") && said.hasSuffix("link\nsecret\n"), "\(said)")
            }
            #expect(try say("cat \(folder)/secret", hidden: ["\(folder)/secret"], shared: [folder]) == "")
            #expect(try HostFile.readText(folder + "/secret") == "told")
        }
    }

    @Test func `a shared folder in /tmp is at its own path`() throws {
        let bench = try ShimBench(["true"])
        defer { bench.close() }
        chmod(bench.folder, 0o777)
        #expect(
            try say("echo x > \(bench.folder)/new; ls /tmp", shared: [bench.folder]).hasPrefix("tidemill-shim-test"))
        #expect(HostFile.exists(bench.folder + "/new"))
    }

    @Test func `devices are a few, sockets of the machine none, and cgroups cannot be seen`() throws {
        let devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero "
        #expect(try say("ls /dev | tr '\\n' ' '") == devices)
        #expect(
            try say("ls -A /run /sys/fs/cgroup /sys/firmware | wc -w; echo x > /dev/null && echo y").hasSuffix("y\n"))
        #expect(try say("ls -A /run /sys/fs/cgroup | grep -v : | wc -w") == "0\n")
        #expect(try say("ls /sys/fs/cgroup | wc -l", omit: "mounts") != "0\n")
        #expect(try say("head -c 4 /dev/urandom | wc -c; test -r /proc/kcore -a -s /proc/kcore; echo $?") == "4\n1\n")
    }

    @Test func `a terminal can be made, in an own instance`() throws {
        #expect(try say("ls /dev/pts; script -qec 'tty' /dev/null < /dev/null").contains("/dev/pts/0"))
    }

    @Test func `processes of others cannot be seen`() throws {
        let script = "ls -d /proc/[0-9]* | wc -l"
        #expect(try #require(Int(try say(script).dropLast())) <= 5)
        #expect(try #require(Int(try say(script, omit: "proc").dropLast())) > 5)
    }

    @Test func `the machine cannot be set through proc`() throws {
        let script = """
            f=/proc/sys/kernel/randomize_va_space; v=$(cat $f); echo $v > $f && echo set
            """
        #expect(try say(script, omit: "uid").contains("Read-only file system"))
        #expect(try say(script, omit: "uid,mounts,proc") == "set\n")
    }

    @Test(arguments: ["ipc", "uts", "cgroup"])
    func `a namespace is the task's own`(name: String) throws {
        let own = try #require(linkTarget("/proc/self/ns/\(name)"))
        #expect(try say("readlink /proc/self/ns/\(name)") != "\(own)\n")
        #expect(try say("readlink /proc/self/ns/\(name)", omit: name) == "\(own)\n")
    }

    @Test func `a network of its own has a loopback and nothing else`() throws {
        let script = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; cat /sys/class/net/lo/operstate"
        let own = try say(script) { $0.mechanisms.insert(.network) }
        #expect(own.split(separator: "\n").first == "lo" && !own.contains("eth"))
    }

    // MARK: What it may do

    @Test func `it is its tenant and nobody else`() throws {
        #expect(try say("id -u; id -g; id -G") == "\(Self.tenant)\n\(Self.tenant)\n\(Self.tenant)\n")
        #expect(try say("id -u; id -g", omit: "uid") == "0\n0\n")
    }

    @Test func `it has no capability, in no set`() throws {
        let none = String(repeating: "0", count: 16)
        let script = "grep ^Cap /proc/self/status | cut -f2 | sort -u"
        #expect(try say(script) == "\(none)\n")
        #expect(try say(script, omit: "uid") == "\(none)\n")
        #expect(try say(script, omit: "uid,caps") != "\(none)\n")
    }

    @Test func `no program gives it privileges`() throws {
        let script = "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | cut -f2 | tr '\\n' ' '"
        #expect(try say(script) == "1 2 ")
        #expect(try say(script, omit: "nnp") == "0 0 ")
    }

    @Test(arguments: [["unshare", "-r", "id", "-u"], ["unshare", "-n", "-r", "echo", "0"]])
    func `namespaces of its own are refused`(command: [String]) throws {
        let script = command.joined(separator: " ")
        #expect(try say(script).contains("Operation not permitted"))
        #expect(try say(script, omit: "seccomp") == "0\n")
    }

    @Test func `a child for one's own parent is refused`() throws {
        let script = "perl -e 'print syscall(\(Call.clone), 0x8011, 0, 0, 0, 0) < 0 ? \"$!\\n\" : \"made\\n\"'"
        #expect(try say(script) == "Operation not permitted\n")
        #expect(try say(script, omit: "seccomp").hasPrefix("made\n"))
    }

    @Test func `sockets are of a few families`() throws {
        // Of a virtual machine's host, of packets, of Bluetooth; asked for as root, so that it is not the user that is refused.
        let script = """
            perl -e 'for $f (40, 17, 31) { for $t (1, 3) {
                print syscall(\(Call.socket), $f, $t, 0) < 0 && $!{EAFNOSUPPORT} ? "refused " : "reached "
            } } print syscall(\(Call.socketpair), 40, 1, 0, 0) < 0 && $!{EAFNOSUPPORT} ? "refused" : "reached"'
            """
        let all = Array(repeating: "refused", count: 7).joined(separator: " ")
        #expect(try say(script) == all)
        #expect(try say(script, omit: "seccomp,nnp,uid,caps") != all)
        let usual = """
            perl -e 'for $f (1, 2, 16) { print syscall(\(Call.socket), $f, $f == 16 ? 3 : 1, 0) < 0 ? "$! " : "ok " }
                $b = "12345678"; print syscall(\(Call.socketpair), 1, 1, 0, $b) < 0 ? "$!" : "ok"'
            """
        #expect(try say(usual) == "ok ok ok ok")
    }

    @Test func `a terminal's line discipline cannot be changed`() throws {
        let script = """
            perl -e 'open(T, "+<", "/dev/ptmx"); $n = pack("i", 0); print ioctl(T, 0x5423, $n) ? "set" : "$!"'
            """
        #expect(try say(script) == "Operation not permitted")
        #expect(try say(script, omit: "seccomp") == "set")
    }

    @Test func `threads and processes are not refused`() throws {
        #expect(try say("(sleep 0.01 & wait); seq 1 3 | sort -r | xargs -P 2 -n 1 echo | wc -l") == "3\n")
    }

    @Test func `limits are lowered`() throws {
        #expect(
            try say("ulimit -c; ulimit -Hc; test $(ulimit -n) -le 65536 && test $(ulimit -Hn) -le 524288 && echo low")
                == "0\n0\nlow\n")
        #expect(try say("ulimit -Hc", omit: "rlimits") == "\(hardCoreLimit())\n")
        // Not 0: that stops dumps into files alone, and 1 also those that the machine's own program takes.
        let core = try say("grep '^Max core' /proc/self/limits | tr -s ' '")
        #expect(core.hasPrefix("Max core file size \(min(1, hardCoreBytes())) \(min(1, hardCoreBytes()))"), "\(core)")
    }

    @Test func `priorities that its agent may take are not the task's to take`() throws {
        let script = "grep -E '^Max (nice|realtime) priority' /proc/self/limits | tr -s ' ' | cut -d' ' -f4,5"
        let resources = [__RLIMIT_RTPRIO, __RLIMIT_NICE]
        let before = resources.map { resource in
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
            return limit
        }
        defer {
            for (resource, var limit) in zip(resources, before) {
                setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
            }
        }
        // Who may not raise them has none to hand on, as a rule.
        var raised = rlimit(rlim_cur: 10, rlim_max: 10)
        let isRaised = resources.allSatisfy { setrlimit(__rlimit_resource_t($0.rawValue), &raised) == 0 }
        #expect(try say(script) == "0 0\n0 0\n")
        if isRaised { #expect(try say(script, omit: "rlimits") == "10 10\n10 10\n") }
    }

    private func hardCoreBytes() -> rlim_t {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        return limit.rlim_max
    }

    private func hardCoreLimit() -> String {
        hardCoreBytes() == rlim_t.max ? "unlimited" : String(hardCoreBytes() / 512)
    }

    @Test func `it cannot reach its init`() throws {
        #expect(try say("ls /proc/1/fd; kill -9 1; kill -STOP 1; sleep 0.05; echo lives").hasSuffix("lives\n"))
        #expect(try say("ls /proc/1/fd /proc/1/ns/").contains("Permission denied"))
    }

    // MARK: Failing

    @Test func `a step that is refused fails the start where it must be had`() throws {
        let bench = try ShimBench(["echo", "ran"])
        defer { bench.close() }
        bench.contain(hidden: (0..<200).map { "/no/such/\($0)" })
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .startError && end.message.contains("cannot cover and share so many folders"))
        #expect(try bench.log == "")
    }

    @Test func `the task's memory counts what it writes to its own folders`() throws {
        let bench = try ShimBench(
            ["sh", "-c", "head -c 64000000 /dev/zero > /tmp/f; echo written"],
            cut: SliceCut(memoryBytes: 32 << 20))
        defer { bench.close() }
        bench.contain()
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .memoryLimitExceeded, "\(end)")
    }
}
