// SPDX-License-Identifier: MIT
// Processes: fork, vfork, posix_spawn, exec and its errors, wait statuses.
// expect: fork status 5
// expect: vfork shares memory: 77, status 6
// expect: vfork exec failed in child: ENOENT
// expect: spawn missing: ENOENT
// expect: spawn ok status 9
// expect: exec of missing ENOENT, of a directory EACCES, of junk ENOEXEC, of a plain file EACCES
// expect: script says: arg1=x arg2=y z
// expect: self again with 2 arguments, env E=1
// expect: killed by signal 9
// expect: abort is signal 6
// expect: segv is signal 11
// expect: stopped by 19, continued 1, exit 3
// expect: popen: from the shell
// expect: 50 children sum 1225
// expect: orphan's pipe closed, 1 byte
// expect: pipe through exec: HELLO
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char *self;
static volatile char *volatile null;

static const char *err_name(int e)
{
    switch (e) {
    case 0: return "0";
    case ENOENT: return "ENOENT";
    case EACCES: return "EACCES";
    case ENOEXEC: return "ENOEXEC";
    default: return strerror(e);
    }
}

static int wait_for(pid_t pid)
{
    int st = 0;

    while (waitpid(pid, &st, 0) < 0 && errno == EINTR) {
    }
    return st;
}

static int exec_errno(const char *path)
{
    int fd[2], e = 0;

    if (pipe2(fd, O_CLOEXEC)) {
        return -1;
    }
    pid_t pid = fork();
    if (!pid) {
        execl(path, path, (char *)NULL);
        e = errno;
        _exit(write(fd[1], &e, sizeof(e)) != sizeof(e));
    }
    close(fd[1]);
    if (read(fd[0], &e, sizeof(e)) < 0) {
        e = -1;
    }
    close(fd[0]);
    wait_for(pid);
    return e;
}

static void put_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        perror(path);
    }
    close(fd);
    chmod(path, mode);
}

static void forks(void)
{
    pid_t pid = fork();
    if (!pid) {
        _exit(5);
    }
    printf("fork status %d\n", WEXITSTATUS(wait_for(pid)));

    volatile int shared = 0;
    pid = vfork();
    if (!pid) {
        shared = 77;
        _exit(6);
    }
    printf("vfork shares memory: %d, status %d\n", shared, WEXITSTATUS(wait_for(pid)));

    volatile int failed = 0;
    pid = vfork();
    if (!pid) {
        execl("/nonexistent/program", "x", (char *)NULL);
        failed = errno;
        _exit(127);
    }
    wait_for(pid);
    printf("vfork exec failed in child: %s\n", err_name(failed));
}

static void spawns(void)
{
    pid_t pid;
    char *bad[] = { "x", NULL }, *good[] = { (char *)self, "exit", "9", NULL };

    printf("spawn missing: %s\n",
           err_name(posix_spawn(&pid, "/nonexistent/program", NULL, NULL, bad, environ)));
    int rc = posix_spawn(&pid, self, NULL, NULL, good, environ);
    if (rc) {
        printf("spawn: %s\n", err_name(rc));
        return;
    }
    printf("spawn ok status %d\n", WEXITSTATUS(wait_for(pid)));
}

static void exec_errors(void)
{
    put_file("junk", "\1\2\3\4 not a program", 0755);
    put_file("plain", "#!/bin/sh\n", 0644);
    int dir = exec_errno("/tmp");
    printf("exec of missing %s, of a directory %s, of junk %s, of a plain file %s\n",
           err_name(exec_errno("/nonexistent")), err_name(dir), err_name(exec_errno("./junk")),
           err_name(exec_errno("./plain")));

    char line[600];
    snprintf(line, sizeof(line), "#!%s script arg1=x\n", self);
    put_file("script", line, 0755);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        execl("./script", "script", "arg2=y z", (char *)NULL);
        _exit(1);
    }
    wait_for(pid);
    pid = fork();
    if (!pid) {
        char *env[] = { "E=1", NULL }, *args[] = { (char *)self, "again", NULL };
        execve(self, args, env);
        _exit(1);
    }
    wait_for(pid);
}

