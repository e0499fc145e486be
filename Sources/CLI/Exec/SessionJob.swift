import TidemillModel
import TidemillWire

/// A job that holds a slice for one session, and ends as the session does. Pure: the manifest, and what the session runs.
///
/// The job's command waits at a fifo in its own /tmp. The session's wrapper keeps the fifo open while it lives and writes the
/// command's exit status into it: an end without one says that the session was cut.
struct SessionJob {
    var name: String
    var cpu: String
    var memory: String
    var environment: [(name: String, value: String)] = []
    /// How long the job waits for its session.
    var patienceSeconds = 60

    /// Exit statuses of a job whose session did not come, and whose session was cut.
    static let notCome: Int32 = 124
    static let cut: Int32 = 129

    /// Unlike that of any other job: where tasks have no /tmp of their own, jobs of one name come one after the other.
    var token: String

    private var fifo: String { "/tmp/.session-\(name)-\(token)" }

    /// Reads `go` and then the exit status from its session, or `none` when nobody came; to the end, which is the session's.
    private static let waiting = """
        mkfifo -m 600 "$1" || exit 125
        trap 'rm -f "$1"' EXIT
        (
          trap 'kill "$pause"; exit' TERM
          sleep "$2" & pause=$!
          wait "$pause"
          [ -p "$1" ] && echo none >"$1"
        ) & timer=$!
        exec 3<"$1"
        begun= code=
        while read -r word <&3; do
          case $word in
            go) begun=yes; kill "$timer" 2>/dev/null ;;
            none) [ "$begun" ] || { echo "no session came within $2 s" >&2; exit \(notCome); } ;;
            *) code=$word ;;
          esac
        done
        [ "$code" ] || { echo "the session was cut" >&2; exit \(cut); }
        exit "$code"
        """

    /// Traps are not inherited by what a shell starts, ignored signals are: Ctrl-C is the command's alone.
    private static let session = """
        trap : INT QUIT
        fifo=$1; shift
        n=0
        while [ ! -p "$fifo" ]; do n=$((n + 1)); [ $n -gt 200 ] && exit 125; sleep 0.05; done
        exec 3>"$fifo"
        echo go >&3
        "$@" 3>&-
        code=$?
        echo "$code" >&3
        exit "$code"
        """

    func manifest(in namespace: String) -> JSON {
        let shell: [JSON] = ["/bin/sh", "-c", .string(Self.waiting), "session"]
        var template: JSON = ["command": .array(shell + [.string(fifo), .string(String(patienceSeconds))])]
        if !environment.isEmpty {
            template["env"] = .array(environment.map { ["name": .string($0.name), "value": .string($0.value)] })
        }
        return [
            "apiVersion": .string(Kinds.Job.info.apiVersion), "kind": "Job",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "slice": ["cpu": .string(cpu), "memory": .string(memory)], "template": template,
                "ttlAfterFinished": "24h",
            ],
        ]
    }

    /// What the session runs, so that the job learns of its end.
    func wrapped(_ command: [String]) -> [String] {
        ["/bin/sh", "-c", Self.session, "session", fifo] + command
    }
}
