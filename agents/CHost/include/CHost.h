/// The C beneath TidemillHostLinux and tidemill-shim: what Swift cannot call (variadic functions, macros) and what must
/// never be Swift (code that runs in a forked child). Functions that can fail return a negative errno unless they say
/// otherwise; none of them prints or allocates for the caller to free.
#pragma once
#include "Groups.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: clock.c

/// CLOCK_BOOTTIME in nanoseconds.
int64_t tm_boottime_ns(void);
/// CLOCK_REALTIME in nanoseconds since 1970.
int64_t tm_realtime_ns(void);
/// Fills `bytes` from the kernel's generator.
int tm_random(void *bytes, size_t count);
/// `utsname.release`, NUL-terminated, into `text`.
int tm_kernel_release(char *text, size_t capacity);

// MARK: fence.c (single-threaded callers only)

/// Makes the one CLOCK_BOOTTIME timer whose signal is SIGKILL to this process.
int tm_fence_create(void);
/// Arms it at an absolute instant of the boot clock, replacing the earlier one. An instant in the past kills at once.
int tm_fence_arm(int64_t at_ns);
/// Disarms it.
int tm_fence_disarm(void);
/// A timerfd on CLOCK_BOOTTIME, close-on-exec, not blocking.
int tm_wake_create(void);
/// Makes `wake` readable at an absolute instant of the boot clock; 0 disarms it.
int tm_wake_at(int wake, int64_t at_ns);

// MARK: file.c

/// Replaces the file at `path` so that after a return of 0 it survives a power cut: write beside it, fsync, rename,
/// fsync of the folder.
int tm_write_durably(const char *path, const void *bytes, size_t count, unsigned mode);
/// Opens for appending, creating it with `mode`, close-on-exec. A descriptor or a negative errno.
int tm_open_append(const char *path, unsigned mode);
/// Opens for reading, close-on-exec. A descriptor or a negative errno.
int tm_open_read(const char *path);
/// Writes `count` bytes to an existing file in one write, as cgroup and /proc files want it.
int tm_write_file(const char *path, const void *bytes, size_t count);
/// Reads at most `capacity` bytes of a file; the count or a negative errno.
ssize_t tm_read_file(const char *path, void *bytes, size_t capacity);
/// Opens or creates `path` and takes an exclusive flock without waiting. A descriptor, or -EWOULDBLOCK when held.
int tm_lock_file(const char *path);
/// The magic number of the file system at `path` (statfs.f_type), or a negative errno.
int64_t tm_filesystem_type(const char *path);

// MARK: page.c

/// Maps `size` bytes of the file at `path`, creating it (mode 0600, that size) when `writable`. NULL and errno on failure.
void *tm_page_map(const char *path, size_t size, int writable);
void tm_page_unmap(void *page, size_t size);
/// Copies `count` bytes of `image` into the mapping under its sequence counter, a 64-bit word at `sequence_offset`
/// (a multiple of 8), which is odd while the copy is under way. One writer.
void tm_page_publish(void *page, const void *image, size_t count, size_t sequence_offset);
/// Copies `count` bytes out of the mapping; 0 for a consistent copy, -EAGAIN when it was being written all the time.
int tm_page_snapshot(const void *page, void *image, size_t count, size_t sequence_offset);

// MARK: process.c

struct tm_child {
    pid_t pid;
    /// Close-on-exec; the caller closes it.
    int pidfd;
};
struct tm_exit {
    /// Exit status, or the number of the signal.
    int32_t status;
    int32_t by_signal;
};
/// Starts a program in a session of its own, with default signals, an empty signal mask, /dev/null as input, `output`
/// (NULL: /dev/null) appended to as both outputs, no other descriptor, and "/" as working folder. May be called from a
/// multi-threaded process. Returns once the program is executing, or the errno of why it is not.
int tm_spawn_detached(const char *program, char *const arguments[], char *const environment[], const char *output,
                      struct tm_child *child);
/// The same with `input` (negative: /dev/null) as its input.
int tm_spawn_fed(const char *program, char *const arguments[], char *const environment[], const char *output, int input,
                 struct tm_child *child);
