// SPDX-License-Identifier: MIT
// guests: aarch64
//
// Synchronous faults: the handler must see the exact pc, signal, code, address and every
// register, wherever the instruction stands. Each case enters a piece of assembly with all
// registers set; the handler keeps what the kernel's frame says and jumps back.
//
// builds: static interp dynamic
// expect: null_load ok
// expect: ro_store ok
// expect: exec_data ok
// expect: exec_unmapped ok
// expect: bus_truncated ok
// expect: undefined ok
// expect: breakpoint ok
// expect: loop_end ok
// expect: after_return ok
// expect: in_callee ok
// expect: straddle ok
// expect: code_page_end ok
// expect: ld1_four ok
// expect: ldp_q_pre ok
// expect: ldp_post ok
// expect: stp_pre_ro ok
// expect: dest_is_base ok
// expect: ldxr_none ok
// expect: zva_ro ok
// expect: many_regs ok
// expect: simd_loop ok
// expect: flags_kept ok
// expect: store_loop ok
// expect: second_of_two ok
// expect: tagged pointer 77
// expect: kill FPE code -6 pid 1
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

typedef struct {
    uint64_t x[31], nzcv;
    uint64_t v[32][2];
    uint64_t sp, pc, addr;
    int sig, code;
} State;

void enter(State *in, const void *code);
asm(".text\n"
    "enter: mov x30, x1\n"
    "  mov x2, sp\n"
    "  str x2, [x0, #768]\n"
    "  ldr x2, [x0, #248]\n"
    "  msr nzcv, x2\n"
    "  add x3, x0, #256\n"
    "  ld1 {v0.2d-v3.2d}, [x3], #64\n"
    "  ld1 {v4.2d-v7.2d}, [x3], #64\n"
    "  ld1 {v8.2d-v11.2d}, [x3], #64\n"
    "  ld1 {v12.2d-v15.2d}, [x3], #64\n"
    "  ld1 {v16.2d-v19.2d}, [x3], #64\n"
    "  ld1 {v20.2d-v23.2d}, [x3], #64\n"
    "  ld1 {v24.2d-v27.2d}, [x3], #64\n"
    "  ld1 {v28.2d-v31.2d}, [x3], #64\n"
    "  ldp x2, x3, [x0, #16]\n"
    "  ldp x4, x5, [x0, #32]\n"
    "  ldp x6, x7, [x0, #48]\n"
    "  ldp x8, x9, [x0, #64]\n"
    "  ldp x10, x11, [x0, #80]\n"
    "  ldp x12, x13, [x0, #96]\n"
    "  ldp x14, x15, [x0, #112]\n"
    "  ldp x16, x17, [x0, #128]\n"
    "  ldp x18, x19, [x0, #144]\n"
    "  ldp x20, x21, [x0, #160]\n"
    "  ldp x22, x23, [x0, #176]\n"
    "  ldp x24, x25, [x0, #192]\n"
    "  ldp x26, x27, [x0, #208]\n"
    "  ldp x28, x29, [x0, #224]\n"
    "  ldp x0, x1, [x0]\n"
    "  br x30\n");
_Static_assert(offsetof(State, sp) == 768, "enter() stores sp there");

