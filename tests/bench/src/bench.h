/* SPDX-License-Identifier: MIT */
/*
 * Shared helpers for the benchmark programs.
 *
 * Every program does a fixed amount of work and prints one line with a
 * checksum, so that the runner can tell a wrong answer from a fast one.
 * The optional first argument scales the work in percent (default 100).
 */
#ifndef BENCH_H
#define BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t rng_state = 88172645463325252ull;

/* xorshift64: small, deterministic, the same on every architecture. */
static inline uint64_t rnd(void)
{
    uint64_t x = rng_state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return rng_state = x;
}

static inline long scaled(int argc, char **argv, long n)
{
    long percent = argc > 1 ? atol(argv[1]) : 100;
    long r = (long)((int64_t)n * percent / 100);

    return r > 0 ? r : 1;
}

static inline uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v;
    h *= 0x9e3779b97f4a7c15ull;
    return h ^ (h >> 29);
}

/* English-like text: words of a fixed vocabulary, skewed to the front. */
static inline void fill_text(char *buf, size_t n)
{
    static const char *const part[] = {
        "ta", "re", "mi", "con", "ver", "so", "lu", "dan", "per", "is",
        "ing", "ed", "the", "an", "or", "ble", "qui", "ex", "um", "ly"
    };
    char vocab[256][16];
    size_t i, at = 0;

    for (i = 0; i < 256; i++) {
        int k, parts = 1 + (int)(rnd() % 4);

        vocab[i][0] = 0;
        for (k = 0; k < parts; k++)
            strcat(vocab[i], part[rnd() % 20]);
    }
    while (at < n) {
        uint64_t r = rnd();
        const char *w = vocab[(r & 255) * ((r >> 8) & 255) >> 8];
        size_t len = strlen(w);

        if (at + len + 1 > n)
            len = n - at - 1;
        memcpy(buf + at, w, len);
        at += len;
        buf[at++] = (r >> 60) ? ' ' : '\n';
    }
}

#endif
