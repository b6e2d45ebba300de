/*
 * damage: what happens to pictures on their way, for tests of reading.
 *
 * All work in place on w x h RGB pixels without padding between rows.
 */
#ifndef TESTS_DAMAGE_H
#define TESTS_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/rng.h"

struct picture {
    int w, h;    /* pixels */
    uint8_t *px; /* h * w * 3 */
};

static inline size_t picture_bytes(const struct picture *p)
{
    return (size_t)p->w * (size_t)p->h * 3;
}

/* Gaussian noise on each channel, clipped. */
void damage_noise(struct picture *p, double sigma, struct rng *r);

/* Convolution of rows, then of columns, with n (odd, at most 31) weights each;
   pixels beyond the border are those at it.  n_x or n_y 0: not that way. */
void damage_blur(struct picture *p, const int *weights_x, int n_x,
                 const int *weights_y, int n_y);

/* Box blur of n x n pixels. */
void damage_box(struct picture *p, int n);

/* JPEG's loss: YCbCr, chroma at half the size if subsample, 8 x 8 DCT and
   quantisation by the standard's example tables at that quality. */
void damage_jpeg(struct picture *p, int quality, int subsample);

/* v -> (v - 128) * contrast + 128 + 255 * brightness, clipped. */
void damage_light(struct picture *p, double contrast, double brightness);

/* p = p * (1 - share) + other * share, within x0 .. x1-1, y0 .. y1-1. */
void damage_blend(struct picture *p, const struct picture *other, double share,
                  int x0, int y0, int x1, int y1);

#endif
