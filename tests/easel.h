/*
 * easel: frames of random scenes with their pixels laid open, for tests of
 * reading.
 */
#ifndef TESTS_EASEL_H
#define TESTS_EASEL_H

#include "engine/rng.h"
#include "render/read.h"
#include "tests/damage.h"

/* A tenth of the random scenes will do where the sanitizers slow things down. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define EASEL_SLOW 1
#endif
#endif
#if defined(EASEL_SLOW) || defined(__SANITIZE_ADDRESS__)
enum { EASEL_FEWER = 10 };
#else
enum { EASEL_FEWER = 1 };
#endif

/* A frame, and a copy of its pixels without padding, to be damaged. */
struct easel {
    const struct drawer *drawer;
    const struct reader *reader;
    struct frame f;
    struct picture p; /* owned */
};

/* Fails the running test when memory is out. */
void easel_init(struct easel *b, const struct drawer *drawer, const struct reader *reader,
                int w, int h);
void easel_release(struct easel *b);

void easel_draw(struct easel *b, const struct scene *s);

/* Puts a blend of two contents at cell i, in the shade of s. */
void easel_blend(struct easel *b, const struct scene *s, int i, enum content from,
                 enum content to, double share);

/* Reads the copy. */
void easel_read(const struct easel *b, struct reading *out);

/* Any stones, of any density, legal or not; three in four have a marker. */
void random_scene(struct scene *s, int w, int h, struct rng *r);

/* Cells read as something else than they are; unknown ones do not count. */
int count_wrong(const struct reading *in, const struct scene *s);

#endif
