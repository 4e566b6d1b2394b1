// SPDX-License-Identifier: MIT
/*
 * narrow.c: calls of 32-bit guests: registers put together, structures widened and narrowed.
 *
 * A structure is described by a text, a letter for each member in order: l long, p pointer or
 * unsigned long, w 32 bits, h 16 bits, d 64 bits, m a signal mask (64 bits made of longs); a number
 * behind a letter repeats it. Members lie at their natural alignment on both sides. That is all
 * there is to it for most calls, which are rows of `calls`; the others have a function.
 */
#include "syscall/narrow.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "gen/syscalls.h"
#include "syscall/iov.h"

enum { NARROW_IN = 1, NARROW_OUT = 2, WORD = 4 };

/* ---- layouts ---- */

/* One member: bytes and alignment here and there. */
typedef struct {
    uint8_t narrow, wide, narrow_align;
    bool is_signed;
} Member;

static Member member_of(char letter)
{
    switch (letter) {
    case 'l': return (Member){ 4, 8, 4, true };
    case 'p': return (Member){ 4, 8, 4, false };
    case 'w': return (Member){ 4, 4, 4, false };
    case 'h': return (Member){ 2, 2, 2, false };
    case 'm': return (Member){ 8, 8, 4, false };
    default: return (Member){ 8, 8, 8, false };
    }
}

static void copy_member(Member m, uint8_t *wide, uint8_t *narrow, bool widen)
{
    if (!widen) {
        memcpy(narrow, wide, m.narrow);
        return;
    }
    memcpy(wide, narrow, m.narrow);
    if (m.wide > m.narrow)
        memset(wide + m.narrow, m.is_signed && narrow[m.narrow - 1] >> 7 ? 0xff : 0,
               m.wide - m.narrow);
}

typedef struct {
    size_t narrow, wide;
} Sizes;

/*
 * convert: a structure to wide (widen) or to narrow; with wide NULL only its sizes are found. Bytes
 * between members are left as they are.
 */
static Sizes convert(const char *layout, uint8_t *wide, uint8_t *narrow, bool widen)
{
    Sizes at = { 0, 0 };
    size_t narrow_align = 1, wide_align = 1;

    for (const char *c = layout; *c;) {
        Member m = member_of(*c++);
        unsigned n = 1;

        if (*c >= '0' && *c <= '9')
            n = (unsigned)strtoul(c, (char **)&c, 10);
        narrow_align = m.narrow_align > narrow_align ? m.narrow_align : narrow_align;
        wide_align = m.wide > wide_align ? m.wide : wide_align;
        for (; n; n--) {
            at.narrow = align_up(at.narrow, m.narrow_align);
            at.wide = align_up(at.wide, m.wide);
            if (wide)
                copy_member(m, wide + at.wide, narrow + at.narrow, widen);
            at.narrow += m.narrow;
            at.wide += m.wide;
        }
    }
    return (Sizes){ align_up(at.narrow, narrow_align), align_up(at.wide, wide_align) };
}

/* ---- room for wide structures during a call ---- */

enum { ROOM_BYTES = 2048, ROOM_PIECES = 8 };

typedef struct {
    _Alignas(16) uint8_t first[ROOM_BYTES];
    size_t used;
    void *piece[ROOM_PIECES];
    unsigned n_piece;
} Room;

/* room_take: n zeroed bytes, or NULL. */
static void *room_take(Room *r, size_t n)
{
    n = align_up(n, 16);
    if (n <= ROOM_BYTES - r->used) {
        void *p = r->first + r->used;

        r->used += n;
        memset(p, 0, n);
        return p;
    }
    return r->n_piece < ROOM_PIECES ? r->piece[r->n_piece++] = calloc(1, n) : NULL;
}

static void room_empty(Room *r)
{
    while (r->n_piece)
        free(r->piece[--r->n_piece]);
}

/* widen_in: n structures at guest address va, made wide; 0 or -errno. */
static long widen_in(Thread *t, Room *r, const char *layout, uint64_t va, size_t n, uint64_t *out)
{
    Sizes s = convert(layout, NULL, NULL, true);
    uint8_t *wide = room_take(r, n * s.wide), *narrow = room_take(r, n * s.narrow);

    if (!wide || !narrow)
        return -ENOMEM;
    if (guest_copy_in(t, narrow, guest_addr(va), n * s.narrow) < 0)
        return -EFAULT;
    for (size_t i = 0; i < n; i++)
        convert(layout, wide + i * s.wide, narrow + i * s.narrow, true);
    *out = (uint64_t)wide;
    return 0;
}

