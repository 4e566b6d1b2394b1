// SPDX-License-Identifier: MIT
/* tool.c: the command line of mimus-run, its three processes, and what the command starts with. */
#include "run/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux-user/exec.h"
#include "run/image.h"

enum { EXIT_USAGE = 2 };

#define COMMAND_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void print_help(void)
{
    puts("usage: mimus-run [options] ROOT [COMMAND [ARGUMENT...]]\n"
         "       mimus-run [options] --image FILE [COMMAND [ARGUMENT...]]\n"
         "Run a command in a root file system of another CPU, or in a container image, without privileges.\n"
         "Without a command: a shell, or what the image says.\n"
         "\n"
         "  --image FILE             an OCI image layout (folder or tar) or the output of docker save\n"
         "  --platform linux/ARCH    which of its images\n"
         "  --entrypoint PROGRAM     instead of the image's; \"\" for none\n"
         "  --bind SRC[:DEST][:ro]   mount a file or folder of the host inside\n"
         "  --user NAME|UID[:GROUP]  run as this user of the root; else as its root\n"
         "  --workdir DIR            start in this folder\n"
         "  --env NAME=VALUE         set a variable\n"
         "  --net host|none          the host's network (default), or only loopback\n"
         "  --hostname NAME          a host name of its own\n"
         "  --no-table               without binfmt_misc: mimus runs the command and what it executes\n"
         "  --version, --help\n"
         "\n"
         "The exit status is the command's, 128 + n when signal n killed it, 127 when it was not found, 126\n"
         "when it cannot be run, 125 when the root could not be entered.");
}

void run_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("mimus-run: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}

void run_fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("mimus-run: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    _exit(RUN_STATUS_SETUP);
}

/* ---- the command ---- */

static void set_environment(const RunJob *job, const RunAccount *a)
{
    static const char *const hosts[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "TMPDIR", "SUDO_USER",
                                         "XDG_RUNTIME_DIR" };

    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        unsetenv(hosts[i]);
    setenv("PATH", COMMAND_PATH, 1);
    setenv("HOME", a->home, 1);
    setenv("SHELL", a->shell, 1);
    if (*a->name) {
        setenv("USER", a->name, 1);
        setenv("LOGNAME", a->name, 1);
    }
    for (unsigned i = 0; i < job->n_env; i++)
        putenv((char *)job->env[i]);
}

static void become(const RunAccount *a, bool many_ids)
{
    if (many_ids && setgroups((size_t)a->n_groups, a->groups) < 0)
        run_fail("cannot set the groups: %s", strerror(errno));
    if (setresgid(a->gid, a->gid, a->gid) < 0 || setresuid(a->uid, a->uid, a->uid) < 0)
        run_fail("cannot become uid %u, gid %u: %s%s", (unsigned)a->uid, (unsigned)a->gid,
                 strerror(errno), many_ids ? "" : "; install uidmap and give the user ids in "
                 "/etc/subuid and /etc/subgid, or say --user 0");
}

/* start_by_mimus: no table tells the kernel what to do: this program runs the command itself. */
static void start_by_mimus(const RunJob *job, char **command)
{
    size_t n = 0;
    char **argv;

    while (command[n])
        n++;
    argv = calloc(n + 2, sizeof(*argv));
    if (!argv)
        return;
    argv[0] = "mimus";
    memcpy(argv + 1, command, n * sizeof(*argv));
    syscall(SYS_execveat, job->self_fd, "", argv, environ, AT_EMPTY_PATH);
}

/* is_foreign: a program of a guest, or a script that one of them runs. */
static bool is_foreign(const char *command)
{
    const char *dirs = strchr(command, '/') ? "" : getenv("PATH"), *why;
    static ExecPlan plan;
    char path[PATH_MAX];

    do {
        size_t n = strcspn(dirs, ":");

        snprintf(path, sizeof(path), "%.*s%s%s", (int)n, dirs, n ? "/" : "", command);
        if (access(path, X_OK) == 0)
            return exec_plan(NULL, AT_FDCWD, path, 0, &plan, &why) == 0 && plan.guest;
        dirs += n + (dirs[n] == ':');
    } while (*dirs);
    return false;
}

static void run_command(const RunJob *job, bool many_ids, bool registered) __attribute__((noreturn));
static void run_command(const RunJob *job, bool many_ids, bool registered)
{
    RunAccount a;
    const char *why = run_account(job->user, &a);
    char *shell[] = { a.shell, NULL }, **command = job->command ? job->command : shell;

    if (why)
        run_fail("--user %s: %s", job->user, why);
    set_environment(job, &a);
    become(&a, many_ids);
    if (chdir(job->workdir ? job->workdir : "/") < 0)
        run_fail("--workdir %s: %s", job->workdir, strerror(errno));
    if (!registered && is_foreign(command[0]))
        start_by_mimus(job, command);
    execvp(command[0], command);
    run_note("%s: %s", command[0], strerror(errno));
    _exit(errno == ENOENT ? RUN_STATUS_NOT_FOUND : RUN_STATUS_CANNOT);
}

/* ---- pid 1 inside ---- */

static volatile sig_atomic_t command_pid;

static void pass_on(int sig)
{
    if (command_pid > 0)
        kill(command_pid, sig);
}

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };

