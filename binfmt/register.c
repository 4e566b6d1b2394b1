/* SPDX-License-Identifier: MIT */
/*
 * register.c: adding entries and taking them away. All is planned first, so that a refusal changes
 * nothing; when the kernel refuses half way, what was done is undone.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "binfmt/tool.h"

typedef struct {
    bool remove;
    BinfmtEntry entry;
} Step;

typedef struct {
    Step *steps;
    unsigned count;
} Plan;

int binfmt_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("mimus-binfmt: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return 1;
}

const char *binfmt_why(int err)
{
    switch (-err) {
    case EACCES:
    case EPERM:
        return "this needs root: use sudo";
    case EROFS:
        return "it is read-only here, as in a container: run this on the host or in a container "
               "started with --privileged";
    case ENODEV:
        return "this kernel has no binfmt_misc: try `modprobe binfmt_misc`";
    case ENOENT:
        return "there is no such folder or no table in it";
    case EEXIST:
        return "an entry of that name is there already";
    case EINVAL:
        return "the kernel does not take such an entry";
    default:
        return strerror(-err);
    }
}

int binfmt_mount(const BinfmtJob *job)
{
    int err = table_mount(job->table);

    if (err < 0)
        return binfmt_error("cannot mount binfmt_misc at %s: %s", job->table, binfmt_why(err));
    return 0;
}

/* ---- the plan ---- */

static void plan_step(Plan *plan, bool remove, const BinfmtEntry *e)
{
    plan->steps = reallocarray(plan->steps, plan->count + 1, sizeof(Step));
    if (!plan->steps)
        exit(binfmt_error("out of memory"));
    plan->steps[plan->count++] = (Step){ remove, *e };
}

static bool planned_removal(const Plan *plan, const char *name)
{
    for (unsigned i = 0; i < plan->count; i++) {
        if (plan->steps[i].remove && !strcmp(plan->steps[i].entry.name, name))
            return true;
    }
    return false;
}

/* another_handler: an enabled entry, not `ours`, that runs such programs; NULL: none. */
static const BinfmtEntry *another_handler(const BinfmtTable *t, const Guest *guest,
                                          const BinfmtEntry *ours, const Plan *plan)
{
    static const unsigned types[] = { ET_EXEC, ET_DYN };
    uint8_t head[BINFMT_HEAD];

    for (unsigned k = 0; k < ARRAY_LEN(types); k++) {
        magic_head(guest, types[k], head);
        for (unsigned i = 0; i < t->count; i++) {
            const BinfmtEntry *e = &t->entries[i];

            if (strcmp(e->name, ours->name) && entry_matches(e, head) &&
                !planned_removal(plan, e->name))
                return e;
        }
    }
    return NULL;
}

/* plan_guest: returns 0 or 1 when it may not be. */
static int plan_guest(const BinfmtJob *job, const BinfmtTable *t, const Guest *guest, Plan *plan)
{
    char line[BINFMT_LINE_MAX + 1];
    BinfmtEntry ours;
    const BinfmtEntry *e;

    magic_entry(guest, job->interpreter, job->credential, &ours);
    const char *why = entry_line(&ours, line);

    if (why)
        return binfmt_error("%s %s", job->interpreter, why);
    while ((e = another_handler(t, guest, &ours, plan))) {
        if (job->keep) {
            fprintf(job->say, "%s: left to %s\n", guest->name, e->name);
            return 0;
        }
        if (!job->replace)
            return binfmt_error("%s programs are run by the entry %s (%s) already: use --replace to "
                                "take it out, or --keep to leave it", guest->name, e->name,
                                e->interpreter);
        plan_step(plan, true, e);
    }
    if ((e = table_find(t, ours.name))) {
        if (entry_same(e, &ours) && e->enabled && !job->replace) {
            fprintf(job->say, "%s: registered already\n", guest->name);
            return 0;
        }
        plan_step(plan, true, e);
    }
    plan_step(plan, false, &ours);
    return 0;
}

