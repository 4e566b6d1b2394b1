/* SPDX-License-Identifier: MIT */
/*
 * log.h: lines for developers, chosen at run time with -d, and the one-line fatal error.
 *
 * LOG(elf, "segment %u", i) prints "elf: segment 0" when -d elf is on; one event, one line.
 * Lines go to the -D file or standard error by write(2) on a descriptor kept high and
 * close-on-exec, so that the guest cannot close it by accident. Any thread may log; a line
 * is one write. Safe in a signal handler (formats into a stack buffer of 1 KiB; a longer
 * line is cut), apart from %f.
 */
#pragma once

#include <stdbool.h>

// clang-format off
#define LOG_CATEGORIES(X) \
    X(elf) X(syscall) X(signal) X(jit) X(ir) X(host) X(mem) X(dev) X(in_asm) X(out_asm) X(unimp) \
    X(counts)
// clang-format on

enum {
#define X(name) LOG_BIT_##name,
    LOG_CATEGORIES(X)
#undef X
};

extern unsigned log_mask;

#define LOG_ON(cat) (__builtin_expect(log_mask & (1u << LOG_BIT_##cat), 0))
#define LOG(cat, ...)                                                                    \
    do {                                                                                 \
        if (LOG_ON(cat)) {                                                               \
            log_line(#cat, __VA_ARGS__);                                                 \
        }                                                                                \
    } while (0)

/* log_line: print "CATEGORY: text"; used through LOG. A final newline is added. */
void log_line(const char *category, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* log_raw: print text as it is (multi-line dumps such as disassembly). */
void log_raw(const char *text, unsigned long len);

/*
 * log_select: turn on categories from a comma-separated list, as given to -d ("all", and
 * names of LOG_CATEGORIES; QEMU's "op" means ir, "page" mem, "strace" is not one of ours).
 * Returns 0, or -1 with the first unknown name in *bad (points into list).
 */
int log_select(const char *list, const char **bad);

/*
 * log_select_range: log code of these guest addresses only: a comma-separated list of A..B
 * (B included), A+N (N bytes from A) and A-N (N bytes up to A), as given to -dfilter. Later
 * lists add to earlier ones. Returns 0, or -1 with the first bad range in *bad.
 */
int log_select_range(const char *list, const char **bad);

/* log_in_range: is some of [addr, addr + n) to be logged? Always, when nothing was selected. */
bool log_in_range(unsigned long long addr, unsigned long long n);

/* log_open: send lines to this file instead of standard error. 0 or -errno. */
int log_open(const char *path);
/* log_append: the same without emptying the file: for programs that share one log. */
int log_append(const char *path);

/* log_descriptor: of log_open(), else -1. log_use: it has moved; -1: log to standard error. */
int log_descriptor(void);
void log_use(int fd);

/*
 * die: print "mimus: " and the text on standard error, then _exit(status). For start-up and
 * for our own mistakes only; never because of something the running guest did.
 */
void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
