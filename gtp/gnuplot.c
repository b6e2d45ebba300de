#include "config.h"

#include "gtp/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/file.h"

extern char **environ;

void gnuplot_quote(struct text *t, const char *s)
{
    text_puts(t, "'");
    for (; *s; s++)
        text_printf(t, *s == '\'' ? "''" : "%c", *s);
    text_puts(t, "'");
}

/* Runs gnuplot with a script on its standard input; its picture goes to f. */
static int run(FILE *script, FILE *f, struct err *e)
{
    char *argv[] = { "gnuplot", NULL };
    posix_spawn_file_actions_t actions;
    int status, failed;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(script), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(f), STDOUT_FILENO);
    failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return err_set(e, "cannot start gnuplot: %s", strerror(failed));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(e, "cannot wait for gnuplot: %s", strerror(errno));
    return status ? err_set(e, "gnuplot failed") : 0;
}

/* The text in a file without a name, to be read from its start. */
static FILE *as_file(const struct text *t, struct err *e)
{
    FILE *f = tmpfile();

    if (f && fwrite(t->s, 1, t->len, f) == t->len && !fflush(f) && !fseek(f, 0, SEEK_SET))
        return f;
    err_set(e, "cannot keep a script for gnuplot: %s", strerror(errno));
    if (f)
        fclose(f);
    return NULL;
}

int gnuplot_draw(const char *path, struct text *script, struct err *e)
{
    struct outfile o;
    FILE *in;
    int status;

    if (script->failed)
        return err_set(e, "out of memory");
    in = as_file(script, e);
    if (!in)
        return -1;
    status = outfile_open(&o, path, e);
    if (!status) {
        status = run(in, o.f, e);
        if (status)
            outfile_abort(&o);
        else
            status = outfile_commit(&o, e);
    }
    fclose(in);
    return status;
}
