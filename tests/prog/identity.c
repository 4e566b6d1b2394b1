// SPDX-License-Identifier: MIT
// What a guest sees of itself is the guest's story.
// builds: static interp dynamic
// expect-aarch64: machine aarch64 system Linux
// expect-riscv64: machine riscv64 system Linux
// expect: exe ends with my name 1
// expect: comm identity.
// expect: Threads: 1
// expect: cmdline args 1
// expect: maps name me 1, no emulator 1, stack 1
// expect: auxv file agrees 1
// expect-aarch64: hwcap fp asimd atomics crc32 1
// expect-aarch64: cpuinfo is arm 1
// expect-riscv64: hwcap imafdc 1, no second word 1
// expect-riscv64: cpuinfo is riscv 1
// expect-riscv64: platform none
// expect-aarch64: platform aarch64
// expect: vdso sane 1
// expect-aarch64: cache line 64, zva 64
// expect: counter runs 1
// expect: pc in text 1
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static char text[1 << 20];

static size_t slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    text[n] = 0;
    if (f) {
        fclose(f);
    }
    return n;
}

static void proc_files(const char *argv0)
{
    char exe[4096] = "", comm[20] = "";
    const char *base = strrchr(argv0, '/') ? strrchr(argv0, '/') + 1 : argv0;

    if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0) {
        perror("exe");
    }
    const char *exe_base = strrchr(exe, '/');
    printf("exe ends with my name %d\n", exe_base && !strcmp(exe_base + 1, base));
    prctl(PR_GET_NAME, comm);
    comm[9] = 0;
    slurp("/proc/self/comm");
    text[9] = 0;
    printf("comm %s\n", strcmp(comm, text) ? "differs" : comm);
    slurp("/proc/self/status");
    char *t = strstr(text, "Threads:");
    printf("Threads: %d\n", t ? atoi(t + 8) : -1);
    size_t n = slurp("/proc/self/cmdline");
    printf("cmdline args %d\n", n && !strcmp(text, argv0) && strlen(text) + 1 == n);
    slurp("/proc/self/maps");
    printf("maps name me %d, no emulator %d, stack %d\n", strstr(text, base) != NULL,
           !strstr(text, "mimus\n") && !strstr(text, "qemu"), strstr(text, "[stack]") != NULL);
}

#ifdef __aarch64__
enum { MACHINE = EM_AARCH64 };

static void cpu(void)
{
    unsigned long want = 1 << 0 | 1 << 1 | 1 << 7 | 1 << 8;

    printf("hwcap fp asimd atomics crc32 %d\n", (getauxval(AT_HWCAP) & want) == want);
    slurp("/proc/cpuinfo");
    printf("cpuinfo is arm %d\n", strstr(text, "CPU implementer") && strstr(text, "asimd"));
    printf("platform %s\n", (const char *)getauxval(AT_PLATFORM));
}

static void counter(void)
{
    uint64_t ctr, zva, a, b, freq;

    asm("mrs %0, ctr_el0" : "=r"(ctr));
    asm("mrs %0, dczid_el0" : "=r"(zva));
    printf("cache line %d, zva %d\n", 4 << (ctr >> 16 & 15), zva & 16 ? 0 : 4 << (zva & 15));
    asm volatile("mrs %0, cntvct_el0" : "=r"(a));
    usleep(2000);
    asm volatile("mrs %0, cntvct_el0" : "=r"(b));
    asm("mrs %0, cntfrq_el0" : "=r"(freq));
    printf("counter runs %d\n", freq > 1000 && (b - a) * 1000 / freq >= 2 && (b - a) / freq < 5);
}

static uint64_t here(void)
{
    uint64_t pc;

    asm("adr %0, ." : "=r"(pc));
    return pc;
}
#elif defined(__riscv)
enum { MACHINE = EM_RISCV };

static void cpu(void)
{
    unsigned long want = 1 << 8 | 1 << 12 | 1 << 0 | 1 << 5 | 1 << 3 | 1 << 2;

    printf("hwcap imafdc %d, no second word %d\n", (getauxval(AT_HWCAP) & want) == want,
           !getauxval(AT_HWCAP2));
    slurp("/proc/cpuinfo");
    printf("cpuinfo is riscv %d\n", strstr(text, "\nisa\t\t: rv64imafdc") && strstr(text, "_zba_zbb_"));
    printf("platform %s\n", getauxval(AT_PLATFORM) ? (char *)getauxval(AT_PLATFORM) : "none");
}

static void counter(void)
{
    uint64_t a, b;

    asm volatile("rdtime %0" : "=r"(a));
    usleep(2000);
    asm volatile("rdtime %0" : "=r"(b));
    printf("counter runs %d\n", b - a >= 2000000 && b - a < 5000000000);
}

static uint64_t here(void)
{
    uint64_t pc;

    asm("auipc %0, 0" : "=r"(pc));
    return pc;
}
#endif

static void auxv(void)
{
    size_t n = slurp("/proc/self/auxv") / sizeof(ElfW(auxv_t));
    ElfW(auxv_t) *a = (void *)text;
    int agree = n > 10;

    for (size_t i = 0; i < n && a[i].a_type; i++) {
        agree &= getauxval(a[i].a_type) == a[i].a_un.a_val;
    }
    printf("auxv file agrees %d\n", agree);
    cpu();
    const ElfW(Ehdr) *v = (void *)getauxval(AT_SYSINFO_EHDR);
    printf("vdso sane %d\n", v && !memcmp(v->e_ident, ELFMAG, 4) && v->e_machine == MACHINE);
}

int main(int argc, char **argv)
{
    struct utsname u;

    (void)argc;
    uname(&u);
    printf("machine %s system %s\n", u.machine, u.sysname);
    proc_files(argv[0]);
    auxv();

    counter();
    uint64_t pc = here();
    printf("pc in text %d\n", pc - (uint64_t)&main < 4096 || (uint64_t)&main - pc < 4096);
    return 0;
}
