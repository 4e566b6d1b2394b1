/* SPDX-License-Identifier: MIT */
/*
 * calls.c: system calls whose structures and arguments differ for 32-bit guests: each is made with
 * what it must give, so that a wrong layout shows as a wrong number.
 */
#include "rt.h"

typedef struct {
    void *base;
    u32 len;
} Iov;

typedef struct {
    void *name;
    u32 name_len;
    Iov *iov;
    u32 n_iov;
    void *control;
    u32 control_len;
    u32 flags;
} Msg;

typedef struct {
    void (*handler)(int, u32 *, u32 *);
    u32 flags;
    u32 mask[2];
} Action;

enum { UC_STACK_SP = 2, UC_PC = 40, UC_A0 = UC_PC + 10 };     /* words of struct ucontext */

static volatile u32 hits, info_word[6];

static void on_segv(int sig, u32 *info, u32 *uc)
{
    (void)sig;
    for (int i = 0; i < 6; i++)
        info_word[i] = info[i];
    uc[UC_PC] += 4;
    uc[UC_A0] = 0x1234;
    hits++;
}

static void on_usr1(int sig, u32 *info, u32 *uc)
{
    (void)sig, (void)uc;
    for (int i = 0; i < 6; i++)
        info_word[i] = info[i];
    hits++;
}

static void files(void)
{
    static const char text[] = "0123456789abcdef";
    char buf[8] = { 0 };
    u32 at[2] = { 0, 0 };
    Iov v[2] = { { buf, 2 }, { buf + 4, 3 } };
    int fd = SYS(279, "name", 0);                       /* memfd_create */

    show("write", SYS(64, fd, text, 16));
    show("pwrite64 past 4 GiB", SYS(68, fd, "X", 1, 5, 1));
    show("llseek", SYS(62, fd, 0, 0, at, 2));
    show("  low", at[0]);
    show("  high", at[1]);
    show("pread64", SYS(67, fd, buf, 2, 3, 0));
    show("  byte", buf[0]);
    show("preadv", SYS(69, fd, v, 2, 10, 0));
    show("  first", buf[0]);
    show("  second", buf[4]);
    show("ftruncate64", SYS(46, fd, 4, 0));
    show("pread64 at the end", SYS(67, fd, buf, 2, 3, 0));
    show("fallocate", SYS(47, fd, 0, 0, 0, 0x2000, 0));
    SYS(62, fd, 0, 0, at, 2);
    show("  size", at[0]);
    show("mmap2 of page 1", *(u32 *)SYS(222, 0, 0x1000, 1, 1, fd, 1));
    u32 lock[8] = { 1, 0, 0, 0, 0, 0, 0, 0 };

    show("F_SETLK64", SYS(25, fd, 13, lock));
    static u32 statfs[24];

    show("statfs64", SYS(43, "/proc", 88, statfs));
    show("  type", statfs[0]);
    show("statfs64, wrong size", SYS(43, "/proc", 84, statfs));
    SYS(57, fd);
}

static void sockets(void)
{
    static u32 control[8], got[8];
    int pair[2], passed[2];
    char a[4] = "abc", b[8] = { 0 };
    Iov out = { a, 3 }, in = { b, 8 };
    Msg send = { 0, 0, &out, 1, control, 16, 0 }, receive = { 0, 0, &in, 1, got, 32, 0 };

    show("socketpair", SYS(199, 1, 1, 0, pair));
    show("pipe2", SYS(59, passed, 0));
    control[0] = 16, control[1] = 1, control[2] = 1, control[3] = passed[1];
    show("sendmsg", SYS(211, pair[0], &send, 0));
    show("recvmsg", SYS(212, pair[1], &receive, 0));
    show("  text", b[2]);
    show("  control length", receive.control_len);
    show("  cmsg length", got[0]);
    show("  rights", got[1] == 1 && got[2] == 1);
    show("  write to what came", SYS(64, got[3], "yes", 3));
    show("  read", SYS(63, passed[0], b, 8));
    control[0] = 8;
    show("sendmsg, control too short", SYS(211, pair[0], &send, 0));
}

