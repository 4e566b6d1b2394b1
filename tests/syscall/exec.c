/* SPDX-License-Identifier: MIT */
/*
 * exec: what cannot be executed, scripts, descriptors, large arguments, and what the next
 * program inherits. The program executes itself; its first argument says what to look at.
 */
// family: process
// expect: ok
#include "check.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>

extern char **environ;

static char self[300];

/* Each way to be run has a status of its own. */
enum { RAN_PLAIN = 20, RAN_COUNT, RAN_LONG, RAN_STACK, RAN_NAME, RAN_SIGNALS, RAN_EMPTY,
       RAN_SCRIPT, NOT_RUN = 99 };
enum { MANY_ARGS = 20000, LONGEST_ARG = 131071 };

static char *plain_args[] = { "name", "plain", NULL };

static int use_stack(int depth)
{
    volatile char block[65536];

    block[0] = (char)depth;
    return depth ? use_stack(depth - 1) + block[0] : 0;
}

static int check_stack(void)
{
    struct rlimit lim;

    getrlimit(RLIMIT_STACK, &lim);
    use_stack(900);
    return lim.rlim_cur == 64 << 20 ? RAN_STACK : NOT_RUN;
}

/* The set of blocked signals and ignored signals survive, also of SIGSEGV. */
static int check_signals(void)
{
    struct sigaction a, b;
    uint64_t mask = 0;

    sigaction(SIGINT, NULL, &a);
    sigaction(SIGSEGV, NULL, &b);
    syscall(SYS_rt_sigprocmask, 0, NULL, &mask, 8);
    return a.sa_handler == SIG_IGN && b.sa_handler == SIG_IGN &&
                   mask == (1ull << (SIGUSR1 - 1) | 1ull << (SIGFPE - 1)) ?
               RAN_SIGNALS :
               NOT_RUN;
}

static int as_child(int argc, char **argv)
{
    if (!strcmp(argv[1], "plain")) {
        return RAN_PLAIN;
    }
    if (!strcmp(argv[1], "count")) {
        return argc == MANY_ARGS ? RAN_COUNT : NOT_RUN;
    }
    if (!strcmp(argv[1], "stack")) {
        return check_stack();
    }
    if (!strcmp(argv[1], "name")) {
        const char *execfn = (const char *)getauxval(AT_EXECFN);

        return !strcmp(execfn, "./link") && !strcmp(argv[0], "other") ? RAN_NAME : NOT_RUN;
    }
    if (!strcmp(argv[1], "signals")) {
        return check_signals();
    }
    if (!strcmp(argv[1], "script arg")) {
        return argc == 4 && !strcmp(argv[2], "./script") && !strcmp(argv[3], "last") ? RAN_SCRIPT :
                                                                                        NOT_RUN;
    }
    return strlen(argv[1]) == LONGEST_ARG ? RAN_LONG : NOT_RUN;
}

/* ---- ways to execute ---- */

static void exec_at(int fd, const char *path, int flags)
{
    syscall(SYS_execveat, fd, path, plain_args, environ, flags);
    _exit(NOT_RUN);
}

static void by_closing_descriptor(void)
{
    exec_at(open(self, O_RDONLY | O_CLOEXEC), "", AT_EMPTY_PATH);
}

static void by_path_descriptor(void)
{
    exec_at(open(self, O_PATH), "", AT_EMPTY_PATH);
}

static void by_folder(void)
{
    exec_at(open(".", O_RDONLY | O_DIRECTORY), "link", 0);
}

static void by_memfd(void)
{
    int from = open(self, O_RDONLY), to = (int)syscall(SYS_memfd_create, "copy", 1);
    static char buf[65536];
    ssize_t n;

    while ((n = read(from, buf, sizeof buf)) > 0) {
        IS(write(to, buf, (size_t)n) == n);
    }
    exec_at(to, "", AT_EMPTY_PATH);
}

static void by_proc(void)
{
    execv("/proc/self/exe", plain_args);
    _exit(NOT_RUN);
}

static void with_stdio_closed(void)
{
    close(0), close(1), close(2);
    execv(self, plain_args);
    _exit(NOT_RUN);
}

static void with_few_descriptors(void)
{
    struct rlimit lim = { 5, 5 };

    setrlimit(RLIMIT_NOFILE, &lim);
    execv(self, plain_args);
    _exit(NOT_RUN);
}

static void with_many_args(void)
{
    static char *args[MANY_ARGS + 1];

    for (int i = 0; i < MANY_ARGS; i++) {
        args[i] = i == 1 ? "count" : "xyz";
    }
    execv(self, args);
    _exit(NOT_RUN);
}

static void with_arg_of(size_t n)
{
    char *big = malloc(n + 1), *args[] = { "name", big, NULL };

    memset(big, 'q', n);
    big[n] = 0;
    execv(self, args);
    _exit(errno == E2BIG ? E2BIG : NOT_RUN);
}

