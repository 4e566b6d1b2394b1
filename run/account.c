// SPDX-License-Identifier: MIT
/*
 * account.c: who --user means, by the root's own /etc/passwd and /etc/group. The C library's
 * functions would load modules of the host into this program, which is none of their business.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "run/tool.h"

enum { FIELDS = 7, LINE = 4096 };

/* split: the fields of a line with colons between them. Returns how many. */
static int split(char *line, char *field[FIELDS])
{
    int n = 0;

    line[strcspn(line, "\n")] = 0;
    while (n < FIELDS && (field[n] = strsep(&line, ":")))
        n++;
    return n;
}

/* number: text as an id; false: it is none. */
static bool number(const char *text, unsigned *id)
{
    char *end;
    unsigned long v;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    v = strtoul(text, &end, 10);
    *id = (unsigned)v;
    return !*end && !errno && v < UINT32_MAX;
}

/* find_user: by name, or by id when name is NULL. */
static bool find_user(const char *name, unsigned id, RunAccount *a)
{
    FILE *f = fopen("/etc/passwd", "re");
    char line[LINE], *v[FIELDS];
    unsigned uid, gid;
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f)) {
        if (split(line, v) < FIELDS || !number(v[2], &uid) || !number(v[3], &gid))
            continue;
        found = name ? !strcmp(v[0], name) : uid == id;
        if (!found)
            continue;
        a->uid = uid;
        a->gid = gid;
        snprintf(a->name, sizeof(a->name), "%s", v[0]);
        snprintf(a->home, sizeof(a->home), "%s", *v[5] ? v[5] : "/");
        snprintf(a->shell, sizeof(a->shell), "%s", *v[6] ? v[6] : "/bin/sh");
    }
    if (f)
        fclose(f);
    return found;
}

/* member: is name in a list with commas? */
static bool member(char *list, const char *name)
{
    char *word;

    while ((word = strsep(&list, ","))) {
        if (!strcmp(word, name))
            return true;
    }
    return false;
}

/* find_group: its id; with name NULL, add the groups that a is a member of. */
static bool find_group(const char *name, unsigned *gid, RunAccount *a)
{
    FILE *f = fopen("/etc/group", "re");
    char line[LINE], *v[FIELDS];
    bool found = false;
    unsigned id;

    while (f && !found && fgets(line, sizeof(line), f)) {
        if (split(line, v) < 3 || !number(v[2], &id))
            continue;
        found = name && !strcmp(v[0], name);
        if (found)
            *gid = id;
        else if (!name && v[3] && member(v[3], a->name) && a->n_groups < (int)ARRAY_LEN(a->groups))
            a->groups[a->n_groups++] = id;
    }
    if (f)
        fclose(f);
    return found;
}

const char *run_account(const char *user, RunAccount *a)
{
    char name[128] = "0";
    const char *group = user ? strchr(user, ':') : NULL;
    unsigned id;

    *a = (RunAccount){ .home = "/", .shell = "/bin/sh" };
    if (user && (size_t)snprintf(name, sizeof(name), "%.*s",
                                 group ? (int)(group - user) : (int)strlen(user), user) >= sizeof(name))
        return "the name is too long";
    if (number(name, &id)) {
        if (!find_user(NULL, id, a))
            a->uid = id;
    } else if (!find_user(name, 0, a)) {
        return "there is no such user in its /etc/passwd";
    }
    if (!user && !*a->name)
        strcpy(a->name, "root");
    if (group) {
        unsigned gid;

        if (!number(group + 1, &gid) && !find_group(group + 1, &gid, a))
            return "there is no such group in its /etc/group";
        a->gid = gid;
    }
    find_group(NULL, NULL, a);
    return NULL;
}
