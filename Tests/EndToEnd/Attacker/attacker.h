/// The attacker of the hostile suite: one attempt to get out of a slice per run, and a word about what came of it.
///
/// Every attempt is bounded by itself: it takes no more memory, processes, time and space than its arguments say, and it
/// opens for writing what it must not change. So it may also run with the mechanisms taken away, where it gets through.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: report.c

/// Where the lines go: a file that is appended to, which both the slice and the suite see.
void report_to(const char *path);
/// Appends one line, `WORD: TEXT`.
void tell(const char *word, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// One way out was tried: it got through, or it did not, for the reason in `errno`.
void way(int through, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// Ways that got through so far.
int ways_through(void);
/// Tells what became of all the ways: `through: …` when one got through, else `held: …`. Returns 0, the exit status.
int finish(void);
/// The attempt makes no sense on this machine.
int missing(const char *why);
/// Runs `body` in a forked child, so that what it changes of its own process is gone afterwards. Its result, or -1 and
/// `errno` as it was in the child; a child that a signal ended gives -1 and EFAULT.
int apart(int (*body)(void *), void *context);

// MARK: main.c

/// Waits until the file at `path` holds something, at most two minutes; its number, or 0.
long await_number(const char *path);
void pause_ms(long milliseconds);
int64_t now_ms(void);

typedef int attack_function(int count, char **arguments);

attack_function attack_memory, attack_memfd, attack_file, attack_processes, attack_processor, attack_affinity,
    attack_policy, attack_pipes, attack_log, attack_inotify, attack_rlimits, attack_priority, attack_disk,
    attack_buffers, attack_pass, attack_keep;
attack_function attack_signal, attack_trace, attack_init, attack_daemon, attack_foreign;
attack_function attack_read, attack_write, attack_connect, attack_listen, attack_devices, attack_cgroups,
    attack_writable;
attack_function attack_mounts, attack_namespaces, attack_calls, attack_abi, attack_credentials, attack_setuid,
    attack_whoami, attack_ipc, attack_terminals, attack_requests, attack_sockets, attack_families,
    attack_domain;
attack_function be_bait, hold, sweep, count_filters;
