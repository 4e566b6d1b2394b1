/* SPDX-License-Identifier: MIT */
/*
 * check.h: for guest programs that test system calls. IS(x) prints a line when x does not
 * hold; FAILS(call, E...) when a call does not fail with that errno. The program ends
 * with `return done();`, which prints "ok" when nothing was printed before.
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

static inline void check_line(int line, const char *text, const char *more)
{
    printf("line %d: %s%s\n", line, text, more);
    failures++;
}

#define IS(x)                                                                            \
 do {                                                                                    \
  if (!(x)) {                                                                            \
   char more_[80];                                                                       \
   snprintf(more_, sizeof more_, " (errno %d)", errno);                                  \
   check_line(__LINE__, #x, more_);                                                      \
  }                                                                                      \
 } while (0)

#define FAILS(call, err)                                                                 \
 do {                                                                                    \
  errno = 0;                                                                             \
  long result_ = (long)(call);                                                           \
  if (result_ != -1 || errno != (err)) {                                                 \
   char more_[80];                                                                       \
   snprintf(more_, sizeof more_, ": %ld, errno %d, not " #err, result_, errno);          \
   check_line(__LINE__, #call, more_);                                                   \
  }                                                                                      \
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
