#include "attacker.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    attack_function *run;
} attacks[] = {
    {"memory", attack_memory},       {"memfd", attack_memfd},
    {"file", attack_file},           {"processes", attack_processes},
    {"processor", attack_processor}, {"affinity", attack_affinity},
    {"policy", attack_policy},       {"pipes", attack_pipes},
    {"log", attack_log},             {"inotify", attack_inotify},
    {"rlimits", attack_rlimits},     {"priority", attack_priority},
    {"disk", attack_disk},           {"buffers", attack_buffers},
    {"pass", attack_pass},           {"keep", attack_keep},
    {"signal", attack_signal},       {"trace", attack_trace},
    {"init", attack_init},
    {"daemon", attack_daemon},       {"foreign", attack_foreign},
    {"read", attack_read},           {"write", attack_write},
    {"connect", attack_connect},     {"listen", attack_listen},
    {"devices", attack_devices},     {"cgroups", attack_cgroups},
    {"writable", attack_writable},   {"mounts", attack_mounts},
    {"namespaces", attack_namespaces}, {"calls", attack_calls},
    {"abi", attack_abi},             {"credentials", attack_credentials},
    {"setuid", attack_setuid},       {"whoami", attack_whoami},
    {"ipc", attack_ipc},             {"sockets", attack_sockets},
    {"domain", attack_domain},       {"terminals", attack_terminals},
    {"requests", attack_requests},   {"families", attack_families},
    {"bait", be_bait},
    {"hold", hold},                  {"sweep", sweep},                {"count-filters", count_filters},
};

int main(int count, char **arguments) {
    // What a setuid program may not be told by its user is told by its name alone.
    if (count >= 3) {
        report_to(arguments[2]);
        for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
            if (strcmp(attacks[i].name, arguments[1]) == 0) return attacks[i].run(count - 3, arguments + 3);
    }
    dprintf(2, "usage: tidemill-attacker ATTACK REPORT [ARGUMENT…]; attacks:");
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) dprintf(2, " %s", attacks[i].name);
    dprintf(2, "\n");
    return 2;
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_ms(long milliseconds) {
    struct timespec span = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&span, &span) < 0 && errno == EINTR) {}
}

long await_number(const char *path) {
    for (int64_t end = now_ms() + 120000; now_ms() < end; pause_ms(10)) {
        char text[32] = {0};
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        ssize_t got = read(file, text, sizeof text - 1);
        close(file);
        // A line is whole with its end.
        if (got > 0 && strchr(text, '\n')) return atol(text);
    }
    return 0;
}
