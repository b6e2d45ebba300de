#include "tests/checkpoint_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

struct fake fake;
struct err e;
char folder[64];

static const struct meta config[] = { { "model", "tiny \"x\"" }, { "layers", "2" } };
const struct checkpoint_options plain = { .dtype = DT_F32, .meta = config, .metas = 2 };

void setup(void)
{
    fake_init(&fake, DT_F32);
    err_init(&e);
    strcpy(folder, "/tmp/test_checkpoint-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

void teardown(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

const char *in_folder(const char *name)
{
    static char path[4][128];
    static int k;

    k = (k + 1) % 4;
    snprintf(path[k], sizeof path[k], "%s/%s", folder, name);
    return path[k];
}

int count_files(const char *begin)
{
    char command[160];
    int n = -1;
    FILE *p;

    snprintf(command, sizeof command, "ls -A '%s' | grep -c '^%s'", folder, begin);
    p = popen(command, "r");
    ck_assert_int_eq(fscanf(p, "%d", &n), 1);
    pclose(p);
    return n;
}
