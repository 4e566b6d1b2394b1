/* SPDX-License-Identifier: MIT */
/* What is not done says so with an honest errno; nothing is accepted and then ignored. */
// family: newer
// builds: static interp dynamic
// expect: ok
#include "check.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#define PR_(n) (n)

int main(void)
{
    char params[120] = { 0 };
    struct {
        unsigned short len;
        void *filter;
    } prog = { 0, NULL };

    FAILS(syscall(SYS_io_uring_setup, 8, params), ENOSYS);
    FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), ENOSYS);
    FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL), ENOSYS);
    FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), EINVAL);
    IS(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
    FAILS(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0), ENOSYS);
    FAILS(syscall(SYS_bpf, 0, params, 120), EPERM);
    FAILS(syscall(SYS_init_module, params, 0, ""), EPERM);
    FAILS(syscall(SYS_pkey_alloc, 0, 0), ENOSYS);
    FAILS(syscall(244), ENOSYS); /* arch_specific_syscall */
    FAILS(syscall(1000), ENOSYS);
    FAILS(syscall(-1), ENOSYS);
    FAILS(syscall(0x7fffffffffff), ENOSYS);
    FAILS(prctl(PR_(50) /* SVE_SET_VL */, 16, 0, 0, 0), EINVAL);
    FAILS(prctl(PR_(51) /* SVE_GET_VL */, 0, 0, 0, 0), EINVAL);
    FAILS(prctl(PR_(54) /* PAC_RESET_KEYS */, 0, 0, 0, 0), EINVAL);
    IS(prctl(PR_(56) /* GET_TAGGED_ADDR_CTRL */, 0, 0, 0, 0) == 0);
    IS(prctl(PR_(55) /* SET_TAGGED_ADDR_CTRL */, 0, 0, 0, 0) == 0);
    return done();
}
