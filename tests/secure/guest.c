// SPDX-License-Identifier: MIT
/*
 * guest.c: what a program sees of its start, one fact a line.
 *
 *   guest                      the facts
 *   guest run PROGRAM [ARG..]  take all rights there are for good, then execute PROGRAM
 *   guest fd PROGRAM [ARG..]   execute PROGRAM by a descriptor that is closed then
 *   guest nnp PROGRAM [ARG..]  give up gaining rights, then execute PROGRAM
 *   guest wait                 the facts, then wait for the end of standard input
 *   guest abort                die with a core
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

static void print_marker(void)
{
    char line[256];
    FILE *f = fopen("/marker", "r");

    if (f && fgets(line, sizeof(line), f))
        printf("marker %s", line);
    if (f)
        fclose(f);
}

static void print_caps(void)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { 0 } };

    if (syscall(SYS_capget, &head, data))
        perror("capget");
    printf("caps %08x%08x\n", data[1].effective, data[0].effective);
}

static void facts(char **argv)
{
    const unsigned char *random = (const void *)getauxval(AT_RANDOM);
    struct utsname uts;

    uname(&uts);
    printf("secure %lu\nruid %d\neuid %d\nrgid %d\negid %d\n", getauxval(AT_SECURE), (int)getuid(), (int)geteuid(),
           (int)getgid(), (int)getegid());
    printf("argv0 %s\nrelease %s\nrandom %02x%02x%02x%02x\n", argv[0], uts.release, random[0], random[1], random[2],
           random[3]);
    print_marker();
    print_caps();
    for (char **e = environ; *e; e++)
        printf("env %s\n", *e);
    for (char **a = argv + 1; *a; a++)
        printf("arg %s\n", *a);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "abort"))
        abort();
    if (argc > 2 && (!strcmp(what, "run") || !strcmp(what, "nnp"))) {
        if (!strcmp(what, "nnp"))
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        else if (setresgid(getegid(), getegid(), getegid()) || setresuid(geteuid(), geteuid(), geteuid()))
            perror("set ids");
        execv(argv[2], argv + 2);
        perror(argv[2]);
        return 1;
    }
    if (argc > 2 && !strcmp(what, "fd")) {
        fexecve(open(argv[2], O_RDONLY | O_CLOEXEC), argv + 2, environ);
        perror(argv[2]);
        return 1;
    }
    facts(argv);
    if (!strcmp(what, "wait"))
        getchar();
    return 0;
}