static long narrow_out(Thread *t, Room *r, const char *layout, uint64_t va, const void *wide)
{
    Sizes s = convert(layout, NULL, NULL, false);
    uint8_t *narrow = room_take(r, s.narrow);

    if (!narrow)
        return -ENOMEM;
    convert(layout, (uint8_t *)wide, narrow, false);
    return guest_copy_out(t, guest_addr(va), narrow, s.narrow) < 0 ? -EFAULT : 0;
}

/* ---- calls by table ---- */

#define IOV     "pp"
#define SIGEVENT "pwwpp"
#define RUSAGE  "l18"

typedef struct {
    uint8_t arg;            /* 1 to 6 */
    uint8_t way;            /* NARROW_ */
    uint8_t count;          /* argument with the number of structures, 0: there is one */
    const char *layout;
} NarrowArg;

typedef long NarrowFn(Thread *t, const SyscallRow *row, uint64_t *a, Room *r);

typedef struct {
    NarrowArg args[2];
    NarrowFn *fn;           /* instead of the row's handler */
    int refuse;             /* errno: not done for narrow guests */
} NarrowRow;

/*
 * struct_args: replace what row says by wide structures, make the call, give back what it wrote. A
 * vector that is too long is the kernel's to refuse: it gets one element more than it takes.
 */
static long struct_args(Thread *t, const SyscallRow *row, const NarrowRow *how, uint64_t *a, Room *r)
{
    uint64_t given[ARRAY_LEN(how->args)] = { 0 };
    long result;

    for (unsigned i = 0; i < ARRAY_LEN(how->args) && how->args[i].arg; i++) {
        const NarrowArg *s = &how->args[i];
        uint64_t *p = &a[s->arg - 1], n = s->count ? a[s->count - 1] : 1;

        given[i] = *p;
        if (!*p)
            continue;
        n = n > IOV_MOST ? 0 : n;
        if (s->way & NARROW_IN) {
            result = widen_in(t, r, s->layout, *p, n, p);
            if (result)
                return result;
        } else {
            *p = (uint64_t)room_take(r, convert(s->layout, NULL, NULL, true).wide);
        }
    }
    result = how->fn ? how->fn(t, row, a, r) : row->call(t, a);
    for (unsigned i = 0; i < ARRAY_LEN(how->args) && how->args[i].arg && result >= 0; i++) {
        const NarrowArg *s = &how->args[i];

        if (given[i] && s->way & NARROW_OUT) {
            long err = narrow_out(t, r, s->layout, given[i], (void *)a[s->arg - 1]);

            result = err ? err : result;
        }
    }
    return result;
}

/* ---- files ---- */

/* _llseek(2): the offset in two halves, high first, the result in memory. */
static long narrow_lseek(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    uint64_t pos, wide[] = { a[0], a[1] << 32 | (uint32_t)a[2], a[4] };
    long result = row->call(t, wide);

    (void)r;
    if (result < 0)
        return result;
    pos = (uint64_t)result;
    return guest_copy_out(t, guest_addr(a[3]), &pos, sizeof(pos)) < 0 ? -EFAULT : 0;
}

/* preadv(2) and its kind take the offset in two halves everywhere; wide guests leave the second. */
static long narrow_pos_pair(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    a[3] = a[3] | a[4] << 32;
    a[4] = 0;
    return row->call(t, a);
}

/* statfs64(2), fstatfs64(2): the size of the structure comes before it. */
static long narrow_statfs(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    static const char layout[] = "l2d5w2l7";
    Sizes s = convert(layout, NULL, NULL, true);
    uint64_t wide[] = { a[0], (uint64_t)room_take(r, s.wide) };
    long result;

    if (a[1] != s.narrow)
        return -EINVAL;
    result = row->call(t, wide);
    return result ? result : narrow_out(t, r, layout, a[2], (void *)wide[1]);
}