static void pass_signals(void)
{
    struct sigaction sa = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

    for (size_t i = 0; i < ARRAY_LEN(passed_on); i++)
        sigaction(passed_on[i], &sa, NULL);
}

/* status_of: a wait status as an exit status. */
static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* reap: wait for everybody; the command's end is ours, and everyone else's. */
static int reap(pid_t command)
{
    int status;

    for (;;) {
        pid_t pid = wait(&status);

        if (pid == command)
            return status_of(status);
        if (pid < 0 && errno != EINTR)
            return RUN_STATUS_SETUP;
    }
}

static void loopback_up(void)
{
    struct ifreq r = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
        r.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &r);
    }
    if (fd >= 0)
        close(fd);
}

static void run_inside(RunJob *job, int ready_fd) __attribute__((noreturn));
static void run_inside(RunJob *job, int ready_fd)
{
    char many_ids;
    bool registered;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(ready_fd, &many_ids, 1) != 1)
        _exit(RUN_STATUS_SETUP);
    close(ready_fd);
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        run_fail("cannot become root inside: %s", strerror(errno));
    if (job->hostname && sethostname(job->hostname, strlen(job->hostname)) < 0)
        run_fail("--hostname %s: %s", job->hostname, strerror(errno));
    if (job->no_network)
        loopback_up();
    run_mounts(job);
    registered = !job->no_table && run_register(job);
    run_enter(job);
    pid_t pid = fork();

    if (pid < 0)
        run_fail("cannot fork: %s", strerror(errno));
    if (pid == 0)
        run_command(job, many_ids, registered);
    command_pid = pid;
    pass_signals();
    _exit(reap(pid));
}

/* ---- outside ---- */

static const char *why_no_namespaces(int err)
{
    switch (err) {
    case EPERM:
    case EACCES:
        return "user namespaces are not allowed here: see sysctl kernel.unprivileged_userns_clone, "
               "kernel.apparmor_restrict_unprivileged_userns, or the container's security options";
    case ENOSPC:
    case EUSERS:
        return "too many user namespaces: see sysctl user.max_user_namespaces";
    case EINVAL:
        return "this kernel has no user namespaces";
    default:
        return strerror(err);
    }
}

static int run_job(RunJob *job)
{
    unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                          (job->hostname ? CLONE_NEWUTS : 0) | (job->no_network ? CLONE_NEWNET : 0);
    int ready[2], status;

    if (pipe2(ready, O_CLOEXEC) < 0)
        run_fail("cannot make a pipe: %s", strerror(errno));
    pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid < 0)
        run_fail("%s", why_no_namespaces(errno));
    if (pid == 0) {
        close(ready[1]);
        run_inside(job, ready[0]);
    }
    close(ready[0]);
    command_pid = pid;
    pass_signals();
    char many_ids = run_map_ids(pid);

    if (write(ready[1], &many_ids, 1) != 1)
        run_fail("cannot start: %s", strerror(errno));
    close(ready[1]);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            run_fail("cannot wait: %s", strerror(errno));
    }
    return status_of(status);
}

/* ---- options ---- */

enum { OPT_BIND = 256, OPT_USER, OPT_WORKDIR, OPT_ENV, OPT_NET, OPT_HOSTNAME, OPT_NO_TABLE, OPT_IMAGE,
       OPT_PLATFORM, OPT_ENTRYPOINT, OPT_VERSION, OPT_HELP };