static void signals(void)
{
    Action segv = { on_segv, 4, { 0, 0 } }, usr1 = { on_usr1, 4, { 0, 0 } }, old;
    static u32 stack[4096];
    u32 alt[3] = { (u32)stack, 0, sizeof(stack) }, seen[3];
    register u32 a0 __asm__("a0") = 0;

    SYS(134, 11, &segv, 0, 8);
    SYS(134, 10, &usr1, 0, 8);
    __asm__ volatile(".option push\n.option norvc\nlw a0, 16(x0)\n.option pop" : "+r"(a0)::"memory");
    u32 result = a0;

    show("edited a0", result);
    show("  signal", info_word[0]);
    show("  code", info_word[2]);
    show("  address", info_word[3]);
    SYS(134, 11, 0, &old, 8);
    show("sigaction tells", old.handler == on_segv && old.flags == 4);
    show("sigaltstack", SYS(132, alt, 0));
    SYS(132, 0, seen);
    show("  tells", seen[0] == alt[0] && seen[2] == alt[2]);
    int pid = SYS(172);
    static u32 info[32] = { 10, 0, (u32)-1, 0, 0, 0xabcd1234 };

    show("rt_sigqueueinfo", SYS(138, pid, 10, info));
    show("  code", info_word[2]);
    show("  value", info_word[5]);
    show("hits", hits);
}

static void processes(u32 *sp)
{
    char *argv[] = { "/bin/sh", "-c", "exit $X", 0 }, *envp[] = { "X=7", 0 };
    static u32 info[32], usage[32];
    u64 time[2] = { 0, 1000000 }, now[2] = { 0, 0 };
    u32 *env = sp + 1 + sp[0] + 1, *aux;

    show("argc", sp[0]);
    while (*env)
        env++;
    for (aux = env + 1; aux[0] && aux[0] != 6; aux += 2)
        ;
    show("AT_PAGESZ", aux[1]);
    int pid = SYS(220, 17, 0, 0, 0, 0);                 /* clone: a fork */

    if (!pid) {
        SYS(221, argv[0], argv, envp);
        SYS(94, 99);
    }
    show("waitid", SYS(95, 1, pid, info, 4, usage));
    show("  signal", info[0]);
    show("  child", info[3] == (u32)pid);
    show("  status", info[5]);
    show("clock_nanosleep", SYS(407, 1, 0, time, 0));
    show("clock_gettime", SYS(403, 0, now));
    show("  after 2020", now[0] > 1577836800);
    show("getrusage", SYS(165, 0, usage));
    static u32 sysinfo[20];

    show("sysinfo", SYS(179, sysinfo));
    show("  unit", sysinfo[13]);
    show("no 32-bit time", SYS(113, 0, now));
    show("robust lists", SYS(99, now, 12));
}

/* ---- instructions ---- */

static volatile unsigned char bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void instructions(void)
{
    u64 x = 0x123456789abcdefull;
    /* An address that wraps: base near the top, the rest in the offset. */
    volatile unsigned char *low = (unsigned char *)((u32)bytes + 2048);
    double d = 1.5;

    for (int i = 0; i < 20; i++)
        x = x * 6364136223846793005ull + 1442695040888963407ull;
    show("x high", x >> 32);
    show("x low", x);
    show("mulh", (u32)((u64)((long long)(int)0x89abcdef * (int)0x76543210) >> 32));
    show("byte below", low[-2047]);
    d = d * (double)(int)x + 0.25;
    show("double", (u32)(int)(d / 65536));
    __atomic_fetch_add((volatile u32 *)bytes, 0x10101010, __ATOMIC_SEQ_CST);
    show("atomic", *(volatile u32 *)bytes);
    register u32 t0 __asm__("t0") = (u32)bytes - 0x7ff;

    __asm__ volatile("lbu t0, 0x7ff(t0)" : "+r"(t0)::"memory");
    show("lbu", t0);
    t0 = 0xfffff000;
    register u32 t1 __asm__("t1") = (u32)bytes + 0x1000;

    __asm__ volatile("add t0, t0, t1\nlbu t0, 1(t0)" : "+r"(t0) : "r"(t1) : "memory");
    show("wrapped", t0);
}

void run(u32 *sp)
{
    instructions();
    files();
    sockets();
    signals();
    processes(sp);
}
