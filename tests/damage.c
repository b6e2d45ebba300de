#include "tests/damage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

static uint8_t to_byte(float v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5f);
}

/* Draws 4096 normal deviates (Box and Muller), then picks among them: faster by far. */
void damage_noise(struct picture *p, double sigma, struct rng *r)
{
    enum { SIZE = 4096, PICKS = 5 };
    float table[SIZE];
    size_t n = picture_bytes(p);
    uint64_t bits = 0;

    for (int i = 0; i < SIZE; i += 2) {
        double radius = sigma * sqrt(-2 * log(1 - rng_double(r)));
        double turn = 2 * PI * rng_double(r);

        table[i] = (float)(radius * cos(turn));
        table[i + 1] = (float)(radius * sin(turn));
    }
    for (size_t i = 0; i < n; i++, bits >>= 12) {
        if (i % PICKS == 0)
            bits = rng_u64(r);
        p->px[i] = to_byte(p->px[i] + table[bits % SIZE]);
    }
}

enum { LINE_MAX = 400 * 3, HALF_MAX = 15 * 3 };

/* acc[i] += weight * px[i], and px = acc / sum, rounded. */
static void add_line(int *acc, const uint8_t *px, int n, int weight)
{
    for (int i = 0; i < n; i++)
        acc[i] += weight * px[i];
}

static void divide_line(uint8_t *px, const int *acc, int n, int sum)
{
    float scale = 1 / (float)sum;

    for (int i = 0; i < n; i++)
        px[i] = (uint8_t)((float)acc[i] * scale + 0.5f);
}

static int total(const int *weights, int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += weights[i];
    return sum;
}

static void blur_rows(struct picture *p, const int *weights, int n)
{
    int half = n / 2, bytes = p->w * 3;
    uint8_t line[LINE_MAX + 2 * HALF_MAX];

    for (int y = 0; y < p->h; y++) {
        uint8_t *px = p->px + y * bytes;
        int acc[LINE_MAX] = { 0 };

        for (int i = 0; i < half * 3; i++) {
            line[i] = px[i % 3];
            line[half * 3 + bytes + i] = px[bytes - 3 + i % 3];
        }
        memcpy(line + half * 3, px, (size_t)bytes);
        for (int j = 0; j < n; j++)
            add_line(acc, line + 3 * j, bytes, weights[j]);
        divide_line(px, acc, bytes, total(weights, n));
    }
}

static void blur_columns(struct picture *p, const int *weights, int n)
{
    int half = n / 2, bytes = p->w * 3;
    uint8_t *copy = malloc(picture_bytes(p));

    if (!copy)
        abort();
    memcpy(copy, p->px, picture_bytes(p));
    for (int y = 0; y < p->h; y++) {
        int acc[LINE_MAX] = { 0 };

        for (int j = 0; j < n; j++) {
            int at = y + j - half;

            at = at < 0 ? 0 : at >= p->h ? p->h - 1 : at;
            add_line(acc, copy + at * bytes, bytes, weights[j]);
        }
        divide_line(p->px + y * bytes, acc, bytes, total(weights, n));
    }
    free(copy);
}

void damage_blur(struct picture *p, const int *weights_x, int n_x,
                 const int *weights_y, int n_y)
{
    if (n_x)
        blur_rows(p, weights_x, n_x);
    if (n_y)
        blur_columns(p, weights_y, n_y);
}

void damage_box(struct picture *p, int n)
{
    int weights[31];

    for (int i = 0; i < n; i++)
        weights[i] = 1;
    damage_blur(p, weights, n, weights, n);
}

/* ITU-T T.81, tables K.1 and K.2. */
static const uint8_t luma_steps[64] = {
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
};
static const uint8_t chroma_steps[64] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
};

/* to = m * from * m^T, or with m transposed. */
static void transform(float m[8][8], float from[8][8], float to[8][8], int inverse)
{
    float half[8][8];

    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) {
            half[i][j] = 0;
            for (int k = 0; k < 8; k++)
                half[i][j] += (inverse ? m[k][i] : m[i][k]) * from[k][j];
        }
    }
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) {
            to[i][j] = 0;
            for (int k = 0; k < 8; k++)
                to[i][j] += half[i][k] * (inverse ? m[k][j] : m[j][k]);
        }
    }
}

