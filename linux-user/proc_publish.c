// SPDX-License-Identifier: MIT
/*
 * proc_publish.c: what other processes read in /proc/PID/{cmdline,environ,auxv} is what the
 * kernel finds where it believes the arguments to be. It is told to look at the guest's stack:
 * so ps shows the guest's command line, and a program that writes its title over its arguments
 * is seen to. Not possible on kernels without CONFIG_CHECKPOINT_RESTORE; nothing is lost then.
 */
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/proc.h"
#include "syscall/host_call.h"

/* Fields of /proc/PID/stat, numbered as in proc(5). */
enum { STAT_FIRST = 4, STAT_START_CODE = 26, STAT_END_CODE, STAT_START_STACK, STAT_START_DATA = 45,
       STAT_END_DATA, STAT_START_BRK, STAT_FIELDS };

/* stat_read: the numbers of /proc/self/stat; false when it cannot be read. */
static bool stat_read(uint64_t *v)
{
    char text[1024], *p;
    long fd = host_call(SYS_openat, AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0)
        return false;
    long n = host_call(SYS_read, fd, text, sizeof(text) - 1);

    host_call(SYS_close, fd);
    text[n > 0 ? n : 0] = 0;
    p = strrchr(text, ')');         /* the name may hold anything */
    if (!p || strlen(p) < 4)
        return false;
    p += 3;                         /* past ") S" */
    for (unsigned i = STAT_FIRST; i < STAT_FIELDS; i++)
        v[i] = strtoull(p, &p, 10);
    return v[STAT_START_BRK] != 0;
}

void proc_publish(void)
{
    const StackInfo *s = &program.stack;
    uint64_t v[STAT_FIELDS];

    if (!stat_read(v))
        return;
    /* The rest stays as it is: the kernel takes all or nothing. */
    struct prctl_mm_map m = {
        .start_code = v[STAT_START_CODE],
        .end_code = v[STAT_END_CODE],
        .start_data = v[STAT_START_DATA],
        .end_data = v[STAT_END_DATA],
        .start_brk = v[STAT_START_BRK],
        .brk = (uint64_t)host_call(SYS_brk, 0),
        .start_stack = v[STAT_START_STACK],
        .arg_start = s->arg_start,
        .arg_end = s->arg_end,
        .env_start = s->env_start,
        .env_end = s->env_end,
        .auxv = (void *)s->auxv,
        .auxv_size = (uint32_t)s->auxv_bytes,
        .exe_fd = (uint32_t)-1,
    };

    host_call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof(m), 0);
}
