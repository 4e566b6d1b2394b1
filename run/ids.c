// SPDX-License-Identifier: MIT
/* ids.c: user and group ids of a new user namespace (user_namespaces(7)), written from outside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/tool.h"

enum { MAP_BYTES = 4096 };

static int write_file(pid_t pid, const char *name, const char *text)
{
    char path[64];
    int fd, err = 0;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        err = -errno;
    close(fd);
    return err;
}

/* identity: every id that is valid here, as itself: what a privileged process may map. */
static void identity(const char *own_map, char *out, size_t len)
{
    unsigned inside, outside, count;
    FILE *f = fopen(own_map, "re");
    size_t used = 0;

    *out = 0;
    while (f && used < len && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3)
        used += (size_t)snprintf(out + used, len - used, "%u %u %u\n", inside, inside, count);
    if (f)
        fclose(f);
}

/* sub_range: the first range of the user in /etc/subuid or subgid. */
static bool sub_range(const char *file, const char *name, uid_t uid, unsigned long *start,
                      unsigned long *count)
{
    FILE *f = fopen(file, "re");
    char line[256], who[32];
    bool found = false;

    snprintf(who, sizeof(who), "%u", (unsigned)uid);
    while (f && !found && fgets(line, sizeof(line), f)) {
        char *colon = strchr(line, ':');

        if (!colon)
            continue;
        *colon = 0;
        found = (!strcmp(line, who) || (name && !strcmp(line, name))) &&
                sscanf(colon + 1, "%lu:%lu", start, count) == 2 && *count;
    }
    if (f)
        fclose(f);
    return found;
}

/* helper: newuidmap or newgidmap, which has the right to map what the file lists. */
static bool helper(const char *program, pid_t pid, unsigned own, unsigned long start,
                   unsigned long count)
{
    char word[5][24];
    int status = -1;
    pid_t child;

    snprintf(word[0], sizeof(word[0]), "%d", (int)pid);
    snprintf(word[1], sizeof(word[1]), "%u", own);
    snprintf(word[2], sizeof(word[2]), "%lu", start);
    snprintf(word[3], sizeof(word[3]), "%lu", count);
    child = fork();
    if (child == 0) {
        execlp(program, program, word[0], "0", word[1], "1", "1", word[2], word[3], (char *)NULL);
        _exit(127);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && status == 0;
}

static bool map_with_helpers(pid_t pid)
{
    unsigned long us, uc, gs, gc;
    const char *name;
    RunAccount own;
    char uid[16];

    snprintf(uid, sizeof(uid), "%u", (unsigned)getuid());
    name = !run_account(uid, &own) && *own.name ? own.name : NULL;
    return sub_range("/etc/subuid", name, getuid(), &us, &uc) &&
           sub_range("/etc/subgid", name, getuid(), &gs, &gc) &&
           helper("newgidmap", pid, getgid(), gs, gc) && helper("newuidmap", pid, getuid(), us, uc);
}

static void must(int err, const char *what)
{
    if (err < 0)
        run_fail("cannot write %s: %s", what, strerror(-err));
}

bool run_map_ids(pid_t pid)
{
    char map[MAP_BYTES];

    if (geteuid() == 0) {
        identity("/proc/self/uid_map", map, sizeof(map));
        if (write_file(pid, "uid_map", map) == 0) {
            identity("/proc/self/gid_map", map, sizeof(map));
            must(write_file(pid, "gid_map", map), "gid_map");
            return true;
        }
    } else if (map_with_helpers(pid)) {
        return true;
    }
    snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)geteuid());
    must(write_file(pid, "uid_map", map), "uid_map");
    must(write_file(pid, "setgroups", "deny"), "setgroups");
    snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)getegid());
    must(write_file(pid, "gid_map", map), "gid_map");
    return false;
}
