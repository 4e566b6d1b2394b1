// SPDX-License-Identifier: MIT
/*
 * vixl_guest.c: run the instructions of VIXL's simulator tests on their inputs and compare with the
 * results in its trace headers.
 *
 *   vixl_guest TRACES [FIRST LAST]      tests FIRST to LAST - 1 of the table; TRACES is the folder
 *
 * vixl.py makes vixl_tests.h: VIXL's input arrays, an assembled kernel for each instruction (registers
 * v0 the destination, v1 to v3 the sources), and the table `tests`. How inputs are taken is that of
 * VIXL's test-simulator-aarch64.cc: scalar operands are each input (pair, triple) in turn; a vector
 * operand is a window that moves along the inputs by one lane.
 *
 * A line for each test that does not agree: "bad NAME ...", or "undefined NAME WORD"; last is
 * "done TESTS RESULTS".
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>

typedef enum {
    SCALAR_1,       /* each n */
    SCALAR_2,       /* each n and m, of one array */
    SCALAR_3,       /* each n, m and a, of one array */
    VECTOR_1,       /* window n; the destination starts as zero */
    VECTOR_2,       /* windows n and m; the destination starts as the first of d */
    VECTOR_IMM,     /* window n, kernel after kernel on one destination, zero at first */
    VECTOR_ELT,     /* windows n and m, kernel after kernel on one destination, d at first */
    VECTOR_INS,     /* window n, each kernel on d */
} Kind;

typedef void Kernel(void);

typedef struct {
    const char *name, *trace;
    Kind kind;
    Kernel *const *kernel;
    unsigned kernels;
    const void *d, *n, *m;
    unsigned n_count, m_count;      /* inputs */
    unsigned n_bytes, m_bytes;      /* of one */
    unsigned window;                /* bytes of window n */
    unsigned result_bytes;          /* of one number of the trace */
    bool any_nan;                   /* of single precision: a NaN is as good as another */
} Test;

#include "vixl_tests.h"

typedef struct {
    uint8_t b[16];
} Vector;

/* The values of the test in work. */
typedef struct {
    const Test *t;
    uint64_t *expected;
    unsigned long values, at;       /* all of them; the next */
    unsigned lanes;                 /* of one result */
    unsigned long results, errors;
} Check;

static sigjmp_buf on_undefined;
static uint32_t undefined_word;

static void handler(int sig, siginfo_t *si, void *ctx)
{
    (void)sig, (void)ctx;
    undefined_word = *(uint32_t *)si->si_addr;
    siglongjmp(on_undefined, 1);
}

/* call: v = {destination, n, m, a}; the kernel leaves its result in v[0]. */
static void call(Kernel *k, Vector *v)
{
    asm volatile("ldp q0, q1, [%1]\n ldp q2, q3, [%1, #32]\n blr %0\n str q0, [%1]"
                 : : "r"(k), "r"(v) : "x0", "x30", "v0", "v1", "v2", "v3", "cc", "memory");
}

static void print_vector(const char *what, const Vector *v)
{
    printf("%s 0x", what);
    for (int i = 15; i >= 0; i--) {
        printf("%02x", v->b[i]);
    }
}

static bool is_nan(uint64_t f32)
{
    return (f32 & 0x7fffffff) > 0x7f800000;
}

static void check(Check *c, const Vector *v)
{
    const Test *t = c->t;
    const Vector *result = v;
    uint64_t got = 0, rest = 0;
    bool same = c->at + c->lanes <= c->values;

    for (unsigned i = 0; i < 16 / t->result_bytes && same; i++) {
        uint64_t want = i < c->lanes ? c->expected[c->at + i] : 0;

        got = rest = 0;
        memcpy(&got, result->b + i * t->result_bytes, t->result_bytes);
        memcpy(&rest, &want, t->result_bytes);
        same = got == rest || (t->any_nan && is_nan(got) && is_nan(rest));
    }
    if (!same && c->errors++ == 0) {
        printf("bad %s: result %lu: lane 0x%lx, expected 0x%lx;", t->name, c->results, got, rest);
        print_vector(" all of it", result);
        print_vector("; of", v + 1);
        print_vector(",", v + 2);
        printf("\n");
    }
    c->at += c->lanes;
    c->results++;
}

static void load(Vector *v, const void *array, unsigned i, unsigned bytes)
{
    memset(v, 0, sizeof(*v));
    memcpy(v, (const char *)array + i * bytes, bytes);
}

/* slide: the window loses its first lane and gets a new last one. */
static void slide(Vector *v, unsigned window, const void *array, unsigned i, unsigned bytes)
{
    memmove(v->b, v->b + bytes, window - bytes);
    memcpy(v->b + window - bytes, (const char *)array + i * bytes, bytes);
}

static void run_scalar(Check *c)
{
    const Test *t = c->t;
    unsigned ms = t->kind == SCALAR_1 ? 1 : t->n_count, as = t->kind == SCALAR_3 ? t->n_count : 1;
    Vector v[4];

    for (unsigned n = 0; n < t->n_count; n++) {
        for (unsigned m = 0; m < ms; m++) {
            for (unsigned a = 0; a < as; a++) {
                for (unsigned k = 0; k < t->kernels; k++) {
                    load(v + 1, t->n, n, t->n_bytes);
                    load(v + 2, t->n, m, t->n_bytes);
                    load(v + 3, t->n, a, t->n_bytes);
                    call(t->kernel[k], v);
                    check(c, v);
                }
            }
        }
    }
}

