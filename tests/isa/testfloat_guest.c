// SPDX-License-Identifier: MIT
/*
 * testfloat_guest.c: execute the instruction that a TestFloat function stands for, on TestFloat's
 * vectors, and compare results and flags.
 *
 *   testfloat_guest FUNCTION MODE <vectors
 *
 * A vector is a line of hexadecimal numbers: the operands, the result, the exceptions. MODE is
 * near_even, minMag, min, max or near_maxMag. The vectors must come from a SoftFloat with the
 * guest's NaN rule and tininess. Prints the first errors and, last, "CASES ERRORS".
 *
 * testfloat_<guest>.h has the instructions: the table functions[], set_mode(), the guest's flags for
 * TestFloat's, and how operands and results look in registers (in_register).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR_EVEN, MIN_MAG, MIN, MAX, NEAR_MAX_MAG, MODES, SHOWN = 5, MAX_NUMBERS = 5 };

static const char *const mode_name[MODES] = { "near_even", "minMag", "min", "max", "near_maxMag" };

/* An instruction: operands in registers 0 to 2, the result in register 0, the flags it raised. */
typedef uint64_t Op(uint64_t a, uint64_t b, uint64_t c, uint64_t *flags);

/* The numbers of a vector before the result; the instruction of each rounding mode. */
typedef struct {
    const char *name;
    unsigned operands;
    Op *op[MODES];
} Function;

/* Formats ("f32", "ui64", "bool"): of a function's operands, the start of its name; of its result. */
static void format_of(char out[8], const char *from)
{
    size_t n = strcspn(from, "_");

    snprintf(out, 8, "%.*s", (int)n, from);
}

static void result_format(char out[8], const char *name)
{
    const char *to = strstr(name, "_to_");

    format_of(out, to ? to + 4 : strstr(name, "_eq") || strstr(name, "_le") || strstr(name, "_lt")
                                     ? "bool" : name);
}

#ifdef __riscv
#include "testfloat_riscv64.h"
#else
#include "testfloat_aarch64.h"
#endif

static unsigned read_numbers(const char *line, uint64_t *v)
{
    unsigned n = 0;
    char *end;

    for (; n < MAX_NUMBERS; n++, line = end) {
        v[n] = strtoull(line, &end, 16);
        if (end == line) {
            break;
        }
    }
    return n;
}

static const Function *find(const char *name)
{
    for (unsigned i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        if (!strcmp(functions[i].name, name)) {
            return &functions[i];
        }
    }
    return NULL;
}

static void list(void)
{
    for (unsigned i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
        for (int m = 0; m < MODES; m++) {
            if (functions[i].op[m]) {
                printf("%s %s\n", functions[i].name, mode_name[m]);
            }
        }
    }
}

static void run(const Function *f, int mode)
{
    unsigned long cases = 0, errors = 0;
    uint64_t v[MAX_NUMBERS], z, flags, want, raised;
    char line[128], in[8], out[8];

    format_of(in, f->name);
    result_format(out, f->name);
    set_mode(f, mode);
    while (fgets(line, sizeof(line), stdin)) {
        memset(v, 0, sizeof(v));
        if (read_numbers(line, v) != f->operands + 2) {
            printf("not a vector: %s", line);
            errors++;
            continue;
        }
        cases++;
        want = in_register(out, v[f->operands]);
        raised = flags_of(v[f->operands + 1]);
        z = f->op[mode](in_register(in, v[0]), f->operands > 1 ? in_register(in, v[1]) : 0,
                        f->operands > 2 ? in_register(in, v[2]) : 0, &flags);
        if ((z != want || flags != raised) && errors++ < SHOWN) {
            line[strcspn(line, "\n")] = 0;
            printf("%s %s: %s: got 0x%lx, flags 0x%lx for 0x%lx, 0x%lx\n", f->name, mode_name[mode],
                   line, z, flags, want, raised);
        }
    }
    printf("%lu %lu\n", cases, errors);
}

int main(int argc, char **argv)
{
    int mode = 0;

    if (argc == 2 && !strcmp(argv[1], "list")) {
        list();
        return 0;
    }
    const Function *f = argc > 2 ? find(argv[1]) : NULL;
    while (f && mode < MODES && (strcmp(argv[2], mode_name[mode]) || !f->op[mode])) {
        mode++;
    }
    if (!f || mode == MODES) {
        fprintf(stderr, "usage: testfloat_guest list | FUNCTION MODE <vectors\n");
        return 2;
    }
    run(f, mode);
    return 0;
}
