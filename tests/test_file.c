/* file and err: what is read is all of it or an error, what is written is whole or absent. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "engine/err.h"
#include "engine/file.h"
#include "tests/tap.h"

static char dir[] = "/tmp/test_file-XXXXXX";
static struct err e;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
    err_init(&e);
}

/* Removes what tests leave: files and empty folders, one level deep. */
static void teardown(void)
{
    DIR *d = opendir(".");
    struct dirent *entry;

    while ((entry = readdir(d)))
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            remove(entry->d_name);
    closedir(d);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}

/* --- helpers ------------------------------------------------------------- */

static void put_file(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(name, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

/* Appends one gzip member. */
static void put_gzip(const char *name, const char *mode, const void *data, size_t n)
{
    gzFile f = gzopen(name, mode);

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(gzwrite(f, data, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(f), Z_OK);
}

static int files_here(void)
{
    DIR *d = opendir(".");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void assert_reads(const char *name, size_t max, const void *data, size_t n)
{
    char *buf;
    size_t len;

    ck_assert_msg(!file_read(name, max, &buf, &len, &e), "%s", e.msg);
    ck_assert_uint_eq(len, n);
    ck_assert_int_eq(memcmp(buf, data, n), 0);
    ck_assert_int_eq(buf[len], 0);
    free(buf);
}

static void assert_refused(const char *name, size_t max, const char *message)
{
    char *buf;
    size_t len;

    err_init(&e);
    ck_assert_int_eq(file_read(name, max, &buf, &len, &e), -1);
    ck_assert_str_eq(e.msg, message);
}

static void write_file(const char *name, const char *text)
{
    struct outfile o;

    ck_assert_msg(!outfile_open(&o, name, &e), "%s", e.msg);
    fputs(text, o.f);
    ck_assert_msg(!outfile_commit(&o, &e), "%s", e.msg);
}

/* --- reading ------------------------------------------------------------- */

START_TEST(reads_plain)
{
    put_file("a", "one\0two", 7);
    assert_reads("a", 7, "one\0two", 7);
    put_file("a", "", 0);
    assert_reads("a", 0, "", 0);
    put_file("a", "\x1f", 1);
    assert_reads("a", 10, "\x1f", 1);
}
END_TEST

START_TEST(reads_large)
{
    size_t n = 3 * 65536 + 5;
    char *data = malloc(n);

    for (size_t i = 0; i < n; i++)
        data[i] = (char)(i * 2654435761u >> 13);
    put_file("a", data, n);
    assert_reads("a", n, data, n);
    put_gzip("b", "wb", data, n);
    assert_reads("b", n, data, n);
    free(data);
}
END_TEST

START_TEST(reads_gzip_of_several_members)
{
    put_gzip("a", "wb", "first ", 6);
    put_gzip("a", "ab", "second", 6);
    assert_reads("a", 12, "first second", 12);
    put_gzip("b", "wb", "", 0);
    assert_reads("b", 0, "", 0);
}
END_TEST

START_TEST(reads_gzip_padded_with_zeros)
{
    FILE *f;

    put_gzip("a", "wb", "text", 4);
    f = fopen("a", "ab");
    fwrite("\0\0\0", 1, 3, f);
    fclose(f);
    assert_reads("a", 4, "text", 4);
}
END_TEST

START_TEST(reads_stdin)
{
    int fd;

    put_gzip("a", "wb", "piped", 5);
    fd = open("a", O_RDONLY);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    assert_reads("-", 5, "piped", 5);
}
END_TEST

static void ignore(int sig)
{
    (void)sig;
}

START_TEST(reads_on_after_signals)
{
    struct sigaction act = { .sa_handler = ignore }; /* no SA_RESTART */
    struct itimerval soon = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
    struct timespec nap = { 0, 30 * 1000 * 1000 };
    int fds[2];
    pid_t child;

    ck_assert_int_eq(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            nanosleep(&nap, NULL);
            if (write(fds[1], &"abcde"[i], 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(fds[1]);
    dup2(fds[0], STDIN_FILENO);
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_reads("-", 100, "abcde", 5);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    mkdir("folder", 0777);
    assert_refused("none", 10, "cannot open 'none': No such file or directory");
    assert_refused("folder", 10, "cannot read 'folder': Is a directory");
    assert_refused("", 10, "cannot open '': No such file or directory");
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
    static char zeros[1000000];

    put_file("a", "12345", 5);
    assert_reads("a", 5, "12345", 5);
    assert_refused("a", 4, "'a' is larger than 4 bytes");
    put_gzip("b", "wb", zeros, sizeof zeros);
    assert_reads("b", sizeof zeros, zeros, sizeof zeros);
    assert_refused("b", sizeof zeros - 1, "'b' is larger than 999999 bytes");
    assert_refused("/dev/zero", 1000000, "'/dev/zero' is larger than 1000000 bytes");
}
END_TEST

START_TEST(refuses_truncated_gzip)
{
    char data[300], *whole;
    size_t n;
    FILE *f;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * i);
    put_gzip("a", "wb", data, sizeof data);
    f = fopen("a", "rb");
    whole = malloc(1000);
    n = fread(whole, 1, 1000, f);
    fclose(f);
    ck_assert_uint_gt(n, 50);
    for (size_t i = 2; i < n; i++) {
        put_file("b", whole, i);
        assert_refused("b", 1000, "cannot read 'b': its gzip data ends in the middle");
    }
    free(whole);
}
END_TEST

START_TEST(refuses_damaged_gzip)
{
    char whole[200];
    size_t n;
    FILE *f;

    put_gzip("a", "wb", "the text", 8);
    f = fopen("a", "rb");
    n = fread(whole, 1, sizeof whole - 1, f);
    fclose(f);
    whole[n] = 'x';
    put_file("b", whole, n + 1);
    assert_refused("b", 1000, "cannot read 'b': garbage behind its gzip data");
    whole[n - 6] ^= 1; /* in the checksum */
    put_file("b", whole, n);
    assert_refused("b", 1000, "cannot read 'b': incorrect data check");
    whole[2] = 7; /* no such method */
    put_file("b", whole, n);
    assert_refused("b", 1000, "cannot read 'b': unknown compression method");
}
END_TEST

/* --- writing ------------------------------------------------------------- */

START_TEST(appears_at_commit)
{
    struct outfile o;

    ck_assert_int_eq(outfile_open(&o, "a", &e), 0);
    fputs("new", o.f);
    fflush(o.f);
    ck_assert_int_ne(access("a", F_OK), 0);
    ck_assert_int_eq(files_here(), 1);
    ck_assert_int_eq(outfile_commit(&o, &e), 0);
    assert_reads("a", 10, "new", 3);
    ck_assert_int_eq(files_here(), 1);
    outfile_abort(&o); /* harmless */
}
END_TEST

START_TEST(abort_leaves_nothing)
{
    struct outfile o;

    put_file("a", "old", 3);
    ck_assert_int_eq(outfile_open(&o, "a", &e), 0);
    fputs("new", o.f);
    outfile_abort(&o);
    assert_reads("a", 10, "old", 3);
    ck_assert_int_eq(outfile_open(&o, "b", &e), 0);
    outfile_abort(&o);
    ck_assert_int_eq(files_here(), 1);
}
END_TEST

/* Writes more than the process may, as if the disk were full. */
START_TEST(full_disk_leaves_the_target)
{
    struct rlimit small = { 10000, 10000 };
    struct outfile o;

    put_file("a", "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int size = 9999; size < 40000; size += 3333) {
        err_init(&e);
        ck_assert_int_eq(outfile_open(&o, "a", &e), 0);
        for (int i = 0; i < size; i++)
            putc('x', o.f);
        if (size <= 10000) {
            outfile_abort(&o);
            continue;
        }
        ck_assert_int_eq(outfile_commit(&o, &e), -1);
        ck_assert_msg(strstr(e.msg, "cannot write '") == e.msg, "%s", e.msg);
        ck_assert_msg(strstr(e.msg, "File too large") || strstr(e.msg, "write error"), "%s",
                      e.msg);
        assert_reads("a", 10, "old", 3);
        ck_assert_int_eq(files_here(), 1);
    }
}
END_TEST

START_TEST(full_device_is_an_error)
{
    struct outfile o;

    ck_assert_int_eq(outfile_open(&o, "/dev/full", &e), 0);
    fputs("text", o.f);
    ck_assert_int_eq(outfile_commit(&o, &e), -1);
    ck_assert_str_eq(e.msg, "cannot write '/dev/full': No space left on device");
}
END_TEST

/* The error of a write before the last must be kept. */
START_TEST(early_error_is_not_forgotten)
{
    struct outfile o;

    ck_assert_int_eq(outfile_open(&o, "/dev/full", &e), 0);
    setvbuf(o.f, NULL, _IONBF, 0);
    ck_assert_int_lt(fputs("text", o.f), 0);
    errno = ENOENT; /* of something else */
    ck_assert_int_eq(outfile_commit(&o, &e), -1);
    ck_assert_str_eq(e.msg, "cannot write '/dev/full': write error");
}
END_TEST

START_TEST(refuses_targets_at_once)
{
    static const char *const targets[][2] = {
        { "folder", "Is a directory" },
        { "none/a", "No such file or directory" },
        { "link", "No such file or directory" },
        { "file/a", "Not a directory" },
        { "", "No such file or directory" },
    };
    struct outfile o;
    char text[100];

    mkdir("folder", 0777);
    put_file("file", "", 0);
    ck_assert_int_eq(symlink("nowhere", "link"), 0);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        err_init(&e);
        ck_assert_int_eq(outfile_open(&o, targets[i][0], &e), -1);
        snprintf(text, sizeof text, "cannot write '%s': %s", targets[i][0], targets[i][1]);
        ck_assert_str_eq(e.msg, text);
    }
    ck_assert_int_eq(files_here(), 3);
}
END_TEST

START_TEST(read_only_target_is_kept)
{
    struct outfile o;
    uid_t me = geteuid();

    put_file("a", "old", 3);
    chmod("a", 0444);
    chmod(".", 0777);
    if (me == 0) /* root may write anything: be somebody else */
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(outfile_open(&o, "a", &e), -1);
    ck_assert_int_eq(seteuid(me), 0);
    ck_assert_str_eq(e.msg, "cannot write 'a': Permission denied");
    ck_assert_int_eq(files_here(), 1);
}
END_TEST

START_TEST(rename_that_fails_is_an_error)
{
    struct outfile o;

    ck_assert_int_eq(outfile_open(&o, "a", &e), 0);
    fputs("new", o.f);
    mkdir("a", 0777);
    ck_assert_int_eq(outfile_commit(&o, &e), -1);
    ck_assert_str_eq(e.msg, "cannot write 'a': Is a directory");
    ck_assert_int_eq(files_here(), 1);
}
END_TEST

START_TEST(permissions_are_kept)
{
    struct stat st;

    umask(027);
    write_file("new", "x");
    ck_assert_int_eq(stat("new", &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0640);
    put_file("old", "x", 1);
    chmod("old", 0604);
    write_file("old", "y");
    ck_assert_int_eq(stat("old", &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0604);
}
END_TEST

START_TEST(links_are_followed)
{
    struct stat st;

    mkdir("folder", 0777);
    put_file("folder/real", "old", 3);
    ck_assert_int_eq(symlink("folder/real", "link"), 0);
    write_file("link", "new");
    ck_assert_int_eq(lstat("link", &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    assert_reads("folder/real", 10, "new", 3);
    remove("folder/real");
}
END_TEST

START_TEST(two_writers_do_not_meet)
{
    struct outfile a, b;

    ck_assert_int_eq(outfile_open(&a, "x", &e), 0);
    ck_assert_int_eq(outfile_open(&b, "x", &e), 0);
    fputs("first", a.f);
    fputs("second", b.f);
    ck_assert_int_eq(outfile_commit(&b, &e), 0);
    ck_assert_int_eq(outfile_commit(&a, &e), 0);
    assert_reads("x", 10, "first", 5);
    ck_assert_int_eq(files_here(), 1);
}
END_TEST

START_TEST(dash_is_stdout)
{
    int fd = open("a", O_WRONLY | O_CREAT, 0666), old = dup(STDOUT_FILENO);

    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    printf("before, "); /* still in the buffer when the next line writes */
    write_file("-", "text, ");
    printf("after");
    fflush(stdout);
    dup2(old, STDOUT_FILENO);
    assert_reads("a", 100, "before, text, after", 19);
}
END_TEST

/* --- err ----------------------------------------------------------------- */

START_TEST(first_error_wins)
{
    ck_assert_int_eq(err_set(&e, "first %d", 1), -1);
    ck_assert_int_eq(err_set(&e, "second"), -1);
    ck_assert_str_eq(e.msg, "first 1");
    err_init(&e);
    ck_assert_str_eq(e.msg, "");
    err_set(&e, "third");
    ck_assert_str_eq(e.msg, "third");
    ck_assert_int_eq(err_set(NULL, "nobody asks"), -1);
}
END_TEST

START_TEST(long_error_is_cut)
{
    char text[2000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, "%s", text);
    ck_assert_uint_eq(strlen(e.msg), sizeof e.msg - 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("file");
    TCase *t = tap_case(s, "read");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, reads_plain);
    tcase_add_test(t, reads_large);
    tcase_add_test(t, reads_gzip_of_several_members);
    tcase_add_test(t, reads_gzip_padded_with_zeros);
    tcase_add_test(t, reads_stdin);
    tcase_add_test(t, reads_on_after_signals);
    tcase_add_test(t, refuses_what_is_no_file);
    tcase_add_test(t, refuses_what_is_too_large);
    tcase_add_test(t, refuses_truncated_gzip);
    tcase_add_test(t, refuses_damaged_gzip);

    t = tap_case(s, "write");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, appears_at_commit);
    tcase_add_test(t, abort_leaves_nothing);
    tcase_add_test(t, full_disk_leaves_the_target);
    tcase_add_test(t, full_device_is_an_error);
    tcase_add_test(t, early_error_is_not_forgotten);
    tcase_add_test(t, refuses_targets_at_once);
    tcase_add_test(t, read_only_target_is_kept);
    tcase_add_test(t, rename_that_fails_is_an_error);
    tcase_add_test(t, permissions_are_kept);
    tcase_add_test(t, links_are_followed);
    tcase_add_test(t, two_writers_do_not_meet);
    tcase_add_test(t, dash_is_stdout);

    t = tap_case(s, "err");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, first_error_wins);
    tcase_add_test(t, long_error_is_cut);
    return tap_run(s);
}