static void with_longest_arg(void)
{
    with_arg_of(LONGEST_ARG);
}

static void with_too_long_arg(void)
{
    with_arg_of(LONGEST_ARG + 1);
}

static void with_no_args(void)
{
    char *none[] = { NULL };

    execve(self, none, none);
    _exit(NOT_RUN);
}

static void with_stack_limit(void)
{
    struct rlimit lim = { 64 << 20, 64 << 20 };
    char *args[] = { "name", "stack", NULL };

    setrlimit(RLIMIT_STACK, &lim);
    execv(self, args);
    _exit(NOT_RUN);
}

static void with_own_name(void)
{
    char *args[] = { "other", "name", NULL };

    execv("./link", args);
    _exit(NOT_RUN);
}

static void with_signals(void)
{
    uint64_t mask = 1ull << (SIGUSR1 - 1) | 1ull << (SIGFPE - 1);
    char *args[] = { "name", "signals", NULL };

    signal(SIGINT, SIG_IGN);
    signal(SIGSEGV, SIG_IGN);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    execv(self, args);
    _exit(NOT_RUN);
}

static void as_script(void)
{
    char *args[] = { "ignored", "last", NULL };

    execv("./script", args);
    _exit(NOT_RUN);
}

/* ---- errors ---- */

static void write_file(const char *name, const char *text, size_t n, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

    IS(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static void check_errors(void)
{
    char deep[8][16];

    FAILS(execv("missing", plain_args), ENOENT);
    FAILS(execv("", plain_args), ENOENT);
    FAILS(execv(".", plain_args), EACCES);
    FAILS(execv("script/x", plain_args), ENOTDIR);
    write_file("plain", "no program", 10, 0644);
    FAILS(execv("plain", plain_args), EACCES);
    write_file("junk", "\001\002junk", 6, 0755);
    FAILS(execve("junk", plain_args, environ), ENOEXEC);
    write_file("short", "\177ELF\2\1\1", 7, 0755);
    FAILS(execve("short", plain_args, environ), ENOEXEC);
    write_file("empty", "", 0, 0755);
    FAILS(execve("empty", plain_args, environ), ENOEXEC);
    write_file("lost", "#!/no/such/interpreter\n", 23, 0755);
    FAILS(execve("lost", plain_args, environ), ENOENT);
    for (int i = 0; i < 8; i++) {
        char line[32];

        snprintf(deep[i], sizeof deep[i], "deep%d", i);
        int n = snprintf(line, sizeof line, "#!./deep%d\n", i + 1);

        write_file(deep[i], line, (size_t)n, 0755);
    }
    FAILS(execve("deep0", plain_args, environ), ELOOP);
    FAILS(execve((char *)8, plain_args, environ), EFAULT);
    FAILS(execve(self, (char **)8, environ), EFAULT);
    FAILS(execve(self, plain_args, (char **)8), EFAULT);
    FAILS(syscall(SYS_execveat, 99, "x", plain_args, environ, 0), EBADF);
    FAILS(syscall(SYS_execveat, AT_FDCWD, "link", plain_args, environ, AT_SYMLINK_NOFOLLOW), ELOOP);
    FAILS(syscall(SYS_execveat, AT_FDCWD, self, plain_args, environ, 0x4), EINVAL);
}

int main(int argc, char **argv)
{
    char line[400];

    if (argc == 0 || !argv[0][0]) {
        return RAN_EMPTY;
    }
    if (argc > 1) {
        return as_child(argc, argv);
    }
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = 0;
    scratch_dir();
    IS(symlink(self, "link") == 0);
    int n = snprintf(line, sizeof line, "#!%s  script arg \nrest\n", self);

    write_file("script", line, (size_t)n, 0755);
    check_errors();
    IS(child_status(by_closing_descriptor) == RAN_PLAIN << 8);
    IS(child_status(by_path_descriptor) == RAN_PLAIN << 8);
    IS(child_status(by_folder) == RAN_PLAIN << 8);
    IS(child_status(by_memfd) == RAN_PLAIN << 8);
    IS(child_status(by_proc) == RAN_PLAIN << 8);
    IS(child_status(with_stdio_closed) == RAN_PLAIN << 8);
    IS(child_status(with_few_descriptors) == RAN_PLAIN << 8);
    IS(child_status(with_many_args) == RAN_COUNT << 8);
    IS(child_status(with_longest_arg) == RAN_LONG << 8);
    IS(child_status(with_too_long_arg) == E2BIG << 8);
    IS(child_status(with_no_args) == RAN_EMPTY << 8);
    IS(child_status(with_stack_limit) == RAN_STACK << 8);
    IS(child_status(with_own_name) == RAN_NAME << 8);
    IS(child_status(with_signals) == RAN_SIGNALS << 8);
    IS(child_status(as_script) == RAN_SCRIPT << 8);
    scratch_end();
    return done();
}