/* fcntl64(2): locks with 64-bit offsets have commands of their own, owners and pipes are alike. */
static long narrow_fcntl(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    enum { GETLK = 5, SETLK, SETLKW, GETLK64 = 12, SETLK64, SETLKW64 };
    static const NarrowRow lock = { .args = { { 3, NARROW_IN | NARROW_OUT, 0, "h2l2w" } } };

    if (a[1] >= GETLK64 && a[1] <= SETLKW64)
        a[1] -= GETLK64 - GETLK;
    else if (a[1] >= GETLK && a[1] <= SETLKW)
        return struct_args(t, row, &lock, a, r);
    return row->call(t, a);
}

/* mmap2(2) counts the offset in units of 4096 bytes. */
static long narrow_mmap(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    a[5] = (uint64_t)(uint32_t)a[5] << 12;
    return row->call(t, a);
}

/* pointers: an array of guest pointers, ended by NULL, made wide. */
static long pointers(Thread *t, Room *r, uint64_t *array)
{
    enum { MOST = 1 << 20 };
    size_t n = 0;
    uint32_t p;

    if (!*array)
        return 0;
    do {
        if (guest_copy_in(t, &p, guest_addr(*array + n * WORD), WORD) < 0)
            return -EFAULT;
        if (n++ == MOST)
            return -E2BIG;
    } while (p);
    return widen_in(t, r, "p", *array, n, array);
}

static long narrow_exec(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    unsigned argv = row == &syscall_rows[SC_execveat] ? 2 : 1;
    long err = pointers(t, r, &a[argv]);

    err = err ? err : pointers(t, r, &a[argv + 1]);
    return err ? err : row->call(t, a);
}

/*
 * ioctl(2): what the structures of a request look like is not known here, but for those without
 * longs and pointers (terminals, simple numbers) and for struct ifreq.
 */
static long narrow_ioctl(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    enum { NARROW_IFREQ = 32, TERMINAL = 'T', SOCKET = 0x89 };
    uint32_t request = (uint32_t)a[1];
    struct ifreq wide = { 0 };
    uint64_t given[] = { a[0], request, (uint64_t)&wide };
    long result;

    (void)r;
    if ((request >> 8 & 0xff) == TERMINAL || request == SIOCATMARK || request == SIOCGPGRP ||
        request == SIOCSPGRP)
        return row->call(t, a);
    if (request < SIOCGIFNAME || request > SIOCSIFTXQLEN || request == SIOCGIFCONF ||
        request == SIOCSIFMAP || request == SIOCGIFMAP)
        return syscall_refused(t, ENOTTY);
    if (guest_copy_in(t, &wide, guest_addr(a[2]), NARROW_IFREQ) < 0)
        return -EFAULT;
    result = row->call(t, given);
    if (result >= 0 && guest_copy_out(t, guest_addr(a[2]), &wide, NARROW_IFREQ) < 0)
        return -EFAULT;
    return result;
}

/* ---- sockets ---- */

#define MSGHDR "pwp4w"

typedef struct {
    uint32_t len;
    int32_t level, type;
} NarrowCmsg;

/* control_in: control messages with a 32-bit length made wide. */
static long control_in(Thread *t, Room *r, struct msghdr *m)
{
    enum { MOST = 20480 };      /* net.core.optmem_max is of that size */
    size_t n = m->msg_controllen, at = 0, to = 0;
    uint8_t *in, *out;
    NarrowCmsg c;

    if (!n || !m->msg_control)
        return 0;
    if (n > MOST)
        return -ENOBUFS;
    in = room_take(r, n + sizeof(c));
    out = room_take(r, n * 2 + CMSG_SPACE(0));
    if (!in || !out)
        return -ENOMEM;
    if (guest_copy_in(t, in, guest_addr((uint64_t)m->msg_control), n) < 0)
        return -EFAULT;
    while (at + sizeof(c) <= n) {
        memcpy(&c, in + at, sizeof(c));
        if (c.len < sizeof(c) || c.len > n - at)
            return -EINVAL;
        struct cmsghdr wide = { CMSG_LEN(c.len - sizeof(c)), c.level, c.type };

        memcpy(out + to, &wide, sizeof(wide));
        memcpy(out + to + sizeof(wide), in + at + sizeof(c), c.len - sizeof(c));
        to += CMSG_SPACE(c.len - sizeof(c));
        at += align_up(c.len, WORD);
    }
    m->msg_control = out;
    m->msg_controllen = to;
    return 0;
}

