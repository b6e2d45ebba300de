/* The program: finds the subcommand and hands over. */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gtp/tools.h"

static const struct tool {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} tools[] = {
    { "gtp", tool_gtp, "play Go over the Go Text Protocol (what Sabaki and Lizzie start)" },
    { "render", tool_render, "draw the frames of a game as PNG, film strip or animation" },
    { "imagine", tool_imagine, "show what the model sees in a game, and what it imagines" },
    { "sgf", tool_sgf, "check, convert and describe SGF files" },
    { "dataset", tool_dataset, "make a corpus of games to train on, draw clips from it" },
    { "train", tool_train, "train the models on the frames of a corpus" },
    { "match", tool_match, "play GTP engines against each other" },
    { "ladder", tool_ladder, "rate an engine by games against others of known strength" },
    { "bench", tool_bench, "measure speed, and how well the models see" },
};

enum { N_TOOLS = sizeof tools / sizeof tools[0] };

static void print_help(FILE *f)
{
    fprintf(f, "Usage: videoworld COMMAND [OPTION]...\n"
               "A Go engine that looks at pictures of the board.\n\n"
               "Commands:\n");
    for (int i = 0; i < N_TOOLS; i++)
        fprintf(f, "  %-10s %s\n", tools[i].name, tools[i].what);
    fprintf(f, "\n  -h, --help     show this help; 'videoworld COMMAND --help' tells more\n"
               "  -V, --version  show the version\n");
}

int tool_fail(const struct err *e)
{
    fprintf(stderr, "videoworld: %s\n", e->msg);
    return 1;
}

int tool_usage(const char *tool, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "videoworld: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nTry 'videoworld%s%s --help'.\n", *tool ? " " : "", tool);
    return 2;
}

int tool_base_name(const char *file, const char **name)
{
    static const char *const ending[] = { ".gz", ".sgf", ".sgfs", ".SGF" };
    const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    int n;

    *name = strcmp(base, "-") ? base : "game";
    n = (int)strlen(*name);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        int len = (int)strlen(ending[i]);

        if (n > len && !strncmp(*name + n - len, ending[i], (size_t)len))
            n -= len;
    }
    return n < 3000 ? n : 3000;
}

volatile sig_atomic_t tool_stopped;
static const double PATIENCE = 0.3; /* seconds in which signals are one */

/* The first asks for an end, and one after a while wants it at once; timeout(1) sends two. */
static void on_signal(int sig)
{
    static struct timespec first;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!tool_stopped) {
        first = now;
        tool_stopped = sig;
    } else if ((double)(now.tv_sec - first.tv_sec) + 1e-9 * (double)(now.tv_nsec - first.tv_nsec) >
               PATIENCE) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

void tool_catch_signals(bool on)
{
    static const int which[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction a = { .sa_handler = on ? on_signal : SIG_DFL }, is;

    sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < sizeof which / sizeof *which; i++)
        /* ignored as nohup has it, or a shell in what it starts by "&": so it stays */
        if (!sigaction(which[i], NULL, &is) && is.sa_handler != SIG_IGN)
            sigaction(which[i], &a, NULL);
}

/* What was printed must have arrived: a full disk or closed pipe is a failure. */
static int close_stdout(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "videoworld: cannot write to standard output\n");
        return status ? status : 1;
    }
    return status;
}

/* Who was stopped has not done all, which a script must see; 128 + signal as shells have it. */
static int run_tool(const struct tool *t, int argc, char **argv)
{
    int status = t->run(argc, argv);

    return close_stdout(!status && tool_stopped ? 128 + tool_stopped : status);
}

/* Where a standard stream is closed, no file opened later shall get its number; its use fails. */
static void keep_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    const char *arg = argc > 1 ? argv[1] : "";

    keep_streams();
    /* A closed pipe shall be an error to report, not a silent death. */
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
        print_help(stdout);
        return close_stdout(0);
    }
    if (!strcmp(arg, "--version") || !strcmp(arg, "-V")) {
        printf("videoworld %s\n"
               "Copyright (c) 2026 The VideoWorld team.  MIT licence; there is no warranty.\n",
               PACKAGE_VERSION);
        return close_stdout(0);
    }
    for (int i = 0; i < N_TOOLS; i++)
        if (!strcmp(arg, tools[i].name))
            return run_tool(&tools[i], argc - 1, argv + 1);
    if (!*arg)
        return tool_usage("", "no command given");
    return tool_usage("", "unknown command '%s'", arg);
}
