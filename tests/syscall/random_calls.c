/* SPDX-License-Identifier: MIT */
/*
 * Random system calls with random arguments from many children: a child may fail, fault
 * or be killed by its own doing, but what runs it must not break: every child is reaped,
 * nothing hangs, and no line about an internal error appears. Calls that could harm the
 * machine, the parent or the test's own end are left out.
 */
// family: calls
// builds: static interp
// expect: ok
// timeout: 120
#include "check.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const short left_out[] = {
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_send_signal,
    SYS_reboot,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_swapon,
    SYS_swapoff,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_unlinkat,
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_mkdirat,
    SYS_truncate,
    SYS_ftruncate,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_fchmod,
    SYS_fchown,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_acct,
    SYS_syslog,
    SYS_vhangup,
    SYS_setsid,
    SYS_execve,
    SYS_execveat,
    SYS_clone,
    SYS_clone3,
    SYS_exit,
    SYS_exit_group,
    SYS_setpriority,
    SYS_prlimit64,
    SYS_quotactl,
    SYS_ioctl,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_pwritev2,
    SYS_sendfile,
    SYS_splice,
    SYS_tee,
    SYS_vmsplice,
    SYS_copy_file_range,
    SYS_fallocate,
    SYS_openat,
    SYS_openat2,
    SYS_bpf,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_process_madvise,
    SYS_process_vm_writev,
    SYS_move_pages,
    SYS_migrate_pages,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    SYS_sched_setparam,
    SYS_sched_setaffinity,
    SYS_setpgid,
    SYS_shmctl,
    SYS_semctl,
    SYS_msgctl,
    SYS_mq_unlink,
    SYS_ioprio_set,
    SYS_setrlimit,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_nfsservctl,
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_move_mount,
    SYS_mount_setattr,
    SYS_process_mrelease,
    SYS_mlockall,
    SYS_sync,
    SYS_syncfs,
    SYS_umask,
    SYS_dup3,
    SYS_memfd_secret,
    SYS_set_robust_list,
};

static uint64_t state;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static bool allowed(long nr)
{
    for (unsigned i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        if (left_out[i] == nr) {
            return false;
        }
    }
    return true;
}

static long argument(char *memory)
{
    switch (next() % 8) {
    case 0: return (long)(next() % 16);
    case 1: return (long)next();
    case 2: return -(long)(next() % 16);
    case 3: return 1l << next() % 64;
    case 4: return (long)(memory + next() % 65536);
    case 5: return (long)(memory + next() % 65536) & -4096;
    case 6: return (long)&state;
    default: return (long)(next() & 0xffff);
    }
}

static void child(int seed)
{
    char *memory =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long a[6];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(1);
    close(2);
    state = 0x9e3779b97f4a7c15ull * (uint64_t)(seed + 1);
    alarm(2);
    for (int i = 0; i < 300; i++) {
        long nr = (long)(next() % 470);

        for (int k = 0; k < 6; k++) {
            a[k] = argument(memory);
        }
        if (allowed(nr)) {
            syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
    }
    _exit(0);
}

static int ended[128];      /* how many children ended by each signal; [0]: by themselves */

/*
 * gather: wait for n children; one that made itself wait for ever (a mask, a timer, a queue) is
 * killed after some seconds, which must work at any time. A child of its own accord exits with 0
 * only, so another status is that of what runs it, and does not count.
 */
static int gather(const pid_t *pid, int n)
{
    double start = sec();
    int good = 0, status = 0;

    for (int i = 0; i < n; i++) {
        pid_t got;

        while ((got = waitpid(pid[i], &status, WNOHANG)) == 0) {
            if (sec() - start > 4) {
                kill(pid[i], SIGKILL);
            }
            usleep(2000);
        }
        good += got == pid[i] && (WIFSIGNALED(status) || status == 0);
        ended[status & 127]++;
    }
    return good;
}

/* a_round: 40 children, at_once of them at a time; how many came back well. */
static int a_round(int seed, int at_once)
{
    pid_t pid[40];
    int good = 0;

    for (int i = 0; i < 40; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            child(seed + i);
        }
        if (i % at_once == at_once - 1) {
            good += gather(pid + i + 1 - at_once, at_once);
        }
    }
    return good;
}

/* report: how the children ended and the CPU time they took, to stderr. */
static void report(void)
{
    struct rusage r;

    getrusage(RUSAGE_CHILDREN, &r);
    fprintf(stderr, "%ld CPU s; by exit %d", r.ru_utime.tv_sec + r.ru_stime.tv_sec, ended[0]);
    for (int i = 1; i < 128; i++) {
        if (ended[i]) {
            fprintf(stderr, ", signal %d %d", i, ended[i]);
        }
    }
    fputc('\n', stderr);
}

/* Arguments: rounds, first seed, children at a time (a divisor of 40); given any, it reports. */
int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1, seed = argc > 2 ? atoi(argv[2]) : 0;
    int at_once = argc > 3 ? atoi(argv[3]) : 4;

    scratch_dir();
    fflush(NULL);
    for (int i = 0; i < rounds; i++) {
        IS(a_round(seed + i * 40, at_once) == 40);
    }
    scratch_end();
    if (argc > 1) {
        report();
    }
    return done();
}