/* ---- carrying it out ---- */

static int step_do(const BinfmtJob *job, const Step *s, bool undo)
{
    int err = s->remove != undo ? table_remove(job->table, s->entry.name)
                                : table_add(job->table, &s->entry);

    if (!err && s->remove && undo && !s->entry.enabled)
        err = table_command(job->table, s->entry.name, "0");
    return err;
}

static int plan_carry_out(const BinfmtJob *job, const Plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const Step *s = &plan->steps[i];
        int err = step_do(job, s, false);

        if (err == 0)
            continue;
        while (i-- > 0) {
            if (step_do(job, &plan->steps[i], true) < 0)
                binfmt_error("%s could not be put back", plan->steps[i].entry.name);
        }
        return binfmt_error("cannot %s %s: %s", s->remove ? "remove" : "register", s->entry.name,
                            binfmt_why(err));
    }
    return 0;
}

static void plan_report(const BinfmtJob *job, const Plan *plan)
{
    for (unsigned i = 0; i < plan->count; i++) {
        const Step *s = &plan->steps[i];

        if (s->remove)
            fprintf(job->say, "%s: removed\n", s->entry.name);
        else
            fprintf(job->say, "%s: registered, %s, flags %s\n", s->entry.name, s->entry.interpreter,
                   s->entry.flags);
    }
}

static int read_table(const BinfmtJob *job, BinfmtTable *t)
{
    int err = table_read(job->table, t);

    return err < 0 ? binfmt_error("cannot read %s: %s", job->table, binfmt_why(err)) : 0;
}

/* check_interpreter: the kernel would only say ENOENT or EACCES. */
static int check_interpreter(const BinfmtJob *job)
{
    struct stat st;

    if (stat(job->interpreter, &st) < 0)
        return binfmt_error("%s: %s: name the program with --interpreter", job->interpreter,
                            strerror(errno));
    if (!S_ISREG(st.st_mode) || access(job->interpreter, X_OK) < 0)
        return binfmt_error("%s is no program that can be executed", job->interpreter);
    return 0;
}

int binfmt_register(const BinfmtJob *job)
{
    Plan plan = { NULL, 0 };
    BinfmtTable t;
    int status = check_interpreter(job);

    if (status || (status = binfmt_mount(job)) || (status = read_table(job, &t)))
        return status;
    if (job->credential)
        binfmt_error("note: with flag C set-user-id programs of the guest get their rights, and a "
                     "fault of mimus in one of them is a way to root");
    for (unsigned i = 0; i < job->n_guests && !status; i++)
        status = plan_guest(job, &t, job->guests[i], &plan);
    if (!status)
        status = plan_carry_out(job, &plan);
    if (!status)
        plan_report(job, &plan);
    if (!status && !t.enabled)
        binfmt_error("note: the table is disabled as a whole: `echo 1 > %s/status`", job->table);
    free(plan.steps);
    table_free(&t);
    return status;
}

int binfmt_unregister(const BinfmtJob *job)
{
    Plan plan = { NULL, 0 };
    char name[BINFMT_NAME_MAX];
    BinfmtTable t;
    int err = table_read(job->table, &t);

    if (err == -ENOENT) {
        fputs("nothing is registered: binfmt_misc is not mounted\n", job->say);
        return 0;
    }
    if (err < 0)
        return binfmt_error("cannot read %s: %s", job->table, binfmt_why(err));
    for (unsigned i = 0; i < job->n_guests; i++) {
        snprintf(name, sizeof(name), "mimus-%s", job->guests[i]->name);
        const BinfmtEntry *e = table_find(&t, name);

        if (e)
            plan_step(&plan, true, e);
        else
            fprintf(job->say, "%s: is not registered\n", job->guests[i]->name);
    }
    int status = plan_carry_out(job, &plan);

    if (!status)
        plan_report(job, &plan);
    free(plan.steps);
    table_free(&t);
    return status;
}
