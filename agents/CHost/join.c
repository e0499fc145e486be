// Joining a slice's groups, by descriptors: their paths cannot be seen from within the task's view.
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void tm_joins_open(struct tm_joins *joins, char *const *paths) {
    joins->error = 0;
    for (joins->count = 0; paths[joins->count]; joins->count++) {
        int low = open(paths[joins->count], O_WRONLY | O_CLOEXEC);
        int file = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FIRST_JOIN);
        if (low >= 0) close(low);
        if (file < 0 || joins->count == MOST_JOINS || file >= FIRST_JOIN + MOST_JOINS) {
            joins->error = file < 0 ? errno : E2BIG;
            return;
        }
        joins->files[joins->count] = file;
    }
}

void tm_join(const struct tm_joins *joins, char *const *paths) {
    errno = joins->error;
    if (joins->error != 0) tm_fail("cannot join", paths[joins->count]);
    for (int index = 0; index < joins->count; index++)
        if (write(joins->files[index], "0", 1) != 1) tm_fail("cannot join", paths[index]);
    tm_joins_close(joins);
}

void tm_joins_close(const struct tm_joins *joins) {
    for (int index = 0; index < joins->count; index++) close(joins->files[index]);
}

void tm_be_killable_for_memory(int adjust) {
    char text[16];
    snprintf(text, sizeof text, "%d", adjust);
    int error = tm_write_file("/proc/self/oom_score_adj", text, strlen(text));
    if (error < 0)
        tm_report_send(TM_REPORT_NOTE, error, "The task's oom_score_adj cannot be set to %d (%s).", adjust,
                       strerror(-error));
}
