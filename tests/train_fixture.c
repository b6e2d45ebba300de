#include "tests/train_fixture.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/file.h"

struct err e;
struct toy toy;
struct parallel alone;
struct train_host host;

static char folder[64];

void train_setup(void)
{
    strcpy(folder, "/tmp/videoworld-train-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    err_init(&e);
    ck_assert_int_eq(parallel_init(&alone, &e), 0);
    host = (struct train_host){ 0 };
}

void train_teardown(void)
{
    DIR *dir = opendir(folder);
    struct dirent *x;

    while ((x = readdir(dir)))
        unlinkat(dirfd(dir), x->d_name, 0);
    closedir(dir);
    rmdir(folder);
}

const char *in_folder(const char *name)
{
    static char path[4][128];
    static int k;

    k = (k + 1) % 4;
    snprintf(path[k], sizeof path[k], "%s/%s", folder, name);
    return path[k];
}

int run(struct train_config *c, bool resume)
{
    int failed;

    ck_assert_msg(!toy_init(&toy, 2, c->micro, &e), "%s", e.msg);
    failed = train_run(&toy.model, c, &alone, &host, resume, &e);
    return failed;
}

void run_well(struct train_config *c, bool resume)
{
    ck_assert_msg(!run(c, resume), "%s", e.msg);
    toy_free(&toy);
}

char *slurp(const char *name, size_t *n)
{
    char *bytes;

    ck_assert_msg(!file_read(in_folder(name), 1 << 26, &bytes, n, &e), "%s", e.msg);
    return bytes;
}

bool same_files(const char *a, const char *b)
{
    size_t n, k;
    char *x = slurp(a, &n), *y = slurp(b, &k);
    bool same = n == k && !memcmp(x, y, n);

    free(x);
    free(y);
    return same;
}

void name_files(struct train_config *c, char *paths, const char *name)
{
    snprintf(paths, 128, "%s/%s.safetensors", folder, name);
    snprintf(paths + 128, 128, "%s/%s.csv", folder, name);
    c->path = paths;
    c->log = paths + 128;
}

void assert_same_runs(const char *a, const char *b)
{
    static const char *const ends[] = { "safetensors", "train.safetensors", "csv" };
    char x[64], y[64];

    for (int i = 0; i < 3; i++) {
        snprintf(x, sizeof x, "%s.%s", a, ends[i]);
        snprintf(y, sizeof y, "%s.%s", b, ends[i]);
        ck_assert_msg(same_files(x, y), "%s and %s differ", x, y);
    }
}
