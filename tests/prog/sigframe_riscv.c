// SPDX-License-Identifier: MIT
// The riscv64 signal frame: what a handler changes in it takes effect on return, vectors included.
// guests: riscv64
// builds: static interp dynamic
// options: -cpu max,v=on,vlen=128
// expect: bytes of the largest frame 1664
// expect: vector control 0 2 -1 22, flush 0 -1
// expect: not used yet: no vector record, end record 1
// expect: s3 changed 1234, pc moved 1, fs1 changed 2.5, fcsr 0x61 changed 0x22
// expect: frame aligned 1, registers as they were 1
// expect: vector record 1, end record 1, vl 4 vtype 0xd0 vcsr 3 vlenb 16
// expect: v1 changed 99 2 3 98, vl 3, vcsr 4
// expect: registers from elsewhere 7 7 7 7
// expect: vtype that is not legal: vl 0, vill 1
// expect: small alternate stacks 12 0
// expect: junk: reserved word 11, magic 11, end with a size 11, size of vectors 11, nowhere 11
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"

enum { V_MAGIC = 0x53465457, V_BYTES = 8 + 48 + 512 };

typedef struct {
    uint32_t magic, size;
    uint64_t vstart, vl, vtype, vcsr, vlenb;
    void *data;
} Record;

static int aligned, found, ended;
static Record seen;
static uint32_t fcsr;
static uint64_t s2;
static void (*edit)(ucontext_t *uc, Record *r);

/* first: the first extension's header, behind the reserved word. */
static uint32_t *first(ucontext_t *uc)
{
    return (uint32_t *)((char *)&uc->uc_mcontext.__fpregs + 520);
}

static void handler(int sig, siginfo_t *si, void *ctx)
{
    ucontext_t *uc = ctx;
    uint32_t *h = first(uc);
    Record *r = (Record *)h;

    (void)sig;
    aligned = (uintptr_t)si % 16 == 0 && (uintptr_t)uc % 16 == 0;
    found = h[0] == V_MAGIC && h[1] == V_BYTES;
    if (found) {
        seen = *r;
        h = (uint32_t *)((char *)h + h[1]);
    }
    ended = !h[0] && !h[1];
    if (sig == SIGILL)
        uc->uc_mcontext.__gregs[0] += 4;
    if (edit)
        edit(uc, found ? r : NULL);
}

static void edit_scalar(ucontext_t *uc, Record *r)
{
    double d = 2.5;

    (void)r;
    s2 = uc->uc_mcontext.__gregs[18];
    uc->uc_mcontext.__gregs[19] = 1234;
    memcpy(&uc->uc_mcontext.__fpregs.__d.__f[9], &d, 8);
    fcsr = uc->uc_mcontext.__fpregs.__d.__fcsr;
    uc->uc_mcontext.__fpregs.__d.__fcsr = 0x22;
}

static void scalar(void)
{
    uint64_t s3, moved;
    uint32_t after;
    double fs1;

    edit = edit_scalar;
    asm volatile("li s2, 77\n li s3, 1\n li s4, 0\n li t0, 0x61\n fscsr t0\n"
                 ".4byte 0xffffffff\n"
                 "frcsr %3\n fscsr zero\n mv %0, s3\n li s4, 1\n mv %1, s4\n fmv.d %2, fs1\n"
                 : "=&r"(s3), "=&r"(moved), "=&f"(fs1), "=&r"(after)
                 :
                 : "s2", "s3", "s4", "t0", "fs1", "memory");
    printf("s3 changed %lu, pc moved %d, fs1 changed %.1f, fcsr %#x changed %#x\n", s3, moved == 1,
           fs1, fcsr, after);
    printf("frame aligned %d, registers as they were %d\n", aligned, s2 == 77);
}

static void edit_vector(ucontext_t *uc, Record *r)
{
    (void)uc;
    if (r) {
        uint32_t *v = r->data;

        v[4] = 99;
        v[7] = 98;
        r->vl = 3;
        r->vcsr = 4;
        r->vlenb = 12345;       /* is not looked at */
    }
}

