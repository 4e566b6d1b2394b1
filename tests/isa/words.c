// SPDX-License-Identifier: MIT
/*
 * words.c: what a guest's decoder and lifter make of instruction words, for the tests
 * written in Python. Nothing is executed.
 *
 *   isa-words GUEST rows              a line for each row of the decode tables, columns split by
 *                                     tabs: name, mask, value, needs, place, "todo" or "-", and
 *                                     "met" when the default CPU has what the row needs
 *   isa-words GUEST name              for each u32 on stdin a u16: the number of the row (a line of
 *                                     `rows`, from 0) that lifts it, 0xffff when it is undefined
 *   isa-words GUEST defined           for each u32 on stdin a byte: 1 or, for an undefined one, 0
 *   isa-words GUEST random SEED N     N words of a fixed random sequence, u32 each
 *   isa-words GUEST flips SEED TIMES  TIMES for each row and each bit: a word of the row, the other
 *                                     bits random, with this one bit inverted; the same as u32
 *   isa-words GUEST short             where there are 16-bit instructions, all of them, as u32
 *
 * A word that is a 16-bit instruction has another one, which does nothing, in its upper half.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "translate/guest.h"
#include "translate/lift.h"

enum { CHUNK = 1 << 16, UNDEFINED = 0xffff, C_NOP = 0x0001 };

static const Guest *guest;
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
               .guest = guest,
               .pc = pc,
               .code = (const uint8_t *)&word,
               .code_len = sizeof(word),
               .features = guest->features };

    ir_block_reset(&block, pc);
    ir_insn(&block, pc);
    return guest->lift_insn(&l) ? l.row : NULL;
}

static uint16_t row_number(uint32_t word)
{
    const char *name = lift_word(word);

    for (unsigned i = 0; name && guest->rows[i].name; i++) {
        if ((word & guest->rows[i].mask) == guest->rows[i].value && !strcmp(name, guest->rows[i].name)) {
            return (uint16_t)i;
        }
    }
    return UNDEFINED;
}

/* Whether the default CPU has all of needs: then some word of the row is its. */
static bool needs_met(const DecodeRow *row)
{
    /* Some words of a row are reserved; sixty-four tries find one that is not. */
    for (unsigned i = 0; i < 64; i++) {
        if (row_number(guest->row_word(row, i)) == row - guest->rows) {
            return true;
        }
    }
    return false;
}

static void print_rows(void)
{
    for (const DecodeRow *r = guest->rows; r->name; r++) {
        printf("%s\t0x%08" PRIx32 "\t0x%08" PRIx32 "\t%s\t%s\t%s\t%s\n", r->name, r->mask,
               r->value, r->needs ? r->needs : "-", r->where, r->is_todo ? "todo" : "-",
               needs_met(r) ? "met" : "-");
    }
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

/* is_short: the word's lower half is an instruction. */
static bool is_short(uint32_t word)
{
    return guest->insn_min_bytes == 2 && (word & 3) != 3;
}

static void put_word(uint32_t word)
{
    if (is_short(word)) {
        word = (word & 0xffff) | C_NOP << 16;
    }
    fwrite(&word, sizeof(word), 1, stdout);
}

static void flips(unsigned times)
{
    for (const DecodeRow *r = guest->rows; r->name; r++) {
        unsigned bits = is_short(r->value) ? 16 : 32;
        for (unsigned bit = 0; bit < bits * times; bit++) {
            put_word((r->value | ((uint32_t)next() & ~r->mask)) ^ 1u << bit % bits);
        }
    }
}

static void shorts(void)
{
    for (uint32_t word = 0; word <= 0xffff && guest->insn_min_bytes == 2; word++) {
        if (is_short(word)) {
            put_word(word);
        }
    }
}

/* random_words: where there are 16-bit instructions, one in four is one, so most are not. */
static void random_words(unsigned long n)
{
    while (n) {
        uint32_t word = (uint32_t)next();

        if (is_short(word) && next() % 4) {
            word |= 3;
        }
        put_word(word);
        n--;
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "";

    for (const Guest *const *g = guest_list; *g; g++) {
        guest = argc > 1 && !strcmp((*g)->name, argv[1]) ? *g : guest;
    }
    if (!guest) {
        what = "";
    } else {
        ir_block_init(&block, guest);
    }
    rng = argc > 3 ? strtoull(argv[3], NULL, 0) * 0x2545f4914f6cdd1d + 99 : 0;
    if (!strcmp(what, "rows")) {
        print_rows();
    } else if (!strcmp(what, "name") || !strcmp(what, "defined")) {
        classify(*what == 'n');
    } else if (!strcmp(what, "random") && argc > 4) {
        random_words(strtoul(argv[4], NULL, 0));
    } else if (!strcmp(what, "flips") && argc > 4) {
        flips((unsigned)strtoul(argv[4], NULL, 0));
    } else if (!strcmp(what, "short")) {
        shorts();
    } else {
        fprintf(stderr, "usage: isa-words GUEST "
                        "rows|name|defined|random SEED N|flips SEED TIMES|short\n");
        return 2;
    }
    return fflush(stdout) != 0;
}
