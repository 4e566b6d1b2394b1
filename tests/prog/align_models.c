// SPDX-License-Identifier: MIT
// guests: aarch64
// A CPU without LSE2: every ordered, exclusive or atomic access that is not aligned is a bus error;
// plain ones are not.
// builds: static interp
// native: no
// options: -cpu neoverse-n1
// expect: plain 0, ordered 4, exclusive 4, atomic 6 of 14 bus errors; data as it was
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static sigjmp_buf out;
static unsigned char data[64] __attribute__((aligned(64)));

static void on_bus(int sig, siginfo_t *info, void *context)
{
    (void)context;
    siglongjmp(out, sig == SIGBUS && info->si_code == BUS_ADRALN && info->si_addr == data + 2 ? 1 : 2);
}

#define FAULTS(insn)                                                                           \
    ({                                                                                         \
        int how = sigsetjmp(out, 1);                                                           \
                                                                                               \
        if (!how) {                                                                            \
            __asm__ volatile(".arch armv8.1-a\nmov x9, %0\nmov x0, #1\nmov x1, #2\n" insn "\n"  \
                             :                                                                 \
                             : "r"(data + 2)                                                   \
                             : "x0", "x1", "x2", "x9", "memory");                              \
        }                                                                                      \
        how;                                                                                   \
    })

int main(void)
{
    struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_NODEFER };
    int plain = 0, ordered = 0, exclusive = 0, atomic = 0, touched = 0;

    sigaction(SIGBUS, &sa, NULL);
    plain += FAULTS("ldr w0, [x9]");
    plain += FAULTS("ldr x0, [x9]");
    plain += FAULTS("ldp x0, x1, [x9]");
    ordered += FAULTS("ldar w0, [x9]");
    ordered += FAULTS("stlr w0, [x9]");
    ordered += FAULTS("ldar x0, [x9]");
    ordered += FAULTS("stlr x0, [x9]");
    exclusive += FAULTS("ldxr w0, [x9]");
    exclusive += FAULTS("stlxr w0, x1, [x9]");
    exclusive += FAULTS("ldaxr x0, [x9]");
    exclusive += FAULTS("ldxp w0, w1, [x9]");
    atomic += FAULTS("ldadd w0, w1, [x9]");
    atomic += FAULTS("swpal x0, x1, [x9]");
    atomic += FAULTS("casal x0, x1, [x9]");
    atomic += FAULTS("stset w0, [x9]");
    atomic += FAULTS("ldumax w0, w1, [x9]");
    atomic += FAULTS("casp w0, w1, w0, w1, [x9]");
    for (unsigned i = 0; i < sizeof(data); i++) {
        touched |= data[i];
    }
    printf("plain %d, ordered %d, exclusive %d, atomic %d of 14 bus errors; data %s\n", plain, ordered,
           exclusive, atomic, touched ? "changed" : "as it was");
    return 0;
}
