#include "model/patches.h"

#include <stdlib.h>
#include <string.h>

#include "engine/rng.h"

static size_t patch_bytes(const struct patches *p)
{
    return (size_t)(p->side * p->side) * 3;
}

int patches_init(struct patches *p, int side, int max, struct err *e)
{
    *p = (struct patches){ .side = side, .max = max, .slots = 64 };
    while (p->slots < 2 * (size_t)max)
        p->slots *= 2;
    p->px = malloc(((size_t)max + 1) * patch_bytes(p));
    p->hash = calloc((size_t)max, sizeof *p->hash);
    p->slot = calloc(p->slots, sizeof *p->slot);
    if (p->px && p->hash && p->slot)
        return 0;
    patches_release(p);
    return err_set(e, "out of memory");
}

void patches_release(struct patches *p)
{
    free(p->px);
    free(p->hash);
    free(p->slot);
    *p = (struct patches){ 0 };
}

void patches_clear(struct patches *p)
{
    p->n = 0;
    memset(p->slot, 0, p->slots * sizeof *p->slot);
}

/* Where a cell lies in a frame, and how much of it. */
struct place {
    size_t at;   /* byte of its first pixel */
    size_t row;  /* bytes of it in a row */
    int rows;
};

static struct place place_of(const struct patches *p, int w, int h, int cell)
{
    int x = cell % patches_across(p, w) * p->side, y = cell / patches_across(p, w) * p->side;
    int columns = w - x < p->side ? w - x : p->side;

    return (struct place){ ((size_t)y * (size_t)w + (size_t)x) * 3, (size_t)columns * 3,
                           h - y < p->side ? h - y : p->side };
}

/* Four words side by side, so that their products need not wait for one another. */
static uint64_t hash_bytes(const uint8_t *b, size_t n)
{
    uint64_t lane[4] = { n, 1, 2, 3 }, word[4], h = 0;

    for (; n >= sizeof word; n -= sizeof word, b += sizeof word) {
        memcpy(word, b, sizeof word);
        for (int i = 0; i < 4; i++) {
            lane[i] = (lane[i] ^ word[i]) * 0x9e3779b97f4a7c15u;
            lane[i] ^= lane[i] >> 29;
        }
    }
    memset(word, 0, sizeof word);
    memcpy(word, b, n);
    for (int i = 0; i < 4; i++)
        h = splitmix64(h ^ lane[i] ^ word[i]);
    return h;
}

bool patches_same(const struct patches *p, const uint8_t *a, const uint8_t *b, int w, int h,
                  int cell)
{
    struct place c = place_of(p, w, h, cell);

    for (int y = 0; y < c.rows; y++, c.at += (size_t)w * 3)
        if (memcmp(a + c.at, b + c.at, c.row))
            return false;
    return true;
}

bool patches_same_row(const struct patches *p, const uint8_t *a, const uint8_t *b, int w, int h,
                      int row)
{
    struct place first = place_of(p, w, h, row * patches_across(p, w));

    return !memcmp(a + first.at, b + first.at, (size_t)first.rows * (size_t)w * 3);
}

int patches_add(struct patches *p, const uint8_t *px, int w, int h, int cell)
{
    size_t bytes = patch_bytes(p), pitch = (size_t)p->side * 3, i;
    uint8_t *new = p->px + (size_t)p->n * bytes;
    struct place c = place_of(p, w, h, cell);
    uint64_t hash;

    if (c.row < pitch || c.rows < p->side)
        memset(new, 0, bytes);
    for (int y = 0; y < c.rows; y++)
        memcpy(new + (size_t)y * pitch, px + c.at + (size_t)y * (size_t)w * 3, c.row);
    hash = hash_bytes(new, bytes);
    for (i = hash & (p->slots - 1); p->slot[i]; i = (i + 1) & (p->slots - 1)) {
        int k = p->slot[i] - 1;

        if (p->hash[k] == hash && !memcmp(p->px + (size_t)k * bytes, new, bytes))
            return k;
    }
    if (p->n == p->max)
        return -1;
    p->hash[p->n] = hash;
    p->slot[i] = ++p->n;
    return p->n - 1;
}

int patches_number(struct patches *p, uint64_t key)
{
    size_t i;

    for (i = splitmix64(key) & (p->slots - 1); p->slot[i]; i = (i + 1) & (p->slots - 1))
        if (p->hash[p->slot[i] - 1] == key)
            return p->slot[i] - 1;
    if (p->n == p->max)
        return -1;
    p->hash[p->n] = key;
    p->slot[i] = ++p->n;
    return p->n - 1;
}

void patches_paste(const struct patches *p, const uint8_t *patch, uint8_t *px, int w, int h,
                   int cell)
{
    struct place c = place_of(p, w, h, cell);

    for (int y = 0; y < c.rows; y++)
        memcpy(px + c.at + (size_t)y * (size_t)w * 3, patch + (size_t)(y * p->side) * 3, c.row);
}
