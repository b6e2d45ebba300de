#include "tests/damage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

static uint8_t to_byte(double v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5);
}

void damage_noise(struct picture *p, double sigma, struct rng *r)
{
    size_t n = picture_bytes(p);

    for (size_t i = 0; i < n; i += 2) { /* Box and Muller: two at a time */
        double a = sigma * sqrt(-2 * log(1 - rng_double(r)));
        double b = 2 * PI * rng_double(r);

        p->px[i] = to_byte(p->px[i] + a * cos(b));
        if (i + 1 < n)
            p->px[i + 1] = to_byte(p->px[i + 1] + a * sin(b));
    }
}

/* One line of n pixels, `step` bytes apart. */
static void blur_line(uint8_t *px, int n, int step, const int *weights, int n_weights)
{
    uint8_t line[400 + 32];
    int half = n_weights / 2, sum = 0;

    for (int i = 0; i < n_weights; i++)
        sum += weights[i];
    for (int i = 0; i < n + 2 * half; i++) {
        int at = i - half;

        line[i] = px[(at < 0 ? 0 : at >= n ? n - 1 : at) * step];
    }
    for (int i = 0; i < n; i++) {
        int v = sum / 2;

        for (int j = 0; j < n_weights; j++)
            v += weights[j] * line[i + j];
        px[i * step] = (uint8_t)(v / sum);
    }
}

void damage_blur(struct picture *p, const int *weights_x, int n_x,
                 const int *weights_y, int n_y)
{
    for (int y = 0; n_x && y < p->h; y++)
        for (int c = 0; c < 3; c++)
            blur_line(p->px + y * p->w * 3 + c, p->w, 3, weights_x, n_x);
    for (int x = 0; n_y && x < p->w; x++)
        for (int c = 0; c < 3; c++)
            blur_line(p->px + x * 3 + c, p->h, p->w * 3, weights_y, n_y);
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

    for (int i = 0; half && i < w * h / 4; i++) {
        const float *at = v + i / (w / 2) * 2 * w + i % (w / 2) * 2;

        half[i] = (at[0] + at[1] + at[w] + at[w + 1]) / 4;
    }
    if (half)
        quantise(half, w / 2, h / 2, chroma_steps, quality);
    for (int i = 0; half && i < w * h; i++)
        v[i] = half[i / w / 2 * (w / 2) + i % w / 2];
    free(half);
}

void damage_jpeg(struct picture *p, int quality, int subsample)
{
    int n = p->w * p->h;
    float *y = malloc(sizeof *y * 3 * (size_t)n), *cb = y + n, *cr = cb + n;

    if (!y)
        return;
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
    for (size_t i = 0; i < picture_bytes(p); i++)
        p->px[i] = to_byte((p->px[i] - 128) * contrast + 128 + 255 * brightness);
}

void damage_blend(struct picture *p, const struct picture *other, double share,
                  int x0, int y0, int x1, int y1)
{
    for (int y = y0; y < y1; y++) {
        for (int x = 3 * x0; x < 3 * x1; x++) {
            size_t i = (size_t)(y * p->w * 3 + x);

            p->px[i] = to_byte(p->px[i] * (1 - share) + other->px[i] * share);
        }
    }
}
