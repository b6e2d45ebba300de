#include "render/read.h"

#include <math.h>
#include <string.h>

/*
 * Thresholds, as shares of the way from one content to another or in grey
 * levels.  Noise of sigma 20, a 5 x 5 box blur, JPEG of quality 50 and light
 * 10 % off, also two of them together, stay within t 0.16, mark 0.25, smear
 * 15, noise 36, unexplained 0.67, shade 0.2.  What must be refused lies beyond:
 * a stone of 30 % opacity has t 0.30, half a marker mark 0.50, noise of sigma
 * 80 noise 50 even where it is clipped, a flat picture has nothing explained,
 * a mixture of both shades shade 1.0.
 */
#define T_MAX 0.25          /* share of the way to another content */
#define MARK_MIN 0.30       /* markers fainter than this, or as close to full, are clear */
#define SMEAR_MAX 18.0      /* RMS over blocks of what no blend of two contents tells */
#define UNEXPLAINED_MAX 0.8 /* its share of the cell's variance: bare wood has no grid */
#define NOISE_MAX 40.0      /* sigma inside blocks beyond the tile's own */
#define SHADE_MAX 0.5       /* misfit of this shade as a share of the other's */

/* Light within these bounds is corrected: +-10 % of both with room for noise. */
#define GAIN_MAX 1.2
#define SHIFT_MAX 35.0
#define LIGHT_MIN 6.0  /* RMS of the frame's cells below which its light is right */
#define LIGHT_FIT 8.0  /* and above which a correction has explained nothing */
enum { LIGHT_TRIES = 2 };

/* A squared grey level in features, and degrees of freedom inside blocks. */
#define PER_BLOCK (READ_BLOCK * READ_BLOCK)
#define FEATURE_UNIT ((double)READ_FEATURES * PER_BLOCK * PER_BLOCK)
#define ROUGH_UNIT ((double)(TILE_BYTES - READ_FEATURES))

struct look {
    int place;
    int32_t rough;     /* squares inside the blocks, about their means */
    int32_t structure; /* squares of the blocks, about the means of their channels */
    int16_t feature[READ_FEATURES];
};

/* What turns the picture's features into the tiles'. */
struct light {
    double gain, shift;
};

/* A frame on the way to its reading. */
struct work {
    int n;
    enum shade shade;
    struct light light[N_SHADES]; /* if that is the shade */
    double off[N_SHADES];         /* squared grey levels from the nearest tiles, mean */
    struct look look[BOARD_AREA];
    /* squared distance of a cell's features to those of each content */
    int32_t dist[BOARD_AREA][N_SHADES][N_CONTENTS];
};

/* What one cell looks like most. */
struct verdict {
    enum content content; /* nearest */
    double t;             /* share of the way to the nearest other cell, 0 .. 0.5 */
    double mark;          /* strength of the marker, 0 .. 1; 0 on an empty cell */
    double off;           /* squared distance to that blend */
};

/* From a stone's tile to the one with the marker. */
enum { LAST = TILE_OWN_LAST - TILE_OWN };

/* Sums over blocks, and what they do not tell. */
static void sum_blocks(const uint8_t *px, int pitch, int16_t *feature, int32_t *rough)
{
    int32_t squares = 0, of_means = 0;

    for (int by = 0; by < READ_BLOCKS; by++, px += READ_BLOCK * pitch) {
        int16_t column[TILE * 3];
        const uint8_t *a = px, *b = a + pitch, *c = b + pitch, *d = c + pitch;

        for (int i = 0; i < TILE * 3; i++) {
            column[i] = (int16_t)(a[i] + b[i] + c[i] + d[i]);
            squares += a[i] * a[i] + b[i] * b[i] + c[i] * c[i] + d[i] * d[i];
        }
        for (int bx = 0; bx < READ_BLOCKS; bx++) {
            const int16_t *s = column + bx * READ_BLOCK * 3;

            for (int ch = 0; ch < 3; ch++) {
                int sum = s[ch] + s[ch + 3] + s[ch + 6] + s[ch + 9];

                *feature++ = (int16_t)sum;
                of_means += sum * sum / PER_BLOCK;
            }
        }
    }
    *rough = squares - of_means;
}