static void deaths(void)
{
    pid_t pid = fork();
    if (!pid) {
        for (;;) {
            pause();
        }
    }
    kill(pid, SIGKILL);
    printf("killed by signal %d\n", WTERMSIG(wait_for(pid)));
    pid = fork();
    if (!pid) {
        abort();
    }
    printf("abort is signal %d\n", WTERMSIG(wait_for(pid)));
    pid = fork();
    if (!pid) {
        *(volatile int *)null = 1;
        _exit(0);
    }
    printf("segv is signal %d\n", WTERMSIG(wait_for(pid)));

    int st, go[2];
    char byte = 0;

    // The child ends only when its continuation has been waited for.
    pipe(go);
    pid = fork();
    if (!pid) {
        raise(SIGSTOP);
        read(go[0], &byte, 1);
        _exit(3);
    }
    waitpid(pid, &st, WUNTRACED);
    int stop = WIFSTOPPED(st) ? WSTOPSIG(st) : -1;
    kill(pid, SIGCONT);
    waitpid(pid, &st, WCONTINUED);
    int cont = WIFCONTINUED(st);

    write(go[1], &byte, 1);
    printf("stopped by %d, continued %d, exit %d\n", stop, !!cont,
           WEXITSTATUS(cont ? wait_for(pid) : st));
}

static void pipes(void)
{
    char buf[100] = "";
    int fd[2], sum = 0;
    FILE *p = popen("echo from the shell", "r");

    if (!p || !fgets(buf, sizeof(buf), p)) {
        strcpy(buf, "nothing\n");
    }
    printf("popen: %s", buf);
    pclose(p);

    for (int i = 0; i < 50; i++) {
        if (!fork()) {
            _exit(i);
        }
    }
    int st;
    while (wait(&st) > 0) {
        sum += WEXITSTATUS(st);
    }
    printf("50 children sum %d\n", sum);

    if (pipe(fd)) {
        return;
    }
    if (!fork()) {
        if (!fork()) {
            usleep(20000);
            _exit(write(fd[1], "x", 1) != 1);
        }
        _exit(0);
    }
    close(fd[1]);
    wait(&st);
    ssize_t n = read(fd[0], buf, sizeof(buf));
    printf("orphan's pipe %s, %zd byte\n", read(fd[0], buf, 1) == 0 ? "closed" : "open", n);
    close(fd[0]);

    if (pipe(fd)) {
        return;
    }
    pid_t pid = fork();
    if (!pid) {
        dup2(fd[1], 1);
        close(fd[0]);
        close(fd[1]);
        execl(self, self, "print", "HELLO", (char *)NULL);
        _exit(1);
    }
    close(fd[1]);
    n = read(fd[0], buf, sizeof(buf) - 1);
    buf[n > 0 ? n : 0] = 0;
    wait_for(pid);
    printf("pipe through exec: %s\n", buf);
}

/* What the program does when it was started by itself. */
static int again(int argc, char **argv)
{
    if (!strcmp(argv[1], "exit")) {
        return atoi(argv[2]);
    }
    if (!strcmp(argv[1], "print")) {
        printf("%s", argv[2]);
        return 0;
    }
    if (!strncmp(argv[1], "script ", 7)) {
        printf("script says: %s %s\n", argv[1] + 7, argv[3]);
        return 0;
    }
    printf("self again with %d arguments, env E=%s\n", argc, getenv("E"));
    return 0;
}

int main(int argc, char **argv)
{
    static char path[4096];

    if (argc > 1) {
        return again(argc, argv);
    }
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    self = n > 0 ? path : argv[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    forks();
    spawns();
    exec_errors();
    deaths();
    pipes();
    return 0;
}
