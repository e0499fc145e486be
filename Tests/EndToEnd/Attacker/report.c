#include "attacker.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char report_path[4096];
static char through_text[3000], held_text[3000];
static int through_count, held_count;

void report_to(const char *path) { snprintf(report_path, sizeof report_path, "%s", path); }

static void append(const char *line, size_t count) {
    int file = open(report_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        dprintf(2, "%s: %s\n", report_path, strerror(errno));
        return;
    }
    // One write: several processes of an attempt share the file.
    if (write(file, line, count) < 0) dprintf(2, "%s: %s\n", report_path, strerror(errno));
    close(file);
}

void tell(const char *word, const char *format, ...) {
    char line[4000];
    int before = errno;
    int used = snprintf(line, sizeof line, "%s: ", word);
    va_list arguments;
    va_start(arguments, format);
    used += vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    if ((size_t)used > sizeof line - 2) used = sizeof line - 2;
    line[used++] = '\n';
    append(line, (size_t)used);
    errno = before;
}

void way(int through, const char *format, ...) {
    int reason = errno;
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (through) {
        size_t used = strlen(through_text);
        snprintf(through_text + used, sizeof through_text - used, "%s%s", used ? ", " : "", text);
        through_count++;
    } else {
        size_t used = strlen(held_text);
        const char *name = strerrorname_np(reason);
        // Hundreds of device nodes are one line: the first of them tell the story.
        if (held_count < 24)
            snprintf(held_text + used, sizeof held_text - used, "%s%s %s", used ? ", " : "", text, name ? name : "?");
        held_count++;
    }
    errno = reason;
}

int ways_through(void) { return through_count; }

int finish(void) {
    if (through_count > 0)
        tell("through", "%d of %d: %s", through_count, through_count + held_count, through_text);
    else
        tell("held", "%d tried: %s%s", held_count, held_text, held_count > 24 ? ", …" : "");
    return 0;
}

int missing(const char *why) {
    tell("missing", "%s", why);
    return 0;
}

int apart(int (*body)(void *), void *context) {
    int outcome[2];
    if (pipe2(outcome, O_CLOEXEC) < 0) return -1;
    pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        close(outcome[0]);
        errno = 0;
        int answer[2] = {body(context), 0};
        answer[1] = errno;
        ssize_t ignored = write(outcome[1], answer, sizeof answer);
        (void)ignored;
        _exit(0);
    }
    close(outcome[1]);
    int answer[2] = {-1, EFAULT};
    if (read(outcome[0], answer, sizeof answer) != sizeof answer) {
        answer[0] = -1;
        answer[1] = EFAULT;
    }
    close(outcome[0]);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    errno = answer[1];
    return answer[0];
}
