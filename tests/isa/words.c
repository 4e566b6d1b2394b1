// SPDX-License-Identifier: MIT
/*
 * words.c: what the AArch64 guest's decoder and lifter make of instruction words, for the tests
 * written in Python. Nothing is executed.
 *
 *   isa-words rows              a line for each row of the decode tables, columns split by tabs:
 *                               name, mask, value, needs, place, "todo" or "-", and "met" when the
 *                               default CPU has what the row needs
 *   isa-words name              for each u32 on stdin a u16: the number of the row (a line of
 *                               `rows`, from 0) that lifts it, 0xffff when it is undefined
 *   isa-words defined           for each u32 on stdin a byte: 1 or, for an undefined one, 0
 *   isa-words random SEED N     N words of a fixed random sequence, u32 each
 *   isa-words flips SEED TIMES  TIMES for each row and each bit: a word of the row, the other
 *                               bits random, with this one bit inverted; the same as u32
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/aarch64_decode.h"
#include "translate/guest/aarch64/lift.h"

enum { CHUNK = 1 << 16, UNDEFINED = 0xffff };

static IrBlock block;

static uint64_t rng;

static uint64_t next(void)
{
    uint64_t z = rng += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* lift_word: the name of the row that lifts word, or NULL: it is an undefined instruction. */
static const char *lift_word(uint32_t word)
{
    GuestAddr pc = { (uint64_t)(uintptr_t)&word & ~3ull };
    Lift l = { .ir = &block,
               .guest = &guest_aarch64,
               .pc = pc,
               .code = (const uint8_t *)&word,
               .code_len = sizeof(word),
               .features = guest_aarch64.features };

    ir_block_reset(&block, pc);
    ir_insn(&block, pc);
    return guest_aarch64.lift_insn(&l) ? l.row : NULL;
}

/* Whether the default CPU has all of needs, features joined by commas. */
static bool needs_met(const DecodeRow *row)
{
    uint32_t word = row->value, seed = 1;

    /* Some words of a row are reserved; sixty-four tries find one that is not. */
    for (int i = 0; i < 64; i++) {
        if (lift_word(word)) {
            return true;
        }
        seed = seed * 1664525 + 1013904223;
        word = row->value | ((seed ^ seed >> 15) & ~row->mask);
    }
    return false;
}

static void print_rows(void)
{
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        printf("%s\t0x%08" PRIx32 "\t0x%08" PRIx32 "\t%s\t%s\t%s\t%s\n", r->name, r->mask,
               r->value, r->needs ? r->needs : "-", r->where, r->is_todo ? "todo" : "-",
               needs_met(r) ? "met" : "-");
    }
}

static uint16_t row_number(uint32_t word)
{
    const char *name = lift_word(word);

    for (unsigned i = 0; name && a64_rows[i].name; i++) {
        if ((word & a64_rows[i].mask) == a64_rows[i].value && !strcmp(name, a64_rows[i].name)) {
            return (uint16_t)i;
        }
    }
    return UNDEFINED;
}

static void classify(bool names)
{
    static uint32_t in[CHUNK];
    static uint8_t defined[CHUNK];
    static uint16_t number[CHUNK];
    size_t n;

    while ((n = fread(in, sizeof(*in), CHUNK, stdin)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (names) {
                number[i] = row_number(in[i]);
            } else {
                defined[i] = lift_word(in[i]) != NULL;
            }
        }
        if (names) {
            fwrite(number, sizeof(*number), n, stdout);
        } else {
            fwrite(defined, 1, n, stdout);
        }
    }
}

static void put_word(uint32_t word)
{
    fwrite(&word, sizeof(word), 1, stdout);
}

static void flips(unsigned times)
{
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        for (unsigned bit = 0; bit < 32 * times; bit++) {
            put_word((r->value | ((uint32_t)next() & ~r->mask)) ^ 1u << bit % 32);
        }
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    ir_block_init(&block, &guest_aarch64);
    rng = argc > 2 ? strtoull(argv[2], NULL, 0) * 0x2545f4914f6cdd1d + 99 : 0;
    if (!strcmp(what, "rows")) {
        print_rows();
    } else if (!strcmp(what, "name") || !strcmp(what, "defined")) {
        classify(*what == 'n');
    } else if (!strcmp(what, "random") && argc > 3) {
        for (unsigned long n = strtoul(argv[3], NULL, 0); n; n--) {
            put_word((uint32_t)next());
        }
    } else if (!strcmp(what, "flips") && argc > 3) {
        flips((unsigned)strtoul(argv[3], NULL, 0));
    } else {
        fprintf(stderr, "usage: isa-words rows|name|defined|random SEED N|flips SEED TIMES\n");
        return 2;
    }
    return fflush(stdout) != 0;
}