static void edit_pointer(ucontext_t *uc, Record *r)
{
    static uint32_t other[128];

    (void)uc;
    for (int i = 0; i < 128; i++)
        other[i] = 7;
    if (r)
        r->data = other;
}

static void edit_type(ucontext_t *uc, Record *r)
{
    (void)uc;
    if (r)
        r->vtype = 0x7f;
}

/* run: with v1 = 1 2 3 4 a signal that edits; v1, vl, vtype and vcsr after it. */
static void run(void (*how)(ucontext_t *uc, Record *r), uint32_t out[4], uint64_t csr[3])
{
    static const uint32_t in[4] = { 1, 2, 3, 4 };

    edit = how;
    asm volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v1, (%3)\n csrwi vcsr, 3\n"
                   ".4byte 0xffffffff\n"
                   "csrr %0, vl\n csrr %1, vtype\n csrr %2, vcsr\n"
                   "vsetivli zero, 4, e32, m1, ta, ma\n vse32.v v1, (%4)")
                 : "=&r"(csr[0]), "=&r"(csr[1]), "=&r"(csr[2])
                 : "r"(in), "r"(out)
                 : "memory");
}

static void vectors(void)
{
    uint32_t v[4];
    uint64_t csr[3];

    run(edit_vector, v, csr);
    printf("vector record %d, end record %d, vl %lu vtype %#lx vcsr %lu vlenb %lu\n", found, ended,
           seen.vl, seen.vtype, seen.vcsr, seen.vlenb);
    printf("v1 changed %u %u %u %u, vl %lu, vcsr %lu\n", v[0], v[1], v[2], v[3], csr[0], csr[2]);
    run(edit_pointer, v, csr);
    printf("registers from elsewhere %u %u %u %u\n", v[0], v[1], v[2], v[3]);
    run(edit_type, v, csr);
    printf("vtype that is not legal: vl %lu, vill %d\n", csr[0], csr[1] == 1ull << 63);
}

static int altstack(size_t size)
{
    static char stack[8192];
    stack_t s = { .ss_sp = stack, .ss_size = size }, off = { .ss_flags = SS_DISABLE };
    int err = sigaltstack(&s, NULL) ? errno : 0;

    sigaltstack(&off, NULL);
    return err;
}

static void junk_reserved(ucontext_t *uc, Record *r) { (void)r; first(uc)[-1] = 1; }
static void junk_magic(ucontext_t *uc, Record *r) { (void)r; first(uc)[0] = 0x1234; }
static void junk_size(ucontext_t *uc, Record *r) { (void)uc; if (r) r->size += 8; }
static void junk_data(ucontext_t *uc, Record *r) { (void)uc; if (r) r->data = (void *)16; }
static void junk_end(ucontext_t *uc, Record *r)
{
    (void)r;
    *(uint32_t *)((char *)first(uc) + V_BYTES + 4) = 8;
}

static int dies(void (*how)(ucontext_t *uc, Record *r))
{
    int status = 0;
    pid_t pid = fork();

    if (!pid) {
        uint32_t v[4];
        uint64_t csr[3];

        run(how, v, csr);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    printf("bytes of the largest frame %lu\n", getauxval(51));
    printf("vector control %d %d", prctl(69, 2, 0, 0, 0), prctl(70, 0, 0, 0, 0));
    printf(" %d", prctl(69, 1, 0, 0, 0) == -1 && errno == EPERM ? -1 : 0);
    printf(" %d, flush %d", prctl(69, 3, 0, 0, 0) == -1 ? errno : 0, prctl(71, 0, 0, 0, 0));
    printf(" %d\n", prctl(71, 2, 0, 0, 0));
    raise(SIGUSR1);
    printf("not used yet: %s vector record, end record %d\n", found ? "a" : "no", ended);
    scalar();
    vectors();
    printf("small alternate stacks %d %d\n", altstack(2047), altstack(2048));
    printf("junk: reserved word %d, magic %d, end with a size %d, size of vectors %d, nowhere %d\n",
           dies(junk_reserved), dies(junk_magic), dies(junk_end), dies(junk_size), dies(junk_data));
    return 0;
}
