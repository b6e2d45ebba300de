/* Runs the transcripts of tests/gtp/, and checks that they leave no command out. */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tap.h"
#include "tests/transcript.h"

static glob_t files;
static char dir[] = "/tmp/test_transcripts-XXXXXX";

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
}

static void teardown(void)
{
    char command[64];

    ck_assert_int_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(transcript)
{
    const char *program = getenv("VIDEOWORLD");
    struct transcript t;

    ck_assert_msg(program != NULL, "VIDEOWORLD names no program");
    transcript_read(&t, files.gl_pathv[_i]);
    transcript_run(&t, program);
    transcript_free(&t);
}
END_TEST

/* Commands that succeed whatever they are given. */
static const char *const never_fail[] = {
    "protocol_version", "known_command", "list_commands", "quit", "name", "version",
    "clear_board", "get_komi", "showboard", "final_score", "stop", "cputime",
    "gomill-cpu_time", "gomill-describe_engine", "gomill-explain_last_move",
    "gogui-analyze_commands", "gogui-interrupt", "kata-get-rules", "kata-list-params",
    "kata-list_time_settings",
};

struct seen {
    char name[64];
    bool right, wrong;
};

/* What the transcripts send, with '=' or '?' as the first thing that comes back. */
static int collect(struct seen *seen)
{
    int n = 0;

    for (size_t f = 0; f < files.gl_pathc; f++) {
        struct transcript t;
        char name[64];

        transcript_read(&t, files.gl_pathv[f]);
        for (int i = 0; i + 1 < t.n; i++) {
            int k = 0;
            char reply = t.step[i + 1].text[0]; /* a regex would begin with a backslash */

            if (t.step[i].kind != STEP_SEND || !t.step[i].command)
                continue;
            transcript_command(&t.step[i], name);
            while (k < n && strcmp(seen[k].name, name))
                k++;
            if (k == n)
                snprintf(seen[n++].name, sizeof name, "%s", name);
            ck_assert_int_lt(n, 500);
            seen[k].right |= reply == '=';
            seen[k].wrong |= reply == '?' || reply == '\\';
        }
        transcript_free(&t);
    }
    return n;
}

static bool cannot_fail(const char *name)
{
    for (size_t i = 0; i < sizeof never_fail / sizeof never_fail[0]; i++)
        if (!strcmp(name, never_fail[i]))
            return true;
    return false;
}

START_TEST(every_command_is_tried_rightly_and_wrongly)
{
    static struct seen seen[500];
    int n = collect(seen), listed = 0;
    char command[512], line[128];
    FILE *p;

    snprintf(command, sizeof command, "echo list_commands | '%s' gtp --player random 2>/dev/null",
             getenv("VIDEOWORLD"));
    p = popen(command, "r");
    ck_assert_ptr_nonnull(p);
    while (fgets(line, sizeof line, p) && line[0] != '\n') {
        char *name = line + (line[0] == '=' ? 2 : 0);
        int k = 0;

        name[strcspn(name, "\n")] = '\0';
        while (k < n && strcmp(seen[k].name, name))
            k++;
        ck_assert_msg(k < n, "no transcript tries %s", name);
        ck_assert_msg(seen[k].right, "no transcript has %s succeed", name);
        ck_assert_msg(seen[k].wrong || cannot_fail(name), "no transcript has %s fail", name);
        listed++;
    }
    ck_assert_int_eq(pclose(p), 0);
    ck_assert_int_gt(listed, 50);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transcripts");
    TCase *t = tap_case(s, "transcripts");
    char pattern[1024];

    snprintf(pattern, sizeof pattern, "%s/gtp/*.tst",
             getenv("TEST_SRCDIR") ? getenv("TEST_SRCDIR") : "tests");
    glob(pattern, 0, NULL, &files);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, transcript, 0, (int)files.gl_pathc);
    tcase_add_test(t, every_command_is_tried_rightly_and_wrongly);
    return tap_run(s);
}
