/* SPDX-License-Identifier: MIT */
/* ETXTBSY: a running program is not written to, and what is being written is not run. */
// family: calls
// expect: ok
#include "check.h"

#include <limits.h>
#include <linux/openat2.h>

static char self_path[PATH_MAX];

static int copy_self(const char *name)
{
    char command[2 * PATH_MAX];

    snprintf(command, sizeof command, "cp %s %s && chmod 755 %s", self_path, name, name);
    return system(command);
}

/* start: run name until it is stopped; it has begun when this returns. */
static pid_t start(const char *name)
{
    int fd[2];
    char number[16], c;
    pid_t pid;

    if (pipe(fd)) {
        return -1;
    }
    snprintf(number, sizeof number, "%d", fd[1]);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        execl(name, "program", "child", number, NULL);
        _exit(9);
    }
    close(fd[1]);
    IS(read(fd[0], &c, 1) == 1);
    close(fd[0]);
    return pid;
}

static int status_of(const char *name)
{
    int status = -1;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        execl(name, name, "exit", NULL);
        _exit(errno == ETXTBSY ? 77 : errno);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static void busy(const char *name)
{
    struct open_how how = { .flags = O_WRONLY };

    FAILS(open(name, O_WRONLY), ETXTBSY);
    FAILS(open(name, O_RDWR), ETXTBSY);
    FAILS(open(name, O_WRONLY | O_APPEND | O_CLOEXEC), ETXTBSY);
    FAILS(open(name, O_RDONLY | O_TRUNC), ETXTBSY);
    FAILS(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644), ETXTBSY);
    FAILS(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    FAILS(open(name, O_WRONLY | O_DIRECTORY), ENOTDIR);
    FAILS(truncate(name, 100), ETXTBSY);
    FAILS(truncate(name, -1), EINVAL);
    FAILS(syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how), ETXTBSY);
}

static void running(void)
{
    struct stat before, after;
    int fd, status;
    pid_t pid;

    IS(copy_self("program") == 0 && link("program", "link") == 0 && symlink("program", "sym") == 0);
    IS(stat("program", &before) == 0);
    pid = start("./program");
    busy("program");
    busy("link");
    busy("sym");
    FAILS(open("sym", O_WRONLY | O_NOFOLLOW), ELOOP);
    fd = open("program", O_RDONLY);
    IS(fd >= 0);
    close(fd);
    IS(stat("program", &after) == 0 && after.st_size == before.st_size);
    IS(chmod("program", 0700) == 0 && chmod("program", 0755) == 0);
    IS(copy_self("other") == 0 && rename("other", "link") == 0);
    fd = open("link", O_RDWR);
    IS(fd >= 0);
    close(fd);
    FAILS(open("program", O_RDWR), ETXTBSY);
    kill(pid, SIGKILL);
    IS(waitpid(pid, &status, 0) == pid && status == SIGKILL);
    fd = open("program", O_RDWR);
    IS(fd >= 0);
    close(fd);
}

static void own(void)
{
    FAILS(open("/proc/self/exe", O_RDWR), ETXTBSY);
    FAILS(open(self_path, O_WRONLY), ETXTBSY);
    FAILS(truncate(self_path, 1 << 20), ETXTBSY);
}

static void in_child(void)
{
    own();
}

static void written(void)
{
    int fd, script;

    IS(copy_self("made") == 0 && status_of("./made") == 0);
    fd = open("made", O_RDWR);
    IS(fd >= 0 && status_of("./made") == 77);
    close(fd);
    IS(status_of("./made") == 0);
    script = open("script", O_WRONLY | O_CREAT, 0755);
    IS(dprintf(script, "#!/bin/sh\nexit 3\n") > 0);
    IS(status_of("./script") == 77);
    close(script);
    IS(status_of("./script") == 3);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "exit") == 0) {
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "child") == 0) {
        if (write(atoi(argv[2]), "", 1) != 1) {
            return 1;
        }
        pause();
        return 0;
    }
    IS(readlink("/proc/self/exe", self_path, sizeof self_path - 1) > 0);
    scratch_dir();
    running();
    own();
    ENDS("in a child", in_child, 0);
    written();
    scratch_end();
    return done();
}
