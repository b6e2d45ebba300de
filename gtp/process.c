#include "gtp/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void process_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A pipe whose two ends the engine's siblings do not inherit, none of them 0 .. 2. */
static int make_pipe(int fd[2])
{
    if (pipe(fd))
        return -1;
    for (int i = 0; i < 2; i++) {
        int high = fcntl(fd[i], F_DUPFD_CLOEXEC, 3);

        close(fd[i]);
        fd[i] = high;
    }
    if (fd[0] >= 0 && fd[1] >= 0)
        return 0;
    process_close(&fd[0]);
    process_close(&fd[1]);
    return -1;
}

/* In the child: only functions that are safe between fork and exec. */
static void become(const char *command, int in, int out, int err)
{
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int dont_block(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

pid_t process_start(const char *command, int *in, int *out, int *err)
{
    int to[2] = { -1, -1 }, from[2] = { -1, -1 }, log[2] = { -1, -1 };
    pid_t pid = make_pipe(to) || make_pipe(from) || make_pipe(log) ? -1 : fork();
    int saved = errno;

    if (pid == 0)
        become(command, to[0], from[1], log[1]);
    process_close(&to[0]);
    process_close(&from[1]);
    process_close(&log[1]);
    if (pid < 0) {
        process_close(&to[1]);
        process_close(&from[0]);
        process_close(&log[0]);
    } else {
        setpgid(pid, pid); /* whichever of us comes first */
    }
    *in = dont_block(to[1]);
    *out = dont_block(from[0]);
    *err = dont_block(log[0]);
    errno = saved;
    return pid;
}
