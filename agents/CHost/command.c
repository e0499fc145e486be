#include "init.h"
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Noreturn void tm_execute(const struct tm_command *command, const struct tm_containment *containment) {
    if (chdir(command->working_directory) < 0) tm_fail("cannot enter workingDirectory", command->working_directory);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);
    syscall(SYS_close_range, REPORTS, ~0U, CLOSE_RANGE_CLOEXEC);
    environ = (char **)command->environment; // so that the PATH searched is the task's own
    tm_drop_capabilities(containment);
    tm_contain_finally(containment);
    execvp(command->arguments[0], command->arguments);
    tm_fail("cannot execute", command->arguments[0]);
}