/* Quantises a plane of w x h values, both multiples of 8. */
static void quantise(float *v, int w, int h, const uint8_t *steps, int quality)
{
    int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    float m[8][8], a[8][8], b[8][8];

    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            m[i][j] = (float)(cos((2 * j + 1) * i * PI / 16) * (i ? 0.5 : sqrt(0.125)));
    for (int y = 0; y < h; y += 8) {
        for (int x = 0; x < w; x += 8) {
            for (int i = 0; i < 64; i++)
                a[i / 8][i % 8] = v[(y + i / 8) * w + x + i % 8] - 128;
            transform(m, a, b, 0);
            for (int i = 0; i < 64; i++) {
                int step = (steps[i] * scale + 50) / 100;

                step = step < 1 ? 1 : step > 255 ? 255 : step;
                b[i / 8][i % 8] = (float)step * roundf(b[i / 8][i % 8] / (float)step);
            }
            transform(m, b, a, 1);
            for (int i = 0; i < 64; i++)
                v[(y + i / 8) * w + x + i % 8] = a[i / 8][i % 8] + 128;
        }
    }
}

/* Halves a plane and doubles it again around its quantisation. */
static void quantise_halved(float *v, int w, int h, int quality)
{
    float *half = malloc(sizeof *half * (size_t)w * (size_t)h / 4);

    if (!half)
        abort();
    for (int i = 0; i < w * h / 4; i++) {
        const float *at = v + i / (w / 2) * 2 * w + i % (w / 2) * 2;

        half[i] = (at[0] + at[1] + at[w] + at[w + 1]) / 4;
    }
    quantise(half, w / 2, h / 2, chroma_steps, quality);
    for (int i = 0; i < w * h; i++)
        v[i] = half[i / w / 2 * (w / 2) + i % w / 2];
    free(half);
}

void damage_jpeg(struct picture *p, int quality, int subsample)
{
    int n = p->w * p->h;
    float *y = malloc(sizeof *y * 3 * (size_t)n), *cb = y + n, *cr = cb + n;

    if (!y)
        abort();
    for (int i = 0; i < n; i++) {
        float r = p->px[3 * i], g = p->px[3 * i + 1], b = p->px[3 * i + 2];

        y[i] = 0.299f * r + 0.587f * g + 0.114f * b;
        cb[i] = 128 - 0.168736f * r - 0.331264f * g + 0.5f * b;
        cr[i] = 128 + 0.5f * r - 0.418688f * g - 0.081312f * b;
    }
    quantise(y, p->w, p->h, luma_steps, quality);
    if (subsample) {
        quantise_halved(cb, p->w, p->h, quality);
        quantise_halved(cr, p->w, p->h, quality);
    } else {
        quantise(cb, p->w, p->h, chroma_steps, quality);
        quantise(cr, p->w, p->h, chroma_steps, quality);
    }
    for (int i = 0; i < n; i++) {
        p->px[3 * i] = to_byte(y[i] + 1.402f * (cr[i] - 128));
        p->px[3 * i + 1] = to_byte(y[i] - 0.344136f * (cb[i] - 128) - 0.714136f * (cr[i] - 128));
        p->px[3 * i + 2] = to_byte(y[i] + 1.772f * (cb[i] - 128));
    }
    free(y);
}

void damage_light(struct picture *p, double contrast, double brightness)
{
    uint8_t table[256];

    for (int v = 0; v < 256; v++)
        table[v] = to_byte((float)((v - 128) * contrast + 128 + 255 * brightness));
    for (size_t i = 0; i < picture_bytes(p); i++)
        p->px[i] = table[p->px[i]];
}

void damage_blend(struct picture *p, const struct picture *other, double share,
                  int x0, int y0, int x1, int y1)
{
    for (int y = y0; y < y1; y++) {
        for (int x = 3 * x0; x < 3 * x1; x++) {
            size_t i = (size_t)(y * p->w * 3 + x);

            p->px[i] = to_byte((float)(p->px[i] * (1 - share) + other->px[i] * share));
        }
    }
}
