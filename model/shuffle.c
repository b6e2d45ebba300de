#include "model/shuffle.h"

#include "engine/rng.h"

enum { ROUNDS = 8 };

static uint64_t root_up(uint64_t n)
{
    uint64_t lo = 1, hi = (uint64_t)1 << 24; /* hi^2 = SHUFFLE_MAX */

    while (lo < hi) {
        uint64_t mid = (lo + hi) / 2;

        if (mid * mid >= n)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

uint64_t shuffle(uint64_t i, uint64_t n, uint64_t seed)
{
    uint64_t a = root_up(n), b = (n + a - 1) / a;

    do {
        uint64_t l = i / b, r = i % b;

        for (uint64_t k = 0; k < ROUNDS; k++) {
            uint64_t key = splitmix64(seed + k * 0x9e3779b97f4a7c15u);

            if (k % 2)
                r = (r + splitmix64(key ^ l) % b) % b;
            else
                l = (l + splitmix64(key ^ r) % a) % a;
        }
        i = l * b + r;
    } while (i >= n);
    return i;
}