/* control_out: what was received, into room bytes at va; *flags gets MSG_CTRUNC. */
static long control_out(Thread *t, const struct msghdr *m, uint64_t va, size_t room, size_t *used,
                        int *flags)
{
    struct msghdr all = *m;
    size_t at = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(&all); c; c = CMSG_NXTHDR(&all, c)) {
        size_t n = c->cmsg_len - CMSG_LEN(0), fits;
        NarrowCmsg head = { (uint32_t)(sizeof(head) + n), c->cmsg_level, c->cmsg_type };

        if (room - at < sizeof(head)) {
            *flags |= MSG_CTRUNC;
            break;
        }
        fits = n < room - at - sizeof(head) ? n : room - at - sizeof(head);
        if (fits < n) {
            *flags |= MSG_CTRUNC;
            head.len = (uint32_t)(sizeof(head) + fits);
        }
        if (guest_copy_out(t, guest_addr(va + at), &head, sizeof(head)) < 0 ||
            guest_copy_out(t, guest_addr(va + at + sizeof(head)), CMSG_DATA(c), fits) < 0)
            return -EFAULT;
        at += align_up(sizeof(head) + fits, WORD);
        at = at < room ? at : room;
    }
    *used = at;
    return 0;
}

/* message_in: the header at va with its vector, control messages too when they are sent. */
static long message_in(Thread *t, Room *r, uint64_t va, bool sends, struct msghdr **out)
{
    uint64_t wide;
    long err = widen_in(t, r, MSGHDR, va, 1, &wide);
    struct msghdr *m = (struct msghdr *)wide;

    if (err)
        return err;
    if (m->msg_iovlen > IOV_MOST)
        return -EMSGSIZE;
    if (m->msg_iovlen) {
        err = widen_in(t, r, IOV, (uint64_t)m->msg_iov, m->msg_iovlen, &wide);
        if (err)
            return err;
        m->msg_iov = (struct iovec *)wide;
    }
    *out = m;
    return sends ? control_in(t, r, m) : 0;
}

static long narrow_sendmsg(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    struct msghdr *m;
    long err = message_in(t, r, a[1], true, &m);

    a[1] = (uint64_t)m;
    return err ? err : row->call(t, a);
}

/* message_out: lengths and flags of what was received, and its control messages. */
static long message_out(Thread *t, uint64_t va, const struct msghdr *m, uint64_t control, size_t room)
{
    enum { NAMELEN_AT = 4, CONTROLLEN_AT = 20, FLAGS_AT = 24 };
    int flags = m->msg_flags;
    size_t used = 0;
    uint32_t len[2];
    long err = control && room ? control_out(t, m, control, room, &used, &flags) : 0;

    if (err)
        return err;
    len[0] = (uint32_t)used;
    len[1] = (uint32_t)flags;
    if (guest_copy_out(t, guest_addr(va + NAMELEN_AT), &m->msg_namelen, WORD) < 0 ||
        guest_copy_out(t, guest_addr(va + CONTROLLEN_AT), len, sizeof(len)) < 0)
        return -EFAULT;
    return 0;
}

static long narrow_recvmsg(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    enum { MOST = 20480 };
    struct msghdr *m;
    uint64_t given = a[1], control;
    long result = message_in(t, r, given, false, &m);
    size_t room;

    if (result)
        return result;
    control = (uint64_t)m->msg_control;
    room = m->msg_controllen < MOST ? m->msg_controllen : MOST;
    if (control && room) {
        m->msg_controllen = room * 2 + CMSG_SPACE(0);
        m->msg_control = room_take(r, m->msg_controllen);
        if (!m->msg_control)
            return -ENOMEM;
    }
    a[1] = (uint64_t)m;
    result = row->call(t, a);
    if (result >= 0) {
        long err = message_out(t, given, m, control, room);

        result = err ? err : result;
    }
    return result;
}

