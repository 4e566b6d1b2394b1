/* SPDX-License-Identifier: MIT */
/*
 * host_call.h: system calls of the host as handlers make them.
 *
 *   host_call(nr, ...)          a call that does not wait: made at once, whatever is pending.
 *                               Host handlers restart it, so it must not wait for long
 *   host_syscall(t, nr, ...)    a call that may wait (syscall/user.h)
 *
 * All return the kernel's raw result, -errno on failure; none touches errno, so they
 * are safe in the child of a vfork and in signal handlers.
 */
#pragma once

#include "syscall/user.h"

#if defined(__x86_64__)
static inline long host_call6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long host_call6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
# include <errno.h>
# include <unistd.h>
static inline long host_call6(long nr, long a, long b, long c, long d, long e, long f)
{
    long result = syscall(nr, a, b, c, d, e, f);

    return result == -1 ? -errno : result;
}
#endif

/* host_call: up to six arguments, integers or pointers; missing ones are 0. */
#define host_call(...)                       HOST_CALL_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define HOST_CALL_PAD(nr, a, b, c, d, e, f, ...)                                         \
    host_call6((nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
