/* videoworld match: its games as SGF. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/sgf_game.h"
#include "gtp/text.h"
#include "gtp/tool_match.h"

/* Is it what a kill left of a game of ours ("game-000001.sgf.tmp-PID-N", see file.h)?  Games of
   other shards may be in the making. */
static bool is_left_over(const struct match_job *j, const char *name)
{
    int game, at = 0;

    return sscanf(name, "game-%d.sgf.tmp-%n", &game, &at) == 1 && at && game >= 0 &&
           strspn(name + at, "0123456789-") == strlen(name + at) && match_has_game(&j->plan, game);
}

int match_sgf_begin(const struct match_job *j, struct err *e)
{
    struct dirent *x;
    DIR *dir;

    if (mkdir(j->sgf, 0777) && errno != EEXIST)
        return err_set(e, "cannot make '%s': %s", j->sgf, strerror(errno));
    dir = opendir(j->sgf);
    if (!dir)
        return err_set(e, "cannot open '%s': %s", j->sgf, strerror(errno));
    while ((x = readdir(dir)))
        if (is_left_over(j, x->d_name))
            unlinkat(dirfd(dir), x->d_name, 0);
    closedir(dir);
    return 0;
}

/* --- what is said of the moves -------------------------------------------------- */

static int add_number(struct sgf *s, struct sgf_node *n, const char *id, double v, int digits,
                      struct err *e)
{
    char buf[32];

    snprintf(buf, sizeof buf, "%.*f", digits, v);
    return sgf_set(s, n, id, buf, e);
}

/* The comment of a move: its time, and what the engine said of it. */
static int add_comment(struct sgf *s, struct sgf_node *n, const struct match_ply *p,
                       struct err *e)
{
    const struct match_analysis *a = &p->said;
    struct text t;
    int status;

    text_init(&t);
    text_printf(&t, "%.3f s", p->seconds);
    if (a->has_winrate)
        text_printf(&t, ", winrate %.1f %%", 100 * a->winrate);
    if (a->has_score)
        text_printf(&t, ", score %+.1f", a->score);
    if (a->visits)
        text_printf(&t, ", %ld visit%s", a->visits, a->visits == 1 ? "" : "s");
    status = t.failed ? err_set(e, "out of memory") : sgf_set_text(s, n, "C", text_str(&t), e);
    text_release(&t);
    return status;
}

static int add_ply(struct sgf *s, struct sgf_node *n, const struct match_ply *p, enum color c,
                   struct err *e)
{
    if (p->timed && add_number(s, n, c == BLACK ? "BL" : "WL", p->left, 3, e))
        return -1;
    if (p->timed && p->stones &&
        add_number(s, n, c == BLACK ? "OB" : "OW", p->stones, 0, e))
        return -1;
    return p->seconds > 0 ? add_comment(s, n, p, e) : 0;
}

/* Time limits, where both sides have the same. */
static int add_clock(struct sgf *s, struct sgf_node *root, const struct match *m, struct err *e)
{
    const struct clock_rules *r = &m->rules.clock[0];
    char a[MATCH_CLOCK_TEXT], b[MATCH_CLOCK_TEXT];

    match_clock_text(&m->rules.clock[0], a);
    match_clock_text(&m->rules.clock[1], b);
    if (r->kind == CLOCK_NONE || strcmp(a, b))
        return 0;
    snprintf(b, sizeof b, "%.10g", r->main);
    if (sgf_set(s, root, "TM", b, e))
        return -1;
    return *match_clock_overtime(r, a) ? sgf_set_text(s, root, "OT", a, e) : 0;
}

static int add_all(struct sgf *s, struct sgf_node *root, const struct match *m, struct err *e)
{
    struct sgf_node *n = root->child;

    if (add_clock(s, root, m, e))
        return -1;
    for (int i = 0; i < m->game.n && n; i++, n = n->child)
        if (add_ply(s, n, &m->ply[i], m->game.ply[i].color, e))
            return -1;
    return 0;
}

/* --- a file ---------------------------------------------------------------------- */

static int write_file(const char *path, const struct match *m, const struct match_record *g,
                      struct err *e)
{
    char date[16], comment[1024];
    time_t now = time(NULL);
    struct sgf_info info = { .black = g->black, .white = g->white, .result = g->result,
                             .rules = "Chinese", .date = date, .comment = comment,
                             .program = PACKAGE_NAME ":" PACKAGE_VERSION };
    struct sgf_node *root;
    struct sgf sgf;
    int status = -1;

    strftime(date, sizeof date, "%Y-%m-%d", localtime(&now));
    snprintf(comment, sizeof comment, "%s; median %.2f ms a move for Black, %.2f for White%s%s",
             match_end_name(g->end), g->black_ms, g->white_ms, *m->fault.msg ? "\n" : "",
             m->fault.msg);
    if (sgf_init(&sgf, path, e))
        return -1;
    root = sgf_from_game(&sgf, &m->game, &info, e);
    if (root && !add_all(&sgf, root, m, e))
        status = sgf_write(&sgf, path, SGF_LINES, e);
    sgf_release(&sgf);
    return status;
}

int match_sgf_write(const struct match_job *j, const struct match *m, const struct match_record *g,
                    struct err *e)
{
    size_t size = strlen(j->sgf) + 32;
    char *path = malloc(size);
    int status;

    if (!path)
        return err_set(e, "out of memory");
    snprintf(path, size, "%s/game-%06d.sgf", j->sgf, g->game);
    status = write_file(path, m, g, e);
    free(path);
    return status;
}