static int32_t structure_of(const int16_t *feature)
{
    int32_t sum[3] = { 0 }, squares = 0;

    for (int i = 0; i < READ_FEATURES; i += 3) {
        for (int ch = 0; ch < 3; ch++) {
            sum[ch] += feature[i + ch];
            squares += feature[i + ch] * feature[i + ch];
        }
    }
    for (int ch = 0; ch < 3; ch++)
        squares -= (int32_t)((int64_t)sum[ch] * sum[ch] / (READ_BLOCKS * READ_BLOCKS));
    return squares;
}

/* At most 48 * 4080^2 < 2^30. */
static int32_t distance(const int16_t *a, const int16_t *b)
{
    int32_t sum = 0;

    for (int i = 0; i < READ_FEATURES; i++) {
        int16_t d = (int16_t)(a[i] - b[i]);

        sum += d * d;
    }
    return sum;
}

static double clip(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Where on the way from a to b a point lies, by its squared distances to both
   and theirs to each other. */
static double share(double to_a, double to_b, double apart, double max)
{
    return clip((to_a - to_b + apart) / (2 * apart), 0, max);
}

/* The squared distance to the point at t on that way. */
static double beside(double to_a, double to_b, double apart, double t)
{
    return to_a - t * (to_a - to_b + apart) + t * t * apart;
}

static void judge(const struct reader *r, enum shade shade, int place, const int32_t *dist,
                  struct verdict *v)
{
    const int32_t (*apart)[N_CONTENTS] = r->apart[shade][place];
    double mark[3] = { 0 }, off[3];
    int best = CELL_EMPTY, next = -1, as, other;

    off[CELL_EMPTY] = dist[TILE_EMPTY];
    for (int c = CELL_OWN; c <= CELL_OTHER; c++) {
        int last = c + LAST;

        mark[c] = share(dist[c], dist[last], apart[c][last], 1);
        off[c] = beside(dist[c], dist[last], apart[c][last], mark[c]);
        if (off[c] < off[best])
            best = c;
    }
    for (int c = CELL_EMPTY; c <= CELL_OTHER; c++)
        if (c != best && (next < 0 || off[c] < off[next]))
            next = c;
    /* Both with or both without marker, so that it does not weigh. */
    as = mark[best] > 0.5 ? best + LAST : best;
    other = next != CELL_EMPTY && mark[best != CELL_EMPTY ? best : next] > 0.5 ? next + LAST : next;
    v->content = (enum content)as;
    v->mark = mark[best];
    v->t = share(dist[as], dist[other], apart[as][other], 0.5);
    v->off = clip(off[best] - v->t * v->t * apart[as][other], 0, INT32_MAX);
}

static int nearest(const int32_t *dist)
{
    int best = 0;

    for (int c = 1; c < N_CONTENTS; c++)
        if (dist[c] < dist[best])
            best = c;
    return best;
}

/* Distances of all cells to the tiles of a shade, in its light. */
static void measure(const struct reader *r, struct work *k, enum shade s)
{
    const struct light *light = &k->light[s];
    bool lit = light->gain != 1 || light->shift != 0;
    double total = 0;

    for (int i = 0; i < k->n; i++) {
        const struct look *look = &k->look[i];
        int16_t corrected[READ_FEATURES];
        int32_t *dist = k->dist[i][s];

        for (int j = 0; lit && j < READ_FEATURES; j++)
            corrected[j] = (int16_t)clip(light->gain * look->feature[j] + light->shift,
                                         0, 255 * PER_BLOCK);
        for (int c = 0; c < N_CONTENTS; c++)
            dist[c] = distance(lit ? corrected : look->feature, r->feature[s][look->place][c]);
        total += dist[nearest(dist)];
    }
    k->off[s] = total / (k->n * FEATURE_UNIT);
}

/*
 * Fits the picture's brightness and contrast to the nearest tiles of a shade
 * by least squares.  False when there is nothing to fit, or the light would be
 * so far off that the tiles are more likely the wrong ones.
 */
static bool fit_light(const struct reader *r, struct work *k, enum shade s)
{
    double n = k->n * (double)READ_FEATURES;
    double sx = 0, st = 0, sxx = 0, sxt = 0, gain, shift, middle;

    for (int i = 0; i < k->n; i++) {
        const int16_t *x = k->look[i].feature;
        const int16_t *t = r->feature[s][k->look[i].place][nearest(k->dist[i][s])];

        for (int j = 0; j < READ_FEATURES; j++) {
            sx += x[j];
            st += t[j];
            sxx += (double)x[j] * x[j];
            sxt += (double)x[j] * t[j];
        }
    }
    if (n * sxx - sx * sx <= 0)
        return false;
    gain = (n * sxt - sx * st) / (n * sxx - sx * sx);
    shift = (st - gain * sx) / n;
    middle = gain * 128 + shift / PER_BLOCK - 128; /* change of middle grey */
    if (gain < 1 / GAIN_MAX || gain > GAIN_MAX || fabs(middle) > SHIFT_MAX)
        return false;
    k->light[s] = (struct light){ gain, shift };
    return true;
}

static void choose_shade(const struct reader *r, struct work *k)
{
    bool fine = false;

    for (int s = 0; s < N_SHADES; s++) {
        k->light[s] = (struct light){ 1, 0 };
        measure(r, k, (enum shade)s);
        fine |= k->off[s] < LIGHT_MIN * LIGHT_MIN;
    }
    for (int s = 0; s < N_SHADES && !fine; s++) {
        for (int i = 0; i < LIGHT_TRIES && fit_light(r, k, (enum shade)s); i++)
            measure(r, k, (enum shade)s);
        if (k->off[s] > LIGHT_FIT * LIGHT_FIT) {
            k->light[s] = (struct light){ 1, 0 };
            measure(r, k, (enum shade)s);
        }
    }
    k->shade = k->off[SHADE_BLACK] < k->off[SHADE_WHITE] ? SHADE_BLACK : SHADE_WHITE;
}

/* Confidence in a cell from all that speaks against it; 0 when too much does. */
static double sureness(const struct reader *r, const struct work *k, int i,
                       const struct verdict *v)
{
    const struct look *look = &k->look[i];
    double gain = k->light[k->shade].gain;
    double smear = v->off / (FEATURE_UNIT * SMEAR_MAX * SMEAR_MAX);
    double rough = gain * gain * look->rough - r->rough[k->shade][look->place][v->content];
    double noise = clip(rough / (ROUGH_UNIT * NOISE_MAX * NOISE_MAX), 0, 1);

    if (v->off > 0 && v->off >= UNEXPLAINED_MAX * gain * gain * look->structure)
        return 0;
    if (v->t > T_MAX || smear >= 1 || noise >= 1)
        return 0;
    return (1 - 2 * v->t) * (1 - smear) * (1 - noise);
}

static void read_cell(const struct verdict *v, int i, struct reading *out)
{
    bool last = v->content >= TILE_OWN_LAST;

    out->cells[i] = (uint8_t)(last ? v->content - LAST : v->content);
    if (v->mark > 1 - MARK_MIN) {
        out->marks[i] = MARK_YES;
        out->marker = out->n_markers++ ? -1 : i;
    } else if (v->mark >= MARK_MIN) {
        out->marks[i] = MARK_UNSURE;
        out->n_unsure_markers++;
    }
}

static void read_cells(const struct reader *r, const struct work *k, struct reading *out)
{
    enum shade shade = k->shade, other = (enum shade)(SHADE_BLACK + SHADE_WHITE - (int)shade);
    double ours = 0, theirs = 0; /* how badly the shades fit the cells that can be read */

    for (int i = 0; i < k->n; i++) {
        struct verdict v;

        judge(r, shade, k->look[i].place, k->dist[i][shade], &v);
        out->sure[i] = (float)sureness(r, k, i, &v);
        if (out->sure[i] > 0) {
            read_cell(&v, i, out);
            ours += k->dist[i][shade][v.content];
            theirs += k->dist[i][other][nearest(k->dist[i][other])];
        } else {
            out->cells[i] = CELL_UNKNOWN;
            out->n_unknown++;
        }
    }
    out->mover_is_black = shade == SHADE_BLACK;
    out->shade_sure = theirs > 0 && ours < SHADE_MAX * theirs ? (float)(1 - ours / theirs) : 0;
}

void reader_init(struct reader *r, const struct drawer *d)
{
    memset(r, 0, sizeof *r);
    for (int s = 0; s < N_SHADES; s++)
        for (int p = 0; p < N_PLACES; p++)
            for (int c = 0; c < N_CONTENTS; c++)
                sum_blocks(drawer_tile(d, (enum shade)s, p, (enum content)c), TILE * 3,
                           r->feature[s][p][c], &r->rough[s][p][c]);
    for (int s = 0; s < N_SHADES; s++)
        for (int p = 0; p < N_PLACES; p++)
            for (int a = 0; a < N_CONTENTS; a++)
                for (int b = 0; b < N_CONTENTS; b++)
                    r->apart[s][p][a][b] = distance(r->feature[s][p][a], r->feature[s][p][b]);
}

int read_size(int width, int height, int *w, int *h, struct err *e)
{
    if (width % TILE || height % TILE || width < TILE || height < TILE ||
        width > BOARD_MAX * TILE || height > BOARD_MAX * TILE)
        return err_set(e, "a picture of %dx%d pixels is no frame: it takes %d a cell, "
                       "1 to %d cells a side", width, height, TILE, BOARD_MAX);
    *w = width / TILE;
    *h = height / TILE;
    return 0;
}

void reader_read(const struct reader *r, const uint8_t *px, int pitch, int w, int h,
                 struct reading *out)
{
    struct work k;

    k.n = w * h;
    for (int i = 0; i < k.n; i++) {
        int x = i % w, y = i / w;

        k.look[i].place = draw_place(w, h, x, y);
        sum_blocks(px + (ptrdiff_t)y * TILE * pitch + (ptrdiff_t)x * TILE * 3, pitch,
                   k.look[i].feature, &k.look[i].rough);
        k.look[i].structure = structure_of(k.look[i].feature);
    }
    choose_shade(r, &k);
    out->w = w;
    out->h = h;
    out->marker = -1;
    out->n_unknown = out->n_markers = out->n_unsure_markers = 0;
    memset(out->marks, MARK_NO, sizeof out->marks);
    read_cells(r, &k, out);
}

void reading_of_scene(struct reading *out, const struct scene *s)
{
    memset(out, 0, sizeof *out);
    out->w = s->w;
    out->h = s->h;
    out->marker = -1;
    out->mover_is_black = s->mover_is_black;
    out->shade_sure = 1;
    for (int i = 0; i < s->w * s->h; i++) {
        out->cells[i] = s->cells[i];
        out->sure[i] = 1;
        if (scene_content(s, i) >= TILE_OWN_LAST) {
            out->marks[i] = MARK_YES;
            out->marker = i;
            out->n_markers = 1;
        }
    }
}

const char *read_vertex(int w, int h, int index, char buf[8])
{
    struct board b;

    board_init(&b, w, h);
    return board_vertex(&b, board_point_at(&b, index), buf);
}

static int first_of(const uint8_t *what, int n, int value)
{
    const uint8_t *at = memchr(what, value, (size_t)n);

    return at ? (int)(at - what) : 0;
}

int reading_to_scene(const struct reading *in, struct scene *s, struct err *e)
{
    int n = in->w * in->h;
    char at[8];

    if (in->n_unknown) {
        read_vertex(in->w, in->h, first_of(in->cells, n, CELL_UNKNOWN), at);
        if (in->n_unknown == 1)
            return err_set(e, "cannot read %s", at);
        return err_set(e, "cannot read %s and %d more", at, in->n_unknown - 1);
    }
    if (in->shade_sure <= 0)
        return err_set(e, "cannot read the shade of the wood");
    if (in->n_unsure_markers)
        return err_set(e, "the marker at %s is unclear",
                       read_vertex(in->w, in->h, first_of(in->marks, n, MARK_UNSURE), at));
    if (in->n_markers > 1)
        return err_set(e, "%d markers, one at %s", in->n_markers,
                       read_vertex(in->w, in->h, first_of(in->marks, n, MARK_YES), at));
    s->w = in->w;
    s->h = in->h;
    s->marker = in->marker;
    s->mover_is_black = in->mover_is_black;
    memcpy(s->cells, in->cells, (size_t)n);
    return 0;
}