/* narrow_mmsg: sendmmsg(2), recvmmsg(2): one message after the other. */
static long narrow_mmsg(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    enum { HEADER = 28, ELEMENT = 32, WAITFORONE = 0x10000 };
    bool sends = row == &syscall_rows[SC_sendmmsg];
    const SyscallRow *one = &syscall_rows[sends ? SC_sendmsg : SC_recvmsg];
    uint32_t flags = (uint32_t)a[3];
    long done = 0, result = 0;

    (void)r;
    if (!sends && a[4])
        return syscall_refused(t, ENOSYS);
    for (uint64_t n = (uint32_t)a[2]; (uint64_t)done < n && done < IOV_MOST; done++) {
        uint64_t at = a[1] + (uint64_t)done * ELEMENT, given[SYSCALL_MAX_ARGS] = { a[0], at, flags & ~(uint32_t)WAITFORONE };
        Room own = { .used = 0 };
        uint32_t len;

        result = sends ? narrow_sendmsg(t, one, given, &own) : narrow_recvmsg(t, one, given, &own);
        room_empty(&own);
        len = (uint32_t)result;
        if (result >= 0 && guest_copy_out(t, guest_addr(at + HEADER), &len, WORD) < 0)
            result = -EFAULT;
        if (result < 0)
            break;
        flags |= flags & WAITFORONE ? MSG_DONTWAIT : 0;
    }
    return done ? done : result;
}

/* ---- signals ---- */

typedef enum { INFO_KILL, INFO_TIMER, INFO_QUEUE, INFO_CHILD, INFO_FAULT, INFO_POLL, INFO_SYS } InfoKind;

/* info_kind: which members a siginfo has, by signal and code as the kernel tells them apart. */
static InfoKind info_kind(int sig, int code)
{
    if (code == SI_TIMER)
        return INFO_TIMER;
    if (code == SI_SIGIO)
        return INFO_POLL;
    if (code < 0)
        return INFO_QUEUE;
    if (code == SI_USER || code >= SI_KERNEL)
        return INFO_KILL;
    switch (sig) {
    case SIGILL: case SIGFPE: case SIGSEGV: case SIGBUS: case SIGTRAP: return INFO_FAULT;
    case SIGCHLD: return INFO_CHILD;
    case SIGPOLL: return INFO_POLL;
    case SIGSYS: return INFO_SYS;
    default: return INFO_QUEUE;
    }
}

/* Members behind si_signo, si_errno and si_code, which lie at 12 here and at 16 there. */
static const char *const info_layout[] = {
    [INFO_KILL] = "w2", [INFO_TIMER] = "w2p", [INFO_QUEUE] = "w2p", [INFO_CHILD] = "w3l2",
    [INFO_FAULT] = "ph1p2", [INFO_POLL] = "lw", [INFO_SYS] = "pw2",
};
enum { INFO_HEAD = 12, INFO_WIDE_HEAD = 16 };

void siginfo_narrow(uint8_t out[NARROW_SIGINFO_BYTES], const siginfo_t *info)
{
    memset(out, 0, NARROW_SIGINFO_BYTES);
    memcpy(out, info, INFO_HEAD);
    convert(info_layout[info_kind(info->si_signo, info->si_code)], (uint8_t *)info + INFO_WIDE_HEAD,
            out + INFO_HEAD, false);
}

void siginfo_widen(siginfo_t *info, const uint8_t in[NARROW_SIGINFO_BYTES])
{
    memset(info, 0, sizeof(*info));
    memcpy(info, in, INFO_HEAD);
    convert(info_layout[info_kind(info->si_signo, info->si_code)], (uint8_t *)info + INFO_WIDE_HEAD,
            (uint8_t *)in + INFO_HEAD, true);
}

/* info_arg: argument n is a siginfo that the call reads. */
static long info_arg(Thread *t, const SyscallRow *row, uint64_t *a, unsigned n)
{
    uint8_t in[NARROW_SIGINFO_BYTES];
    siginfo_t info;

    if (a[n]) {
        if (guest_copy_in(t, in, guest_addr(a[n]), sizeof(in)) < 0)
            return -EFAULT;
        siginfo_widen(&info, in);
        a[n] = (uint64_t)&info;
    }
    return row->call(t, a);
}

static long narrow_info_2(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    return info_arg(t, row, a, 2);
}

static long narrow_info_3(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    return info_arg(t, row, a, 3);
}

