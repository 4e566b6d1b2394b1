/* SPDX-License-Identifier: MIT */
/*
 * check.h: for guest programs that test system calls. IS(x) prints a line when x does not
 * hold; FAILS(call, E...) when a call does not fail with that errno. The program ends
 * with `return done();`, which prints "ok" when nothing was printed before.
 *
 * CHECK(name, x) is IS(x) under a name of its own; ENDS(name, f, status) runs f in a child
 * and asks for its wait status; SAME(name, value) prints what depends on the kernel, for
 * programs without `// expect:`, which are compared with the native run.
 *
 * Built with -DNAME_CHECKS (tests/check_linux.py) every check prints a line instead, `ok
 * NAME` or `not ok NAME (errno)`, so that runs can be compared check by check. The lines go
 * out by single writes: children and threads print too, and nothing is lost or doubled.
 */
#pragma once

#ifndef _GNU_SOURCE
# define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int failures;

/* check_result: one check's line; more is said of one that does not hold. */
static inline void check_result(bool holds, const char *function, int line, const char *text,
                                const char *more)
{
    failures += !holds;
#ifdef NAME_CHECKS
    char all[400];
    int n = snprintf(all, sizeof all, "%sok %s: %.200s%s%s%s\n", holds ? "" : "not ", function,
                     text, holds ? "" : " (", holds ? "" : more, holds ? "" : ")");
    (void)line;
    if (write(1, all, (size_t)n) != n) {
        failures++;
    }
#else
    (void)function;
    if (!holds) {
        printf("line %d: %s (%s)\n", line, text, more);
    }
#endif
}

#define CHECK(name, x)                                                                   \
 do {                                                                                    \
  bool holds_ = (x);                                                                     \
  int error_ = errno;                                                                    \
  char more_[80];                                                                        \
  snprintf(more_, sizeof more_, "errno %d", error_);                                     \
  check_result(holds_, __func__, __LINE__, name, more_);                                 \
 } while (0)

#define IS(x) CHECK(#x, x)

#define FAILS(call, err)                                                                 \
 do {                                                                                    \
  errno = 0;                                                                             \
  long result_ = (long)(call);                                                           \
  int error_ = errno;                                                                    \
  char more_[80];                                                                        \
  snprintf(more_, sizeof more_, "%ld, errno %d, not " #err, result_, error_);            \
  check_result(result_ == -1 && error_ == (err), __func__, __LINE__, #call " " #err,     \
               more_);                                                                   \
 } while (0)

#define SAME(name, value)                                                                \
 do {                                                                                    \
  long value_ = (long)(value); /* before errno is read */                                \
  check_same(__func__, name, value_, errno);                                             \
 } while (0)

/* check_same: what a probe gave; of -1 the errno. */
static inline void check_same(const char *function, const char *name, long value, int error)
{
    char all[300];
    int n;

#ifdef NAME_CHECKS
    n = snprintf(all, sizeof all, "ok %s: %s: %ld%s%s\n", function, name, value,
                 value == -1 ? " " : "", value == -1 ? strerrorname_np(error) : "");
#else
    n = snprintf(all, sizeof all, "%s: %s: %ld%s%s\n", function, name, value,
                 value == -1 ? " " : "", value == -1 ? strerrorname_np(error) : "");
#endif
    if (write(1, all, (size_t)n) != n) {
        failures++;
    }
}

#define ENDS(name, f, status)                                                            \
 do {                                                                                    \
  int got_ = child_status(f);                                                            \
  char more_[80];                                                                        \
  snprintf(more_, sizeof more_, "wait status 0x%x", got_);                               \
  check_result(got_ == (status), __func__, __LINE__, name, more_);                       \
 } while (0)

static inline int done(void)
{
    puts(failures ? "failed" : "ok");
    return failures != 0;
}

/* scratch_dir: a fresh folder, made the working directory; removed by scratch_end(). */
static char scratch_path[64];

static inline void scratch_dir(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    snprintf(scratch_path, sizeof scratch_path, "%s/mimus-test-XXXXXX", tmp);
    if (!mkdtemp(scratch_path) || chdir(scratch_path)) {
        perror("scratch folder");
        exit(1);
    }
}

static inline void scratch_end(void)
{
    char command[96];

    if (chdir("/") == 0) {
        snprintf(command, sizeof command, "rm -rf %s", scratch_path);
        if (system(command)) {
            perror("rm");
        }
    }
}

/* new_file: make a file of n bytes of a pattern; its descriptor, open for both. */
static inline int new_file(const char *name, size_t n)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    char c;

    for (size_t i = 0; i < n; i++) {
        c = (char)('a' + i % 26);
        if (write(fd, &c, 1) != 1) {
            return -1;
        }
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* child_status: run f in a child; its wait status. */
static inline int child_status(void (*f)(void))
{
    int status = -1;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        failures = 0;
        f();
        fflush(NULL);
        _exit(failures ? 1 : 0);
    }
    waitpid(pid, &status, 0);
    return status;
}

/* sec: seconds since some point, for measuring waits. */
static inline double sec(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