static void run_window(Check *c)
{
    const Test *t = c->t;
    Vector v[4] = { 0 };

    memcpy(v + 1, (const char *)t->n + t->n_count * t->n_bytes - t->window, t->window);
    for (unsigned n = 0; n < t->n_count; n++) {
        slide(v + 1, t->window, t->n, n, t->n_bytes);
        memset(v, 0, sizeof(*v));
        for (unsigned k = 0; k < t->kernels; k++) {
            if (t->kind == VECTOR_INS) {
                memcpy(v, t->d, sizeof(*v));
            }
            call(t->kernel[k], v);
            check(c, v);
        }
    }
}

/* The first windows lie where VIXL has them: sixteen bytes before the array's length in bytes. */
static void run_windows(Check *c)
{
    const Test *t = c->t;
    Vector v[4] = { 0 };

    memcpy(v + 1, (const char *)t->n + t->n_count - sizeof(*v), sizeof(*v));
    memcpy(v + 2, (const char *)t->m + t->m_count - sizeof(*v), sizeof(*v));
    for (unsigned n = 0; n < t->n_count; n++) {
        slide(v + 1, sizeof(*v), t->n, n, t->n_bytes);
        for (unsigned m = 0; m < t->m_count; m++) {
            slide(v + 2, sizeof(*v), t->m, m, t->m_bytes);
            memcpy(v, t->d, sizeof(*v));
            for (unsigned k = 0; k < t->kernels; k++) {
                call(t->kernel[k], v);
                check(c, v);
            }
        }
    }
}

static unsigned long result_count(const Test *t)
{
    unsigned long n = (unsigned long)t->n_count * t->kernels;

    switch (t->kind) {
    case SCALAR_2: return n * t->n_count;
    case SCALAR_3: return n * t->n_count * t->n_count;
    case VECTOR_2: case VECTOR_ELT: return n * t->m_count;
    default: return n;
    }
}

/* A number of a trace: hexadecimal or decimal, -INT64_C(1) - 1 at the worst; its end in *s. */
static uint64_t number(char **s)
{
    uint64_t sum = 0;
    bool negative = false;

    for (; **s && **s != ',' && **s != '}'; ) {
        if (**s == '-') {
            negative = true;
            ++*s;
        } else if (!strncmp(*s, "INT", 3) || !strncmp(*s, "UINT", 4)) {
            *s = strchr(*s, '(') + 1;
        } else if (**s >= '0' && **s <= '9') {
            uint64_t v = strtoull(*s, s, 0);

            sum += negative ? -v : v;
            negative = false;
        } else {
            ++*s;
        }
    }
    return sum;
}

/* read_trace: the numbers of the array in a trace header. */
static void read_trace(Check *c, const char *folder)
{
    char path[512];
    struct stat st;
    size_t room;

    snprintf(path, sizeof(path), "%s/%s", folder, c->t->trace);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st)) {
        return;
    }
    char *text = malloc((size_t)st.st_size + 1), *s;
    ssize_t n = pread(fd, text, (size_t)st.st_size, 0);
    text[n < 0 ? 0 : n] = 0;
    room = (size_t)st.st_size / 2;
    c->expected = malloc(room * sizeof(uint64_t));
    s = strchr(text, '{');
    while (s && *s && *s != '}' && c->values < room) {
        s += strspn(s, "{, \n");
        if (*s && *s != '}') {
            c->expected[c->values++] = number(&s);
        }
    }
    free(text);
}

static unsigned long run_test(const Test *t, const char *folder)
{
    Check c = { .t = t };
    unsigned long results = result_count(t);

    read_trace(&c, folder);
    if (!c.values || c.values % results) {
        printf("bad %s: %lu numbers in %s for %lu results\n", t->name, c.values, t->trace, results);
        return 0;
    }
    c.lanes = (unsigned)(c.values / results);
    if (sigsetjmp(on_undefined, 1)) {
        printf("undefined %s %08x\n", t->name, undefined_word);
        return 0;
    }
    if (t->kind <= SCALAR_3) {
        run_scalar(&c);
    } else if (t->kind == VECTOR_2 || t->kind == VECTOR_ELT) {
        run_windows(&c);
    } else {
        run_window(&c);
    }
    if (c.errors) {
        printf("bad %s: %lu errors of %lu\n", t->name, c.errors, c.results);
    }
    free(c.expected);
    return c.results;
}

int main(int argc, char **argv)
{
    unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    unsigned last = argc > 3 ? (unsigned)atoi(argv[3]) : sizeof(tests) / sizeof(*tests);
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    unsigned long results = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: vixl_guest TRACES [FIRST LAST]\n");
        return 2;
    }
    sigaction(SIGILL, &sa, NULL);
    for (unsigned i = first; i < last; i++) {
        results += run_test(&tests[i], argv[1]);
    }
    printf("done %u %lu\n", last - first, results);
    return 0;
}