/* info_result: argument n is a siginfo that the call fills in. */
static long info_result(Thread *t, const SyscallRow *row, uint64_t *a, unsigned n)
{
    uint8_t out[NARROW_SIGINFO_BYTES];
    siginfo_t info = { 0 };
    uint64_t given = a[n];
    long result;

    a[n] = given ? (uint64_t)&info : 0;
    result = row->call(t, a);
    if (result < 0 || !given)
        return result;
    siginfo_narrow(out, &info);
    return guest_copy_out(t, guest_addr(given), out, sizeof(out)) < 0 ? -EFAULT : result;
}

static long narrow_sigtimedwait(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    return info_result(t, row, a, 1);
}

static long narrow_waitid(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    (void)r;
    return info_result(t, row, a, 2);
}

/* rt_sigaction(2): with or without sa_restorer, as on 64 bits. */
static long narrow_sigaction(Thread *t, const SyscallRow *row, uint64_t *a, Room *r)
{
    const char *layout = t->abi->no_restorer ? "p2m" : "p3m";
    const NarrowRow how = { .args = { { 2, NARROW_IN, 0, layout }, { 3, NARROW_OUT, 0, layout } } };

    return struct_args(t, row, &how, a, r);
}

/* ---- the table ---- */

// clang-format off
static const NarrowRow calls[SC_COUNT] = {
    [SC_readv]        = { .args = { { 2, NARROW_IN, 3, IOV } } },
    [SC_writev]       = { .args = { { 2, NARROW_IN, 3, IOV } } },
    [SC_preadv]       = { .args = { { 2, NARROW_IN, 3, IOV } }, .fn = narrow_pos_pair },
    [SC_pwritev]      = { .args = { { 2, NARROW_IN, 3, IOV } }, .fn = narrow_pos_pair },
    [SC_preadv2]      = { .args = { { 2, NARROW_IN, 3, IOV } }, .fn = narrow_pos_pair },
    [SC_pwritev2]     = { .args = { { 2, NARROW_IN, 3, IOV } }, .fn = narrow_pos_pair },
    [SC_vmsplice]     = { .args = { { 2, NARROW_IN, 3, IOV } } },
    [SC_process_vm_readv]  = { .args = { { 2, NARROW_IN, 3, IOV }, { 4, NARROW_IN, 5, IOV } } },
    [SC_process_vm_writev] = { .args = { { 2, NARROW_IN, 3, IOV }, { 4, NARROW_IN, 5, IOV } } },
    [SC_process_madvise]   = { .args = { { 2, NARROW_IN, 3, IOV } } },
    [SC_lseek]        = { .fn = narrow_lseek },
    [SC_statfs]       = { .fn = narrow_statfs },
    [SC_fstatfs]      = { .fn = narrow_statfs },
    [SC_fcntl]        = { .fn = narrow_fcntl },
    [SC_mmap]         = { .fn = narrow_mmap },
    [SC_ioctl]        = { .fn = narrow_ioctl },
    [SC_execve]       = { .fn = narrow_exec },
    [SC_execveat]     = { .fn = narrow_exec },
    [SC_sendmsg]      = { .fn = narrow_sendmsg },
    [SC_recvmsg]      = { .fn = narrow_recvmsg },
    [SC_sendmmsg]     = { .fn = narrow_mmsg },
    [SC_recvmmsg]     = { .fn = narrow_mmsg },
    [SC_rt_sigaction] = { .fn = narrow_sigaction },
    [SC_sigaltstack]  = { .args = { { 1, NARROW_IN, 0, "pwp" }, { 2, NARROW_OUT, 0, "pwp" } } },
    [SC_rt_sigtimedwait]   = { .fn = narrow_sigtimedwait },
    [SC_rt_sigqueueinfo]   = { .fn = narrow_info_2 },
    [SC_rt_tgsigqueueinfo] = { .fn = narrow_info_3 },
    [SC_pidfd_send_signal] = { .fn = narrow_info_2 },
    [SC_waitid]       = { .args = { { 5, NARROW_OUT, 0, RUSAGE } }, .fn = narrow_waitid },
    [SC_wait4]        = { .args = { { 4, NARROW_OUT, 0, RUSAGE } } },
    [SC_getrusage]    = { .args = { { 2, NARROW_OUT, 0, RUSAGE } } },
    [SC_times]        = { .args = { { 1, NARROW_OUT, 0, "l4" } } },
    [SC_sysinfo]      = { .args = { { 1, NARROW_OUT, 0, "lp3p6h2p2w" } } },
    [SC_getitimer]    = { .args = { { 2, NARROW_OUT, 0, "l4" } } },
    [SC_setitimer]    = { .args = { { 2, NARROW_IN, 0, "l4" }, { 3, NARROW_OUT, 0, "l4" } } },
    [SC_timer_create] = { .args = { { 2, NARROW_IN, 0, SIGEVENT } } },
    [SC_mq_notify]    = { .args = { { 2, NARROW_IN, 0, SIGEVENT } } },
    [SC_mq_open]      = { .args = { { 4, NARROW_IN, 0, "l8" } } },
    [SC_mq_getsetattr] = { .args = { { 2, NARROW_IN, 0, "l8" }, { 3, NARROW_OUT, 0, "l8" } } },
    [SC_pselect6]     = { .args = { { 6, NARROW_IN, 0, "p2" } } },
    [SC_move_pages]   = { .args = { { 3, NARROW_IN, 2, "p" } } },
    /* Lists that the kernel walks when a thread dies, and what nobody has asked for yet. */
    [SC_set_robust_list] = { .refuse = ENOSYS }, [SC_get_robust_list] = { .refuse = ENOSYS },
    [SC_io_setup]  = { .refuse = ENOSYS }, [SC_io_submit] = { .refuse = ENOSYS },
    [SC_io_cancel] = { .refuse = ENOSYS }, [SC_io_getevents] = { .refuse = ENOSYS },
    [SC_io_destroy] = { .refuse = ENOSYS }, [SC_io_pgetevents] = { .refuse = ENOSYS },
    [SC_msgsnd]    = { .refuse = ENOSYS }, [SC_msgrcv] = { .refuse = ENOSYS },
    [SC_msgctl]    = { .refuse = ENOSYS }, [SC_shmctl] = { .refuse = ENOSYS },
    [SC_semctl]    = { .refuse = ENOSYS }, [SC_keyctl] = { .refuse = ENOSYS },
    [SC_ptrace]    = { .refuse = ENOSYS }, [SC_perf_event_open] = { .refuse = ENOSYS },
    [SC_quotactl]  = { .refuse = ENOSYS }, [SC_quotactl_fd] = { .refuse = ENOSYS },
};
// clang-format on

