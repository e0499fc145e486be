// What the files of a task's init share. None of it is for Swift.
#pragma once
#include "CHost.h"
#include <stdarg.h>
#include <stdnoreturn.h>

// Where the init and the processes that it makes keep their descriptors.
enum { REPORTS = 3, LIFE = 4, OUTPUT = 5, FIRST_FREE = 6 };

// MARK: report.c

/// Where reports go: REPORTS, but in a session.
extern int tm_reports;
/// Sends a report to the shim.
void tm_report_send(uint32_t kind, int32_t value, const char *format, ...) __attribute__((format(printf, 3, 4)));
/// Sends a descriptor: 0 or a negative errno.
int tm_report_descriptor(uint32_t kind, int descriptor);
/// Reports the failed start with the text of errno, and ends this process. `which` may be NULL.
_Noreturn void tm_fail(const char *what, const char *which);
/// A step of the containment was refused with this errno: fails the start where it is required, else a note.
void tm_refused(const struct tm_containment *containment, const char *what, const char *which);
/// Whether a mechanism is asked for.
static inline int tm_wants(const struct tm_containment *containment, uint32_t mechanism) {
    return (containment->mechanisms & mechanism) != 0;
}

// MARK: join.c

/// The groups' files. Opened by the parent, outside of the view: from within, they would keep it from becoming read-only.
struct tm_joins {
    int count;
    /// Why `paths[count]` could not be opened; 0 when all are.
    int error;
    int files[32];
};
// Where the files are kept while all other descriptors are closed.
enum { FIRST_JOIN = 100, MOST_JOINS = 32 };
/// Opens every file, as far as that can be done.
void tm_joins_open(struct tm_joins *joins, char *const *paths);
/// Puts this process into every group and closes the files. Fails the start when that cannot be done.
void tm_join(const struct tm_joins *joins, char *const *paths);
void tm_joins_close(const struct tm_joins *joins);
/// Sets oom_score_adj. Before the credentials go, since they may be needed for it.
void tm_be_killable_for_memory(int adjust);

// MARK: view.c

/// Makes the private view of the file systems, in a mount namespace that is this process's own.
void tm_view_build(const struct tm_containment *containment);

// MARK: contain.c

/// The first half, while privileged: limits, the bounding set, the network's loopback.
void tm_contain_privileged(const struct tm_containment *containment);
/// Changes to the credentials; -1 keeps one.
void tm_take_credentials(int64_t user_id, int64_t group_id);
/// Gives up every capability. Done once the credentials are the task's.
void tm_drop_capabilities(const struct tm_containment *containment);
/// A session keyring of its own, owned by the credentials of now.
void tm_join_keyring(const struct tm_containment *containment);
/// The last step before the exec: no new privileges, and then the filter.
void tm_contain_finally(const struct tm_containment *containment);

// MARK: seccomp.c

/// Loads the filter: 0 or a negative errno.
int tm_seccomp_load(void);

// MARK: command.c

/// Becomes the command: folder, signals, mask, no descriptor beyond the three, the last of the containment, exec.
_Noreturn void tm_execute(const struct tm_command *command, const struct tm_containment *containment);

// MARK: probe.c

/// A device node that no file system shows, made before the groups are joined: a descriptor of its folder, or -1.
int tm_probe_device_folder(const struct tm_probe *probe);
/// While privileged and in the groups: tries the device.
void tm_probe_device(const struct tm_probe *probe, int folder);
/// As the task would be: tries everything else, reports, and returns.
void tm_probe_run(const struct tm_probe *probe, const struct tm_containment *containment);
