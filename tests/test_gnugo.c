/*
 * 500 random games, and 40 more on 4x4 where superko is common, replayed in GNU
 * Go: at each ply the same legality (both colours, at sampled points) and the
 * same captures, now and then and at the end the same stones, and at the end
 * the same area.
 *
 * GNU Go has no command that counts area without first judging which stones
 * are dead.  So the area of each game is counted by slowgo from GNU Go's own
 * list of stones; and half the games go on until both sides have filled all but
 * their eyes, so that no stone is dead, and there its final_score is asked too.
 *
 * All commands of a size go into one file, GNU Go reads that, and its replies
 * are then held against those written down beside the commands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/game.h"
#include "engine/playout.h"
#include "tests/slowgo.h"
#include "tests/tap.h"

/* GNU Go remembers 500 moves; superko would differ after that. */
enum { MAX_PLIES = 480 };

static const struct {
    int size, games;
} sets[] = { { 9, 300 }, { 13, 140 }, { 19, 60 }, { 4, 40 } };

/* The commands for GNU Go, and what it should say to each. */
struct script {
    FILE *commands;
    FILE *expected; /* a line for each command; "@..." is no literal reply */
    char *text;
    size_t size;
    int legal, illegal, superko; /* answers expected from is_legal */
    int scores;                  /* final_score asked */
};

static const char gnugo[] = "PATH=$PATH:/usr/games gnugo --mode gtp --chinese-rules "
                            "--positional-superko --forbid-suicide --level 1 --seed 1 --komi 0";

static void script_open(struct script *s)
{
    memset(s, 0, sizeof *s);
    s->commands = tmpfile();
    s->expected = open_memstream(&s->text, &s->size);
    ck_assert(s->commands && s->expected);
}

/* Starts GNU Go on the commands (by way of our own standard input). */
static FILE *script_run(struct script *s)
{
    FILE *replies;

    ck_assert(fflush(s->commands) == 0 && fclose(s->expected) == 0);
    rewind(s->commands);
    ck_assert_int_eq(dup2(fileno(s->commands), STDIN_FILENO), STDIN_FILENO);
    replies = popen(gnugo, "r");
    ck_assert_ptr_nonnull(replies);
    return replies;
}

static const char *color_text(enum color c)
{
    return c == BLACK ? "black" : "white";
}

static void ask_legality(struct script *s, const struct game *g, struct rng *r, int points)
{
    char v[8];

    for (int i = 0; i < points; i++) {
        int p = board_point_at(&g->board, (int)rng_below(r, (uint32_t)(g->board.w * g->board.h)));

        /* empty points tell more than occupied ones */
        if (i > 0 && g->board.n_empty)
            p = g->board.empty[rng_below(r, (uint32_t)g->board.n_empty)];
        for (int c = BLACK; c <= WHITE; c++) {
            enum legality l = game_legality(g, (enum color)c, p);

            fprintf(s->commands, "is_legal %s %s\n", color_text((enum color)c),
                    board_vertex(&g->board, p, v));
            fprintf(s->expected, "= %d\n", l == LEGAL);
            s->legal += l == LEGAL;
            s->illegal += l != LEGAL;
            s->superko += l == SUPERKO;
        }
    }
}

static void ask_captures(struct script *s, const struct game *g)
{
    for (int c = BLACK; c <= WHITE; c++) {
        fprintf(s->commands, "captures %s\n", color_text((enum color)c));
        fprintf(s->expected, "= %d\n", (int)g->board.captured[color_other((enum color)c)]);
    }
}

/* Asks for the stones; the expectation is our position and our area. */
static void ask_stones(struct script *s, const struct game *g)
{
    fprintf(s->commands, "list_stones black\nlist_stones white\n");
    fprintf(s->expected, "@stones %d %d ", g->board.w, board_area(&g->board, NULL));
    for (int i = 0; i < g->board.w * g->board.h; i++)
        fputc("0XO"[game_stones(g, g->n)[i]], s->expected);
    fprintf(s->expected, "\n@more\n");
}

/* A move like a playout's, or (where `wild`) any legal one at times. */
static int choose(const struct game *g, struct rng *r, bool wild)
{
    enum color c = game_to_move(g);

    for (int i = 0; wild && i < 4 && g->board.n_empty; i++) {
        int p = g->board.empty[rng_below(r, (uint32_t)g->board.n_empty)];

        if (game_legality(g, c, p) == LEGAL)
            return p;
    }
    return playout_move_game(g, c, r);
}

