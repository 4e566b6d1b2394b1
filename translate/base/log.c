// SPDX-License-Identifier: MIT
/*
 * log.c: log lines and the fatal error, by write(2) on a descriptor of our own.
 *
 * Everything here may run in a signal handler or between fork and exec: a line is formatted
 * into a buffer on the stack and leaves in one write, so lines of several threads do not mix.
 */
#include "translate/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "translate/base/base.h"

enum { LINE_BYTES = 1024, LOG_FD_MIN = 900, MAX_RANGES = 64 };

typedef struct {
    unsigned long long first, last;
} Range;

unsigned log_mask;

static Range ranges[MAX_RANGES];    /* of -dfilter */
static unsigned n_ranges;

static int log_fd = -1;     /* -1: standard error, as long as the guest leaves it open */

// clang-format off
static const struct {
    const char *name;
    unsigned bit;
} category_names[] = {
#define X(name) { #name, 1u << LOG_BIT_##name },
    LOG_CATEGORIES(X)
#undef X
    { "op",   1u << LOG_BIT_ir },       /* QEMU's names */
    { "page", 1u << LOG_BIT_mem },
    { "all",  ~0u },
};
// clang-format on

/* write_some: false: errno says why not all was written. */
static bool write_some(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/*
 * write_all: the guest must not notice that nobody reads its log any more, or that it has grown too
 * large for RLIMIT_FSIZE: the signal for that is taken back before it is delivered.
 */
static void write_all(int fd, const char *p, size_t n)
{
    const struct timespec now = { 0, 0 };
    sigset_t quiet, before, was_pending;

    sigemptyset(&quiet);
    sigaddset(&quiet, SIGPIPE);
    sigaddset(&quiet, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &quiet, &before);
    sigpending(&was_pending);
    bool failed = !write_some(fd, p, n) && (errno == EPIPE || errno == EFBIG);
    int sig = errno == EPIPE ? SIGPIPE : SIGXFSZ;

    if (failed && !sigismember(&was_pending, sig)) {
        sigemptyset(&quiet);
        sigaddset(&quiet, sig);
        sigtimedwait(&quiet, NULL, &now);
    }
    /* No more than that: the guest's mask may hold signals that the C library would not block. */
    sigemptyset(&quiet);
    if (!sigismember(&before, SIGPIPE)) {
        sigaddset(&quiet, SIGPIPE);
    }
    if (!sigismember(&before, SIGXFSZ)) {
        sigaddset(&quiet, SIGXFSZ);
    }
    pthread_sigmask(SIG_UNBLOCK, &quiet, NULL);
}

static int out_fd(void)
{
    return log_fd >= 0 ? log_fd : STDERR_FILENO;
}

/* format_line: "PREFIX: text\n" into buf, cut to fit; returns its length. */
static size_t format_line(char *buf, size_t size, const char *prefix, const char *fmt, va_list ap)
{
    size_t n = strlen(prefix);

    memcpy(buf, prefix, n);
    buf[n++] = ':';
    buf[n++] = ' ';
    int got = vsnprintf(buf + n, size - n - 1, fmt, ap);
    if (got > 0) {
        size_t room = size - n - 2;
        n += (size_t)got < room ? (size_t)got : room;
    }
    if (buf[n - 1] != '\n') {
        buf[n++] = '\n';
    }
    return n;
}

void log_line(const char *category, const char *fmt, ...)
{
    char buf[LINE_BYTES];
    int saved = errno;
    va_list ap;

    va_start(ap, fmt);
    size_t n = format_line(buf, sizeof(buf), category, fmt, ap);
    va_end(ap);
    write_all(out_fd(), buf, n);
    errno = saved;
}

void log_raw(const char *text, unsigned long len)
{
    int saved = errno;

    write_all(out_fd(), text, len);
    errno = saved;
}

int log_select(const char *list, const char **bad)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        unsigned bit = 0;

        for (size_t i = 0; i < ARRAY_LEN(category_names); i++) {
            const char *name = category_names[i].name;
            if (strlen(name) == len && !memcmp(name, list, len)) {
                bit = category_names[i].bit;
            }
        }
        if (len > 0 && !bit) {
            *bad = list;
            return -1;
        }
        log_mask |= bit;
        list += len;
        list += *list == ',';
    }
    return 0;
}

static int open_with(const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);
    if (fd < 0) {
        return -errno;
    }
    /* High, where a guest's loop over its first descriptors does not meet it. */
    int high = fcntl(fd, F_DUPFD_CLOEXEC, LOG_FD_MIN);
    if (high >= 0) {
        close(fd);
        fd = high;
    }
    if (log_fd >= 0) {
        close(log_fd);
    }
    log_fd = fd;
    return 0;
}

/* range_parse: one range of -dfilter, n bytes of text. */
static bool range_parse(const char *s, size_t n, Range *r)
{
    char text[64], *end;

    if (n >= sizeof(text)) {
        return false;
    }
    memcpy(text, s, n);
    text[n] = 0;
    r->first = r->last = strtoull(text, &end, 0);
    if (end == text || !*end) {
        return end != text;
    }
    char how = *end;
    const char *second = end + (how == '.' && end[1] == '.' ? 2 : 1);
    unsigned long long b = strtoull(second, &end, 0);

    if (end == second || *end) {
        return false;
    }
    if (how == '.') {
        r->last = b;
    } else if (how == '+') {
        r->last += b - 1;
    } else if (how == '-') {
        r->first -= b - 1;
    } else {
        return false;
    }
    return r->first <= r->last;
}

int log_select_range(const char *list, const char **bad)
{
    while (*list) {
        size_t len = strcspn(list, ",");

        if (n_ranges == ARRAY_LEN(ranges) || !range_parse(list, len, &ranges[n_ranges])) {
            *bad = list;
            return -1;
        }
        n_ranges++;
        list += len;
        list += *list == ',';
    }
    return 0;
}

bool log_in_range(unsigned long long addr, unsigned long long n)
{
    for (unsigned i = 0; i < n_ranges; i++) {
        const Range *r = &ranges[i];

        if (addr <= r->last && (addr >= r->first || r->first - addr < n)) {
            return true;
        }
    }
    return !n_ranges;
}

int log_open(const char *path)
{
    return open_with(path, O_TRUNC);
}

int log_append(const char *path)
{
    return open_with(path, 0);
}

void log_use(int fd)
{
    log_fd = fd;
}

int log_descriptor(void)
{
    return log_fd;
}

void die(int status, const char *fmt, ...)
{
    char buf[LINE_BYTES];
    va_list ap;

    va_start(ap, fmt);
    size_t n = format_line(buf, sizeof(buf), "mimus", fmt, ap);
    va_end(ap);
    write_all(STDERR_FILENO, buf, n);
    _exit(status);
}
