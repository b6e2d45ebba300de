/*
 * Fuzz target: any bytes as a GTP session with the random player.  Replies must
 * be framed.  Slashes are taken out and the working folder takes no files, so
 * that printsgf and loadsgf do no harm.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gtp/commands.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static double clock_now(void)
{
    static double t;

    return t += 0.05; /* analyses come to their end */
}

/* Every reply starts with = or ? and ends with the only blank line in it. */
static void check_framing(const char *out, size_t n)
{
    const char *end = out + n;

    while (out < end) {
        const char *stop = strstr(out, "\n\n");

        if ((*out != '=' && *out != '?') || !stop)
            abort();
        out = stop + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct commands_options o = { .size = 5, .komi = 7, .version = "fuzz", .max_time = 1,
                                  .now = clock_now, .cpu = clock_now };
    static bool moved;
    struct err e;
    struct player *p;
    struct commands *c;
    struct gtp *g;
    char *text;
    size_t n;

    if (size > 4096)
        return 0;
    if (!moved && chdir("/proc/self"))
        abort();
    moved = true;
    err_init(&e);
    p = player_new("random", 1, &e);
    c = p ? commands_new(p, &o, &e) : NULL;
    g = c ? gtp_new(-1, -1, c) : NULL;
    text = malloc(size + 1);
    if (!g || !text || commands_add(c, g))
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] == '/' ? '_' : (char)data[i];
    if (gtp_feed(g, text, size, &e) || gtp_serve(g, &e))
        abort();
    check_framing(gtp_output(g, &n), n);
    free(text);
    gtp_free(g);
    commands_free(c);
    player_free(p);
    return 0;
}