/// Writes to an existing file in one write, by a child of its own: the kernel may keep a writer waiting that can then not
/// even be killed. The child's exit status is an errno, or 0. (apart.c)
int tm_write_apart(const char *path, const void *bytes, size_t count, struct tm_child *child);
/// A pidfd of a process, close-on-exec.
int tm_pidfd_open(pid_t pid);
int tm_pidfd_signal(int pidfd, int signal);
/// 1 and `result` when the process ended and was our child; 0 when it runs; -ECHILD when it is not our child.
int tm_pidfd_wait(int pidfd, struct tm_exit *result);
/// Reaps every child that has ended, also one that another process made for us. 1 and `result` when `pid` was among them.
int tm_reap(pid_t pid, struct tm_exit *result);
/// 1 when the process behind the pidfd has ended (child or not), 0 when it runs. Waits at most `timeout_ms`.
int tm_pidfd_ended(int pidfd, int timeout_ms);
/// Field 22 of PROC_ROOT/PID/stat, or a negative errno.
int64_t tm_start_ticks(const char *proc_root, pid_t pid);
/// Counts the processes of a cgroup folder and of all groups below it, sending each `signal` unless that is 0. A folder
/// that is gone counts 0. Its own descendants only: symbolic links are not followed.
int tm_cgroup_signal(const char *folder, int signal);

// MARK: numa.c

struct tm_numa_node {
    int32_t id;
    int64_t memory_bytes;
    /// The node's CPUs as a kernel list, `0-3,8`.
    char cpus[2048];
};
/// Asks libnuma.so.1, loaded when it is there. The number of nodes, or -ENOSYS without the library or without NUMA.
int tm_numa_nodes(struct tm_numa_node *nodes, int capacity);

// MARK: init.c, probe.c, session.c (single-threaded callers only)

/// What keeps a task away from the rest of the machine; bits of `tm_containment.mechanisms`.
enum tm_mechanism {
    TM_MOUNTS = 1 << 0,
    TM_PROC = 1 << 1,
    TM_IPC = 1 << 2,
    TM_UTS = 1 << 3,
    TM_CGROUP = 1 << 4,
    TM_NETWORK = 1 << 5,
    TM_CAPS = 1 << 6,
    TM_NNP = 1 << 7,
    TM_SECCOMP = 1 << 8,
    TM_KEYRING = 1 << 9,
    TM_RLIMITS = 1 << 10,
};
struct tm_containment {
    uint32_t mechanisms;
    /// A step that is refused fails the start; otherwise it is a note.
    int required;
    /// NULL-terminated, absolute.
    char *const *hidden;
    char *const *shared;
    /// Bound of each of the task's own temporary folders; 0: the kernel's default.
    int64_t temporary_bytes;
};
/// A command and how it starts; all NULL-terminated.
struct tm_command {
    char *const *arguments;
    char *const *environment;
    const char *working_directory;
};

/// Bits of `tm_probe.checks`, and the number of the bit in a finding.
enum tm_check {
    TM_CHECK_MEMORY = 0,
    TM_CHECK_CPU = 1,
    TM_CHECK_AFFINITY = 2,
    TM_CHECK_DEVICE = 3,
    TM_CHECK_PROCESS = 4,
    TM_CHECK_CGROUP_FILES = 5,
};
enum tm_verdict { TM_HELD = 0, TM_GOT_THROUGH = 1, TM_NOT_TRIED = 2 };
/// What a canary tries; the fields are those of `ProbeSpec`.
struct tm_probe {
    uint32_t checks;
    int64_t touch_bytes;
    int64_t spin_ns;
    /// A kernel list, or NULL.
    const char *cpus;
    uint32_t device_major;
    uint32_t device_minor;
    int32_t foreign_pid;
    char *const *cgroup_files;
};