/* ---- dispatch ---- */

/*
 * Registers to arguments. A 64-bit number takes two, low half first; long numbers keep their
 * sign, which makes any other number what its handler takes of it.
 */
void narrow_args(Thread *t, const SyscallRow *row, uint64_t *a)
{
    unsigned reg = 0;

    for (unsigned i = 0; i < SYSCALL_MAX_ARGS; i++) {
        uint8_t kind = i < row->n_args ? row->args[i].kind : ARG_HEX;
        uint64_t low = reg < SYSCALL_MAX_ARGS ? (uint32_t)t->abi->syscall_arg(t->env, reg++) : 0;

        if (kind == ARG_OFFSET && reg < SYSCALL_MAX_ARGS)
            a[i] = low | t->abi->syscall_arg(t->env, reg++) << 32;
        else
            a[i] = kind == ARG_LONG ? (uint64_t)(int32_t)low : low;
    }
}

/* plain_args: as they are in the registers: calls whose form differs read them themselves. */
static void plain_args(Thread *t, uint64_t *a)
{
    for (unsigned i = 0; i < SYSCALL_MAX_ARGS; i++)
        a[i] = (uint32_t)t->abi->syscall_arg(t->env, i);
}

long narrow_call(Thread *t, unsigned id)
{
    const SyscallRow *row = &syscall_rows[id];
    const NarrowRow *how = &calls[id];
    uint64_t a[SYSCALL_MAX_ARGS];
    Room room = { .used = 0 };
    long result;

    if (how->refuse)
        return syscall_refused(t, how->refuse);
    if (how->fn && !how->args[0].arg)
        plain_args(t, a);
    else
        narrow_args(t, row, a);
    result = how->args[0].arg ? struct_args(t, row, how, a, &room)
             : how->fn        ? how->fn(t, row, a, &room) : row->call(t, a);
    room_empty(&room);
    return result;
}
