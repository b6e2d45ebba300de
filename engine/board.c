#include "engine/board.h"

#include <string.h>
#include <strings.h>

#include "engine/rng.h"

static const char column_letter[] = "ABCDEFGHJKLMNOPQRSTUVWXYZ";

void board_init(struct board *b, int w, int h)
{
    memset(b, 0, sizeof *b);
    b->w = (int16_t)w;
    b->h = (int16_t)h;
    b->stride = (int16_t)(w + 1);
    b->end = (int16_t)((h + 2) * b->stride + 1);
    b->ko = NO_POINT;
    b->ko_color = EMPTY;
    memset(b->color, BORDER, sizeof b->color);
    for (int i = 0; i < w * h; i++) {
        int p = board_point_at(b, i);

        b->color[p] = EMPTY;
        b->empty[i] = (int16_t)p;
        b->empty_at[p] = (int16_t)i;
    }
    b->n_empty = (int16_t)(w * h);
}

void board_copy(struct board *to, const struct board *from)
{
    size_t n = (size_t)from->end;

    memcpy(to, from, offsetof(struct board, color));
    memcpy(to->color, from->color, n * sizeof to->color[0]);
    memcpy(to->empty, from->empty, (size_t)from->n_empty * sizeof to->empty[0]);
    memcpy(to->empty_at, from->empty_at, n * sizeof to->empty_at[0]);
    memcpy(to->chain, from->chain, n * sizeof to->chain[0]);
    memcpy(to->next, from->next, n * sizeof to->next[0]);
    memcpy(to->lib_n, from->lib_n, n * sizeof to->lib_n[0]);
    memcpy(to->lib_sum, from->lib_sum, n * sizeof to->lib_sum[0]);
    memcpy(to->lib_sq, from->lib_sq, n * sizeof to->lib_sq[0]);
}

uint64_t board_key(const struct board *b, enum color c, int p)
{
    unsigned x = (unsigned)p % (unsigned)b->stride, y = (unsigned)p / (unsigned)b->stride;

    return splitmix64((uint64_t)c << 16 | y << 8 | x);
}

/* --- chains ------------------------------------------------------------- */

static void add_liberty(struct board *b, int chain, int p)
{
    b->lib_n[chain]++;
    b->lib_sum[chain] += p;
    b->lib_sq[chain] += p * p;
}

static void drop_liberty(struct board *b, int chain, int p)
{
    b->lib_n[chain]--;
    b->lib_sum[chain] -= p;
    b->lib_sq[chain] -= p * p;
}

/* Has the chain one liberty?  Then all its pseudo-liberties are equal, and just
   then n * (sum of squares) is the square of the sum (Cauchy and Schwarz). */
static bool in_atari(const struct board *b, int chain)
{
    int64_t sum = b->lib_sum[chain];

    return (int64_t)b->lib_n[chain] * b->lib_sq[chain] == sum * sum;
}

/* Joins the chain `from` to the chain `to`. */
static void join(struct board *b, int to, int from)
{
    int p = from;
    int16_t swap;

    do {
        b->chain[p] = (int16_t)to;
        p = b->next[p];
    } while (p != from);
    swap = b->next[to];
    b->next[to] = b->next[from];
    b->next[from] = swap;
    b->lib_n[to] = (int16_t)(b->lib_n[to] + b->lib_n[from]);
    b->lib_sum[to] += b->lib_sum[from];
    b->lib_sq[to] += b->lib_sq[from];
}

/* Puts a stone on the empty point p and joins it to its friends; chains of the
   enemy may be left without liberties. */
static void place(struct board *b, enum color c, int p)
{
    int last = b->empty[--b->n_empty], chain = p;

    b->empty[b->empty_at[p]] = (int16_t)last;
    b->empty_at[last] = b->empty_at[p];
    b->color[p] = (uint8_t)c;
    b->hash ^= board_key(b, c, p);
    b->chain[p] = b->next[p] = (int16_t)p;
    b->lib_n[p] = 0;
    b->lib_sum[p] = b->lib_sq[p] = 0;
    for (int dir = 0; dir < 4; dir++) {
        int q = board_neighbor(b, p, dir);

        if (b->color[q] == EMPTY)
            add_liberty(b, p, q);
        else if (b->color[q] != BORDER)
            drop_liberty(b, b->chain[q], p);
    }
    for (int dir = 0; dir < 4; dir++) {
        int q = board_neighbor(b, p, dir);

        if (b->color[q] != c || b->chain[q] == chain)
            continue;
        if (chain == p) { /* the new stone alone: the cheap way round */
            join(b, b->chain[q], p);
            chain = b->chain[q];
        } else {
            join(b, chain, b->chain[q]);
        }
    }
}