static const struct option options[] = {
    { "bind", required_argument, NULL, OPT_BIND },
    { "user", required_argument, NULL, OPT_USER },
    { "workdir", required_argument, NULL, OPT_WORKDIR },
    { "env", required_argument, NULL, OPT_ENV },
    { "net", required_argument, NULL, OPT_NET },
    { "hostname", required_argument, NULL, OPT_HOSTNAME },
    { "no-table", no_argument, NULL, OPT_NO_TABLE },
    { "image", required_argument, NULL, OPT_IMAGE },
    { "platform", required_argument, NULL, OPT_PLATFORM },
    { "entrypoint", required_argument, NULL, OPT_ENTRYPOINT },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static int usage(const char *what, const char *word)
{
    run_note("%s%s; see mimus-run --help", what, word);
    return EXIT_USAGE;
}

/* take_bind: SRC[:DEST][:ro]. */
static int take_bind(RunJob *job, char *arg)
{
    RunBind b = { .source = strsep(&arg, ":") };
    char *word = strsep(&arg, ":");

    if (word && !arg && !strcmp(word, "ro")) {
        b.read_only = true;
        word = NULL;
    }
    if (arg && strcmp(arg, "ro"))
        return usage("--bind wants SRC[:DEST][:ro], not ", b.source);
    b.read_only |= arg != NULL;
    b.target = word ? word : b.source;
    if (*b.target != '/' || !*b.source)
        return usage("--bind wants an absolute path inside, not ", b.target);
    if (job->n_bind == RUN_BINDS_MAX)
        return usage("there are too many binds at ", b.source);
    job->bind[job->n_bind++] = b;
    return 0;
}

static int take_option(RunJob *job, int option, char *arg)
{
    switch (option) {
    case OPT_BIND: return take_bind(job, arg);
    case OPT_USER: job->user = arg; return 0;
    case OPT_WORKDIR: job->workdir = arg; return 0;
    case OPT_HOSTNAME: job->hostname = arg; return 0;
    case OPT_NO_TABLE: job->no_table = true; return 0;
    case OPT_ENV:
        if (!strchr(arg, '=') || job->n_env == RUN_ENV_MAX)
            return usage("--env wants NAME=VALUE, not ", arg);
        job->env[job->n_env++] = arg;
        return 0;
    case OPT_NET:
        if (strcmp(arg, "host") && strcmp(arg, "none"))
            return usage("--net is host or none, not ", arg);
        job->no_network = !strcmp(arg, "none");
        return 0;
    default: return EXIT_USAGE;             /* getopt has said why */
    }
}

/* find_self: the program by name, for the table, and open, for the command. */
static void find_self(RunJob *job)
{
    char *found = realpath("/proc/self/exe", NULL);

    snprintf(job->self, sizeof(job->self), "%s", found ? found : "");
    free(found);
    job->self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (job->self_fd < 0)
        run_fail("cannot open /proc/self/exe: %s", strerror(errno));
}

/* Options that are about an image. */
typedef struct {
    const char *file, *platform, *entrypoint;
} ImageOptions;

/* image_command: what it runs; words: what was given as a command. */
static char **image_command(const RunImage *image, const char *entrypoint, char **words)
{
    size_t n = 0, given = 0;
    const char **command, *const *w;

    while (words[given])
        given++;
    command = calloc(given + 2 * RUN_WORDS_MAX + 1, sizeof(*command));
    if (!command)
        run_fail("out of memory");
    if (entrypoint && *entrypoint)
        command[n++] = entrypoint;
    for (w = image->entrypoint; !entrypoint && *w; w++)
        command[n++] = *w;
    for (w = image->cmd; !entrypoint && !given && *w; w++)
        command[n++] = *w;
    memcpy(command + n, words, given * sizeof(*words));
    return *command ? (char **)command : NULL;
}

/* clear_environment: an image is told nothing of the caller's, but what mimus and terminals need. */
static void clear_environment(void)
{
    char **kept = environ, **v;

    for (v = environ; *v; v++) {
        if (!strncmp(*v, "MIMUS_", 6) || !strncmp(*v, "TERM=", 5))
            *kept++ = *v;
    }
    *kept = NULL;
}

/* use_image: the job as the image has it, where the command line does not say otherwise. */
static void use_image(RunJob *job, const ImageOptions *o, char **words)
{
    static RunImage image;
    const char *given[RUN_ENV_MAX];
    unsigned n = job->n_env;

    image_open(o->file, o->platform, &image);
    if (image.n_env + n > RUN_ENV_MAX)
        run_fail("%s: it has %u variables, which with those of --env is more than %d", o->file, image.n_env,
                 RUN_ENV_MAX);
    clear_environment();
    job->root = image.root;
    job->discard = true;
    job->user = job->user ? job->user : image.user;
    job->workdir = job->workdir ? job->workdir : image.workdir;
    job->command = image_command(&image, o->entrypoint, words);
    /* The image's variables first: those of the command line override them. */
    memcpy(given, job->env, sizeof(given));
    memcpy(job->env, image.env, image.n_env * sizeof(*given));
    memcpy(job->env + image.n_env, given, n * sizeof(*given));
    job->n_env += image.n_env;
}

/* use_root: the job with a folder as its root. */
static void use_root(RunJob *job, char **words)
{
    char *root = realpath(words[0], NULL);
    struct stat st;

    if (!root || stat(root, &st) < 0)
        run_fail("%s: %s", words[0], strerror(errno));
    if (!S_ISDIR(st.st_mode))
        run_fail("%s is no folder; for an image, use --image", words[0]);
    job->root = root;
    job->command = words[1] ? words + 1 : NULL;
}

int run_main(int argc, char **argv)
{
    static RunJob job;
    ImageOptions image = { NULL, NULL, NULL };
    int option, status = 0;

    while (!status && (option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case OPT_VERSION: puts("mimus-run " MIMUS_VERSION); return 0;
        case OPT_HELP: print_help(); return 0;
        case OPT_IMAGE: image.file = optarg; break;
        case OPT_PLATFORM: image.platform = optarg; break;
        case OPT_ENTRYPOINT: image.entrypoint = optarg; break;
        default: status = take_option(&job, option, optarg);
        }
    }
    if (status)
        return status;
    if (!image.file && (image.platform || image.entrypoint))
        return usage("--platform and --entrypoint are about an --image", "");
    if (!image.file && optind >= argc)
        return usage("no root is named", "");
    if (image.file)
        use_image(&job, &image, argv + optind);
    else
        use_root(&job, argv + optind);
    find_self(&job);
    return run_job(&job);
}