static void write_game(struct script *s, struct game *g, struct rng *r, bool wild)
{
    int size = g->board.w;

    ck_assert_int_eq(game_clear(g, size, size, NULL), 0);
    fprintf(s->commands, "boardsize %d\nclear_board\n", size);
    fprintf(s->expected, "= \n= \n");
    while (g->n < MAX_PLIES && !game_over(g)) {
        enum color c = game_to_move(g);
        int p = choose(g, r, wild);
        char v[8];

        ask_legality(s, g, r, 4);
        fprintf(s->commands, "play %s %s\n", color_text(c), board_vertex(&g->board, p, v));
        fprintf(s->expected, "= \n");
        if (game_play(g, c, p, NULL))
            ck_abort_msg("a legal move is refused");
        ask_captures(s, g);
        if (g->n % 32 == 0)
            ask_stones(s, g);
    }
    ask_stones(s, g);
    if (!wild && game_over(g)) {
        fprintf(s->commands, "final_score\n");
        fprintf(s->expected, "@score %g\n", game_score(g));
        s->scores++;
    }
}

/* Reads one reply into line, its words of all lines, without the blank line after. */
static void read_reply(FILE *f, char *line, int size)
{
    int n = 0, c, last = 0;

    while ((c = fgetc(f)) != EOF && !(c == '\n' && last == '\n')) {
        last = c;
        if (n < size - 1)
            line[n++] = (char)c;
    }
    while (n > 0 && line[n - 1] == '\n')
        n--;
    line[n] = '\0';
}

static void add_stones(struct slow *pos, const char *reply, int color)
{
    struct board names;
    char v[8];
    int len;

    board_init(&names, pos->w, pos->h);
    if (*reply++ != '=')
        ck_abort_msg("no list of stones");
    for (; sscanf(reply, " %7s%n", v, &len) == 1; reply += len)
        pos->s[board_index(&names, board_parse_vertex(&names, v))] = (uint8_t)color;
}

/* want: "SIZE AREA STONES" */
static void check_stones(const char *want, const char *black, const char *white, int line)
{
    struct slow pos = { 0 };
    uint8_t owner[SLOW_MAX];
    int area, len;

    sscanf(want, "%d %d %n", &pos.w, &area, &len);
    pos.h = pos.w;
    add_stones(&pos, black, BLACK);
    add_stones(&pos, white, WHITE);
    for (int i = 0; i < pos.w * pos.h; i++)
        if ("0XO"[pos.s[i]] != want[len + i])
            ck_abort_msg("command %d: stones differ", line);
    if (slow_area(&pos, owner) != area)
        ck_abort_msg("command %d: area differs", line);
}

static double score_value(const char *reply)
{
    return reply[2] == '0' ? 0 : (reply[2] == 'B' ? 1 : -1) * atof(reply + 4);
}

static void compare(struct script *s, FILE *replies)
{
    static char got[4096], white[4096];
    int line = 0;

    for (char *want = strtok(s->text, "\n"); want; want = strtok(NULL, "\n")) {
        line++;
        read_reply(replies, got, sizeof got);
        if (!strncmp(want, "@stones ", 8)) {
            read_reply(replies, white, sizeof white);
            check_stones(want + 8, got, white, line++);
            strtok(NULL, "\n");
        } else if (!strncmp(want, "@score ", 7)) {
            if (score_value(got) != atof(want + 7))
                ck_abort_msg("command %d: final_score %s, not %s", line, got, want + 7);
        } else if (strcmp(got, want)) {
            ck_abort_msg("command %d: GNU Go says '%s', not '%s'", line, got, want);
        }
    }
    read_reply(replies, got, sizeof got);
    ck_assert_str_eq(got, "");
}

START_TEST(test_set)
{
    struct script s;
    struct game g;
    struct rng r;
    FILE *replies;

    script_open(&s);
    rng_init(&r, (uint64_t)sets[_i].size);
    ck_assert_int_eq(game_init(&g, sets[_i].size, sets[_i].size, 0, NULL), 0);
    for (int i = 0; i < sets[_i].games; i++)
        write_game(&s, &g, &r, i % 2 != 0);
    game_release(&g);
    printf("# %dx%d: is_legal %d yes, %d no (superko %d); final_score %d\n", sets[_i].size,
           sets[_i].size, s.legal, s.illegal, s.superko, s.scores);
    fflush(stdout);
    replies = script_run(&s);
    compare(&s, replies);
    pclose(replies);
    fclose(s.commands);
    free(s.text);
}
END_TEST

int main(void)
{
    Suite *s;
    TCase *c;

    if (system("PATH=$PATH:/usr/games command -v gnugo >/dev/null 2>&1")) {
        printf("1..0 # SKIP gnugo is not installed\n");
        return 0;
    }
    s = suite_create("gnugo");
    c = tap_case(s, "against GNU Go");
    tcase_add_loop_test(c, test_set, 0, sizeof sets / sizeof sets[0]);
    return tap_run(s);
}