/* Takes the chain off the board and returns how many stones it had. */
static int take(struct board *b, int chain)
{
    enum color c = (enum color)b->color[chain];
    int p = chain, n = 0;

    do {
        b->color[p] = EMPTY;
        b->hash ^= board_key(b, c, p);
        b->empty_at[p] = b->n_empty;
        b->empty[b->n_empty++] = (int16_t)p;
        for (int dir = 0; dir < 4; dir++) {
            int q = board_neighbor(b, p, dir);

            if (b->color[q] == BLACK || b->color[q] == WHITE)
                add_liberty(b, b->chain[q], p);
        }
        n++;
        p = b->next[p];
    } while (p != chain);
    return n;
}

int board_set(struct board *b, const uint8_t *stones)
{
    board_init(b, b->w, b->h);
    for (int i = 0; i < b->w * b->h; i++) {
        if (stones[i] > WHITE) {
            board_init(b, b->w, b->h);
            return -1;
        }
        if (stones[i] != EMPTY)
            place(b, (enum color)stones[i], board_point_at(b, i));
    }
    for (int i = 0; i < b->w * b->h; i++) {
        if (stones[i] != EMPTY && b->lib_n[b->chain[board_point_at(b, i)]] == 0) {
            board_init(b, b->w, b->h);
            return -1;
        }
    }
    return 0;
}

void board_get(const struct board *b, uint8_t *stones)
{
    for (int y = 0; y < b->h; y++)
        memcpy(stones + y * b->w, b->color + board_point(b, 0, y), (size_t)b->w);
}

/* --- moves -------------------------------------------------------------- */

enum legality board_legality(const struct board *b, enum color c, int p)
{
    if (p == PASS)
        return LEGAL;
    if (!board_on(b, p))
        return OFF_BOARD;
    if (b->color[p] != EMPTY)
        return OCCUPIED;
    if (p == b->ko && (int)c == b->ko_color)
        return KO;
    for (int dir = 0; dir < 4; dir++) {
        int q = board_neighbor(b, p, dir);

        if (b->color[q] == EMPTY)
            return LEGAL;
        /* p is a liberty of each chain here: a friend needs one more, an enemy
           must have no other */
        if (b->color[q] != BORDER && (b->color[q] == c) != in_atari(b, b->chain[q]))
            return LEGAL;
    }
    return SUICIDE;
}

int board_play(struct board *b, enum color c, int p)
{
    enum color enemy = color_other(c);
    int taken = 0;

    b->ko = NO_POINT;
    b->ko_color = EMPTY;
    if (p == PASS)
        return 0;
    place(b, c, p);
    for (int dir = 0; dir < 4; dir++) {
        int q = board_neighbor(b, p, dir);

        if (b->color[q] == enemy && b->lib_n[b->chain[q]] == 0)
            taken += take(b, b->chain[q]);
    }
    b->captured[enemy] += taken;
    /* A lone stone that took one stone and whose one liberty is that place. */
    if (taken == 1 && b->next[p] == p && b->lib_n[p] == 1) {
        b->ko = (int16_t)b->lib_sum[p];
        b->ko_color = (int16_t)enemy;
    }
    return taken;
}

uint64_t board_hash_after(const struct board *b, enum color c, int p)
{
    uint64_t hash = b->hash;
    enum color enemy = color_other(c);
    int taken[4], n = 0;

    if (p == PASS)
        return hash;
    hash ^= board_key(b, c, p);
    for (int dir = 0; dir < 4; dir++) {
        int q = board_neighbor(b, p, dir), chain = b->chain[q], stone = chain, i = 0;

        if (b->color[q] != enemy || !in_atari(b, chain))
            continue;
        while (i < n && taken[i] != chain)
            i++;
        if (i < n)
            continue;
        taken[n++] = chain;
        do {
            hash ^= board_key(b, enemy, stone);
            stone = b->next[stone];
        } while (stone != chain);
    }
    return hash;
}

int board_liberties(const struct board *b, int p)
{
    uint8_t seen[BOARD_POINTS] = { 0 };
    int stone = p, n = 0;

    do {
        for (int dir = 0; dir < 4; dir++) {
            int q = board_neighbor(b, stone, dir);

            if (b->color[q] == EMPTY && !seen[q]) {
                seen[q] = 1;
                n++;
            }
        }
        stone = b->next[stone];
    } while (stone != p);
    return n;
}

/* Collects in region[] the empty points joined to p, marks them in seen[] and
   says in *reach which colours they touch (bit BLACK, bit WHITE). */