#define CASE(name, before, insn)                                                         \
    extern const char name[], name##_pc[];                                               \
    asm(".text\n.globl " #name ", " #name "_pc\n" #name ":\n" before "\n" #name "_pc: " insn "\n");

CASE(null_load, "add x1, x2, x3", "ldr x4, [x5]")
CASE(ro_store, "mul x9, x2, x3", "str x4, [x6]")
CASE(exec_data, "", "br x7")
CASE(undefined, "sub w1, w2, w3", ".inst 0x00000000")
CASE(breakpoint, "", "brk #7")
CASE(loop_end, "", "ldr x3, [x2], #8\n add x4, x4, x3\n subs x1, x1, #1\n b.ne loop_end_pc")
CASE(after_return, "bl 1f\n b after_return_pc\n 1: add x1, x1, #1\n ret", "ldr x2, [x5]")
CASE(in_callee, "bl in_callee_pc\n udf #0", "ldr x2, [x5]")
CASE(straddle, "", "ldr x3, [x2]")
CASE(ld1_four, "", "ld1 {v0.16b-v3.16b}, [x2], #64")
CASE(ldp_q_pre, "", "ldp q4, q5, [x2, #-32]!")
CASE(ldp_post, "", "ldp x3, x4, [x2], #16")
CASE(stp_pre_ro, "", "stp x3, x4, [x6, #-16]!")
CASE(dest_is_base, "", "ldr x2, [x2, x3, lsl #3]")
CASE(ldxr_none, "", "ldaxr x2, [x5]")
CASE(zva_ro, "", "dc zva, x6")
CASE(many_regs,
     "add x0, x0, x1\n eor x1, x1, x2\n orr x2, x2, x3\n sub x3, x3, x4\n lsl x4, x4, #3\n"
     "add x7, x7, x8\n ror x8, x8, #9\n mul x9, x9, x10\n umulh x10, x10, x11\n neg x11, x12\n"
     "mvn x12, x13\n clz x13, x14\n rbit x14, x15\n rev x15, x16\n add w16, w16, w17\n"
     "add x19, x19, x20\n add x20, x20, x21\n add x21, x21, x22\n add x22, x22, x23\n"
     "add x23, x23, x24\n add x24, x24, x25\n add x25, x25, x26\n add x26, x26, x27\n"
     "add x27, x27, x28\n add x28, x28, x29\n add x29, x29, #5",
     "str x0, [x6]")
CASE(simd_loop, "", "ldr q1, [x2], #16\n add v0.4s, v0.4s, v1.4s\n mul v2.4s, v1.4s, v0.4s\n"
     " b simd_loop_pc")
CASE(flags_kept, "cmp x2, x3\n ccmp x2, x3, #5, ne", "ldr x4, [x5]\n b.eq flags_kept\n udf #0")
CASE(store_loop, "", "str x4, [x2], #8\n add x4, x4, #1\n b store_loop_pc")
CASE(second_of_two, "ldr x3, [x2]\n add x3, x3, #1", "ldr x4, [x5, #8]!")

static State in, want, got;
static sigjmp_buf back;
static uint64_t page_end;       /* just past a readable page, before one that is not */
static char *ro;

static void handler(int sig, siginfo_t *si, void *ctx)
{
    const mcontext_t *m = &((ucontext_t *)ctx)->uc_mcontext;
    const struct fpsimd_context *f = (const void *)m->__reserved;

    memcpy(got.x, m->regs, sizeof(got.x));
    got.nzcv = m->pstate & 0xf0000000;
    got.sp = m->sp;
    got.pc = m->pc;
    got.sig = sig;
    got.code = si->si_code;
    got.addr = (uint64_t)si->si_addr;
    if (f->head.magic == FPSIMD_MAGIC) {
        memcpy(got.v, f->vregs, sizeof(got.v));
    }
    siglongjmp(back, 1);
}

static void reset(void)
{
    for (unsigned i = 0; i < 31; i++) {
        in.x[i] = 0x1111111111111111u * (i + 1) ^ (uint64_t)i << 40;
    }
    for (unsigned i = 0; i < 32; i++) {
        in.v[i][0] = 0x0101010101010101u * (i + 3);
        in.v[i][1] = ~in.v[i][0] + i;
    }
    in.nzcv = 0x60000000;
    in.x[5] = 16;
    in.x[6] = (uint64_t)ro + 64;
}

static void report(const char *name)
{
    if (got.sig != want.sig || got.code != want.code || got.addr != want.addr) {
        printf("%s: signal %d code %d addr %#lx, expected %d %d %#lx\n", name, got.sig, got.code,
               got.addr, want.sig, want.code, want.addr);
        return;
    }
    if (got.pc != want.pc || got.sp != in.sp || got.nzcv != want.nzcv) {
        printf("%s: pc %+ld sp %+ld nzcv %#lx, expected %#lx\n", name, got.pc - want.pc,
               got.sp - in.sp, got.nzcv, want.nzcv);
        return;
    }
    for (int i = 0; i < 31; i++) {
        if (got.x[i] != want.x[i]) {
            printf("%s: x%d %#lx, expected %#lx\n", name, i, got.x[i], want.x[i]);
            return;
        }
    }
    for (int i = 0; i < 32; i++) {
        if (memcmp(got.v[i], want.v[i], 16)) {
            printf("%s: v%d %#lx:%#lx, expected %#lx:%#lx\n", name, i, got.v[i][1], got.v[i][0],
                   want.v[i][1], want.v[i][0]);
            return;
        }
    }
    printf("%s ok\n", name);
}

/* begin: what should be seen when nothing but the fault happens; cases change want after. */
static void begin(const void *code, const void *pc, int sig, int si_code, uint64_t addr)
{
    in.x[30] = (uint64_t)code;
    want = in;
    want.pc = (uint64_t)pc;
    want.sig = sig;
    want.code = si_code;
    want.addr = addr;
}

static void run(const char *name, const void *code)
{
    memset(&got, 0, sizeof(got));
    if (!sigsetjmp(back, 1)) {
        enter(&in, code);
    }
    report(name);
    reset();
}

#define BEGIN(name, sig, code, addr) begin(name, name##_pc, sig, code, addr)

static void plain_cases(void)
{
    BEGIN(null_load, SIGSEGV, SEGV_MAPERR, 16);
    want.x[1] = in.x[2] + in.x[3];
    run("null_load", null_load);

    BEGIN(ro_store, SIGSEGV, SEGV_ACCERR, in.x[6]);
    want.x[9] = in.x[2] * in.x[3];
    run("ro_store", ro_store);

    in.x[7] = (uint64_t)ro;
    begin(exec_data, ro, SIGSEGV, SEGV_ACCERR, (uint64_t)ro);
    run("exec_data", exec_data);
    in.x[7] = 0x1000;
    begin(exec_data, (void *)0x1000, SIGSEGV, SEGV_MAPERR, 0x1000);
    run("exec_unmapped", exec_data);

    int fd = open("truncated", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (ftruncate(fd, 8192)) {
        perror("ftruncate");
    }
    char *file = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    if (ftruncate(fd, 4096)) {
        perror("ftruncate");
    }
    in.x[5] = (uint64_t)file + 4096 + 40;
    BEGIN(null_load, SIGBUS, BUS_ADRERR, in.x[5]);
    want.x[1] = in.x[2] + in.x[3];
    run("bus_truncated", null_load);

    BEGIN(undefined, SIGILL, ILL_ILLOPC, (uint64_t)undefined_pc);
    want.x[1] = (uint32_t)(in.x[2] - in.x[3]);
    run("undefined", undefined);
    BEGIN(breakpoint, SIGTRAP, TRAP_BRKPT, (uint64_t)breakpoint_pc);
    run("breakpoint", breakpoint);
}

static void flow_cases(void)
{
    uint64_t *last = (uint64_t *)page_end - 8, sum = 0;

    for (int i = 0; i < 8; i++) {
        last[i] = 1000 + i;
        sum += last[i];
    }
    in.x[2] = page_end - 64;
    in.x[1] = 100;
    BEGIN(loop_end, SIGSEGV, SEGV_ACCERR, page_end);
    want.x[1] = 92;
    want.x[2] = page_end;
    want.x[3] = 1007;
    want.x[4] = in.x[4] + sum;
    want.nzcv = 0x20000000;
    run("loop_end", loop_end);

    BEGIN(after_return, SIGSEGV, SEGV_MAPERR, 16);
    want.x[1] = in.x[1] + 1;
    want.x[30] = (uint64_t)after_return + 4;
    run("after_return", after_return);
    BEGIN(in_callee, SIGSEGV, SEGV_MAPERR, 16);
    want.x[30] = (uint64_t)in_callee + 4;
    run("in_callee", in_callee);

    in.x[2] = page_end - 4;
    BEGIN(straddle, SIGSEGV, SEGV_ACCERR, page_end);
    run("straddle", straddle);

    uint32_t *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code[1022] = code[1023] = 0x91000421;       /* add x1, x1, #1 */
    __builtin___clear_cache((char *)code, (char *)(code + 1024));
    mprotect(code, 4096, PROT_READ | PROT_EXEC);
    mprotect(code + 1024, 4096, PROT_NONE);
    begin(code + 1022, code + 1024, SIGSEGV, SEGV_ACCERR, (uint64_t)(code + 1024));
    want.x[1] = in.x[1] + 2;
    run("code_page_end", code + 1022);
}

static void writeback_cases(void)
{
    in.x[2] = page_end - 32;
    BEGIN(ld1_four, SIGSEGV, SEGV_ACCERR, page_end);
    run("ld1_four", ld1_four);
    in.x[2] = page_end + 16;
    BEGIN(ldp_q_pre, SIGSEGV, SEGV_ACCERR, page_end);
    run("ldp_q_pre", ldp_q_pre);
    in.x[2] = page_end - 8;
    BEGIN(ldp_post, SIGSEGV, SEGV_ACCERR, page_end);
    run("ldp_post", ldp_post);
    BEGIN(stp_pre_ro, SIGSEGV, SEGV_ACCERR, in.x[6] - 16);
    run("stp_pre_ro", stp_pre_ro);
    in.x[3] = 4;
    in.x[2] = page_end - 32;
    BEGIN(dest_is_base, SIGSEGV, SEGV_ACCERR, page_end);
    run("dest_is_base", dest_is_base);
    BEGIN(ldxr_none, SIGSEGV, SEGV_MAPERR, 16);
    run("ldxr_none", ldxr_none);
    BEGIN(zva_ro, SIGSEGV, SEGV_ACCERR, in.x[6]);
    run("zva_ro", zva_ro);
}

static uint64_t reverse_bits(uint64_t x)
{
    uint64_t r = 0;

    for (int i = 0; i < 64; i++) {
        r |= (x >> i & 1) << (63 - i);
    }
    return r;
}

static void many_regs_case(void)
{
    BEGIN(many_regs, SIGSEGV, SEGV_ACCERR, in.x[6]);
    uint64_t *w = want.x;
    const uint64_t *x = in.x;
    w[0] = x[0] + x[1];
    w[1] = x[1] ^ x[2];
    w[2] = x[2] | x[3];
    w[3] = x[3] - x[4];
    w[4] = x[4] << 3;
    w[7] = x[7] + x[8];
    w[8] = x[8] >> 9 | x[8] << 55;
    w[9] = x[9] * x[10];
    w[10] = (uint64_t)((unsigned __int128)x[10] * x[11] >> 64);
    w[11] = -x[12];
    w[12] = ~x[13];
    w[13] = (uint64_t)__builtin_clzll(x[14]);
    w[14] = reverse_bits(x[15]);
    w[15] = __builtin_bswap64(x[16]);
    w[16] = (uint32_t)(x[16] + x[17]);
    for (int i = 19; i <= 28; i++) {
        w[i] = x[i] + x[i + 1];
    }
    w[29] = x[29] + 5;
    run("many_regs", many_regs);
}

static void data_cases(void)
{
    uint32_t *q = (uint32_t *)(page_end - 64), acc[4], prod[4];

    memcpy(acc, in.v[0], 16);
    for (int i = 0; i < 16; i++) {
        q[i] = 77u * i + 5;
        acc[i % 4] += q[i];
        prod[i % 4] = q[i] * acc[i % 4];
    }
    in.x[2] = page_end - 64;
    BEGIN(simd_loop, SIGSEGV, SEGV_ACCERR, page_end);
    want.x[2] = page_end;
    memcpy(want.v[0], acc, 16);
    memcpy(want.v[1], q + 12, 16);
    memcpy(want.v[2], prod, 16);
    run("simd_loop", simd_loop);

    in.x[2] = in.x[3] = 9;      /* equal: ccmp sets 0101 */
    BEGIN(flags_kept, SIGSEGV, SEGV_MAPERR, 16);
    want.nzcv = 0x50000000;
    run("flags_kept", flags_kept);

    in.x[2] = page_end - 32;
    in.x[4] = 3;
    BEGIN(store_loop, SIGSEGV, SEGV_ACCERR, page_end);
    want.x[2] = page_end;
    want.x[4] = 7;
    run("store_loop", store_loop);

    in.x[2] = page_end - 8;
    BEGIN(second_of_two, SIGSEGV, SEGV_MAPERR, 24);
    want.x[3] = 6 + 1;
    run("second_of_two", second_of_two);
}

static void other_cases(void)
{
    static volatile uint64_t value = 77;
    volatile uint64_t *tagged = (volatile uint64_t *)((uint64_t)&value | 0x5aull << 56);

    printf("tagged pointer %lu\n", *tagged);
    if (!sigsetjmp(back, 1)) {
        kill(getpid(), SIGFPE);
    }
    /* SI_USER is 0, SI_TKILL -6: raise() goes to the thread. */
    if (!sigsetjmp(back, 1)) {
        raise(SIGFPE);
    }
    printf("kill %s code %d pid %d\n", got.sig == SIGFPE ? "FPE" : "other", got.code,
           (pid_t)got.addr == getpid());
}

int main(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < sizeof(sigs) / sizeof(*sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
    char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ro = p;
    memset(p, 0xd5, 3 * 4096);
    mprotect(p, 4096, PROT_READ);
    mprotect(p + 8192, 4096, PROT_NONE);
    page_end = (uint64_t)p + 8192;
    reset();
    plain_cases();
    flow_cases();
    writeback_cases();
    many_regs_case();
    data_cases();
    other_cases();
    return 0;
}
