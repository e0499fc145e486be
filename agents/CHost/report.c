// What the init, the canary and a session's first process say to their shim.
#include "init.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int tm_reports = REPORTS;

void tm_report_send(uint32_t kind, int32_t value, const char *format, ...) {
    struct tm_report message = {.kind = kind, .value = value, .descriptor = -1};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message.text, sizeof message.text, format, arguments);
    va_end(arguments);
    while (send(tm_reports, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

int tm_report_descriptor(uint32_t kind, int descriptor) {
    struct tm_report message = {.kind = kind, .descriptor = -1};
    char control[CMSG_SPACE(sizeof descriptor)] = {0};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof message};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *entry = CMSG_FIRSTHDR(&header);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(entry), &descriptor, sizeof descriptor);
    return sendmsg(tm_reports, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

_Noreturn void tm_fail(const char *what, const char *which) {
    int error = errno;
    tm_report_send(TM_REPORT_FAILED, error, "%s%s%s: %s", what, which ? " " : "", which ? which : "", strerror(error));
    _exit(126);
}

void tm_refused(const struct tm_containment *containment, const char *what, const char *which) {
    if (containment->required) tm_fail(what, which);
    int error = errno;
    tm_report_send(TM_REPORT_NOTE, error, "The task is less contained: %s%s%s (%s).", what, which ? " " : "",
                   which ? which : "", strerror(error));
}

int tm_report_take(int reports, struct tm_report *found) {
    char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = found, .iov_len = sizeof *found};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got;
    do got = recvmsg(reports, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno == EAGAIN ? 0 : -errno;
    if (got != sizeof *found) return -EPIPE;
    found->pid = 0;
    found->descriptor = -1;
    for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry; entry = CMSG_NXTHDR(&message, entry)) {
        if (entry->cmsg_level != SOL_SOCKET) continue;
        struct ucred credentials;
        if (entry->cmsg_type == SCM_RIGHTS) memcpy(&found->descriptor, CMSG_DATA(entry), sizeof found->descriptor);
        if (entry->cmsg_type != SCM_CREDENTIALS) continue;
        memcpy(&credentials, CMSG_DATA(entry), sizeof credentials);
        found->pid = credentials.pid;
    }
    found->text[sizeof found->text - 1] = 0;
    return 1;
}