static int flood(const struct board *b, int p, int16_t *region, uint8_t *seen, unsigned *reach)
{
    int n = 0;

    *reach = 0;
    region[n++] = (int16_t)p;
    seen[p] = 1;
    for (int i = 0; i < n; i++) {
        for (int dir = 0; dir < 4; dir++) {
            int q = board_neighbor(b, region[i], dir);

            if (b->color[q] == BLACK || b->color[q] == WHITE) {
                *reach |= b->color[q];
            } else if (b->color[q] == EMPTY && !seen[q]) {
                seen[q] = 1;
                region[n++] = (int16_t)q;
            }
        }
    }
    return n;
}

int board_area(const struct board *b, uint8_t *owner)
{
    uint8_t seen[BOARD_POINTS] = { 0 };
    int16_t region[BOARD_AREA];
    int score = 0;

    for (int i = 0; i < b->w * b->h; i++) {
        int p = board_point_at(b, i), n = 1;
        unsigned who = b->color[p];

        if (seen[p])
            continue;
        region[0] = (int16_t)p;
        if (who == EMPTY)
            n = flood(b, p, region, seen, &who);
        if (who == (BLACK | WHITE))
            who = EMPTY;
        score += who == BLACK ? n : who == WHITE ? -n : 0;
        for (int k = 0; owner && k < n; k++)
            owner[board_index(b, region[k])] = (uint8_t)who;
    }
    return score;
}

/* --- names of points ---------------------------------------------------- */

const char *board_vertex(const struct board *b, int p, char buf[8])
{
    int n = 0, row;

    if (!board_on(b, p))
        return strcpy(buf, p == PASS ? "pass" : p == RESIGN ? "resign" : "none");
    row = b->h - board_y(b, p);
    buf[n++] = column_letter[board_x(b, p)];
    if (row >= 10)
        buf[n++] = (char)('0' + row / 10);
    buf[n++] = (char)('0' + row % 10);
    buf[n] = '\0';
    return buf;
}

int board_parse_vertex(const struct board *b, const char *s)
{
    int x = 0, row = 0;

    if (!strcasecmp(s, "pass"))
        return PASS;
    /* by hand: letters are ASCII's, whatever the locale says */
    while (column_letter[x] && s[0] != column_letter[x] && s[0] != column_letter[x] + 'a' - 'A')
        x++;
    if (s[0] == '\0' || x >= b->w || s[1] == '0')
        return NO_POINT;
    for (s++; *s >= '0' && *s <= '9' && row < 100; s++)
        row = row * 10 + *s - '0';
    if (*s || row < 1 || row > b->h)
        return NO_POINT;
    return board_point(b, x, b->h - row);
}

/* Distance of star points from the edge, counted from 0; -1 if there are none. */
static int star_distance(int side)
{
    return side < 7 ? -1 : side < 13 ? 2 : 3;
}

/* Where a coordinate stands: bit 1 on a corner star's line, bit 2 in the middle. */
static int star_line(int at, int side)
{
    int from_edge = at < side - 1 - at ? at : side - 1 - at;

    return (from_edge == star_distance(side)) | (side % 2 && at == side / 2) << 1;
}

bool board_is_star(int w, int h, int x, int y)
{
    int lx = star_line(x, w), ly = star_line(y, h);

    /* on smaller boards the sides' middles stay bare */
    return w >= 7 && h >= 7 && lx && ly && (lx == ly || (w >= 13 && h >= 13));
}

int board_handicap(const struct board *b, int n, int points[9])
{
    /* thirds of the board, -1 0 1, from the middle: x to the right, y down */
    static const signed char at[9][2] = {
        { -1, 1 }, { 1, -1 }, { -1, -1 }, { 1, 1 }, { -1, 0 }, { 1, 0 }, { 0, 1 }, { 0, -1 },
        { 0, 0 },
    };
    int dx = star_distance(b->w), dy = star_distance(b->h);
    int most = b->w % 2 && b->h % 2 && b->w > 7 && b->h > 7 ? 9 : 4;

    if (n < 2 || n > most || dx < 0 || dy < 0)
        return 0;
    for (int i = 0; i < n; i++) {
        /* from five stones on, an odd one stands in the middle */
        const signed char *a = at[n >= 5 && n % 2 && i == n - 1 ? 8 : i];
        int x = a[0] < 0 ? dx : a[0] > 0 ? b->w - 1 - dx : b->w / 2;
        int y = a[1] < 0 ? dy : a[1] > 0 ? b->h - 1 - dy : b->h / 2;

        points[i] = board_point(b, x, y);
    }
    return n;
}