enum tm_report_kind {
    /// The init lives, protected as asked; the command follows.
    TM_REPORT_READY = 1,
    /// `text` says what could not be enforced.
    TM_REPORT_NOTE = 2,
    /// The command's process exists and waits for `tm_init_go`; `pid` is its host pid, from the kernel.
    TM_REPORT_TASK = 3,
    /// The command could not be executed or prepared; `text` says why.
    TM_REPORT_FAILED = 4,
    /// The command ended: `value` is its wait status.
    TM_REPORT_EXITED = 5,
    /// A canary's finding: `value` is the check times 4 plus the verdict, `text` the evidence.
    TM_REPORT_FINDING = 6,
    /// `descriptor` is the session's terminal, our side.
    TM_REPORT_TERMINAL = 7,
    /// A canary is about to take memory, and may be ended for it.
    TM_REPORT_TOUCHING = 8,
    /// A canary has come to its end.
    TM_REPORT_DONE = 9,
};
struct tm_report {
    uint32_t kind;
    int32_t value;
    /// Host pid of the sender, as the kernel attests it.
    int32_t pid;
    /// What came with the report; -1 for nothing.
    int32_t descriptor;
    char text[240];
};
struct tm_init_spec {
    struct tm_command command;
    struct tm_containment containment;
    /// Not NULL: a canary runs in place of the command, and the init ends after it.
    const struct tm_probe *probe;
    /// NULL-terminated; the init joins them before anything of the task runs.
    char *const *group_procs;
    /// -1 keeps the credential.
    int64_t user_id;
    int64_t group_id;
    /// Descriptor of the command's outputs.
    int output;
    /// oom_score_adj of the task; the shim's own, which protects it, must not be inherited.
    int oom_score_adjust;
    /// Namespaces of its own for pids and mounts, and those that the containment names. 0 in a broken fence or where it is
    /// not allowed; the containment must name none then.
    int own_namespaces;
    /// Not root: a user namespace first.
    int user_namespace;
    /// PR_SET_PDEATHSIG. 0 in a broken fence only.
    int parent_death_signal;
};
struct tm_init {
    pid_t pid;
    int pidfd;
    /// The shim's end of the report socket.
    int reports;
    /// The shim's end of the life pipe: its mere openness says that the shim lives.
    int life;
};
/// Makes the init of a task's pid namespace and returns at once; reports follow on `reports`. The init never execs and
/// never returns.
int tm_init_start(const struct tm_init_spec *spec, struct tm_init *init);
/// Reads one report from a report socket without waiting: 1, 0 when none is there, -EPIPE when nobody can report any more.
int tm_report_take(int reports, struct tm_report *report);
/// Lets the command run.
int tm_init_go(const struct tm_init *init);

struct tm_session_spec {
    struct tm_command command;
    struct tm_containment containment;
    char *const *group_procs;
    int64_t user_id;
    int64_t group_id;
    /// The slice's init: its pidfd and its number here.
    int init_pidfd;
    pid_t init_pid;
    /// Of the command and of this process: no limit of a tenant holds either from the outside.
    int oom_score_adjust;
    int has_terminal;
    uint16_t rows;
    uint16_t columns;
};
struct tm_session {
    pid_t pid;
    int pidfd;
    /// Closes when the command executes, or fails with a report.
    int reports;
    /// Our ends, not blocking: -1 each with a terminal, which comes as a report.
    int input;
    int output;
    int errors;
};
/// Starts a command in the namespaces, groups and containment of a running slice. This process enters its pid namespace
/// (for children), and as non-root its user namespace.
int tm_session_start(const struct tm_session_spec *spec, struct tm_session *session);
/// Sets a terminal's size.
int tm_terminal_resize(int terminal, uint16_t rows, uint16_t columns);
/// How much can be read now, or a negative errno.
int tm_bytes_waiting(int descriptor);
/// Makes a descriptor not block.
int tm_unblock(int descriptor);

// MARK: signal.c

/// Blocks SIGTERM, SIGINT, SIGHUP, SIGPIPE and SIGCHLD, and returns a signalfd for SIGTERM and SIGINT (not blocking).
int tm_stop_signals(void);
/// Gives every signal its default action. Safe in a forked child.
void tm_default_signals(void);
/// Takes one signal from the signalfd: its number, 0 when none is there.
int tm_take_signal(int signals);
/// A pipe whose both ends are close-on-exec; the reading end does not block.
int tm_log_pipe(int *reading, int *writing);
/// An eventfd, not blocking, that becomes readable when a v1 memory group comes to its limit and cannot be relieved; the
/// path is that of its `memory.oom_control`.
int tm_oom_watch(const char *oom_control);
struct tm_waiting {
    int descriptor;
    int ready;
};
/// Waits until a descriptor (ignored when negative) is readable or hung up, at most `timeout_ms` (-1: for ever), and
/// sets `ready`.
int tm_wait_readable(struct tm_waiting *entries, size_t count, int timeout_ms);
/// The wait status's parts: 1 when it exited by itself.
int tm_status_exited(int status);
int tm_status_code(int status);
int tm_status_signal(int status);
