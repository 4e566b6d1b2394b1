/* SPDX-License-Identifier: MIT */
/* status.c: what is registered, for people and for programs. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "binfmt/tool.h"

/* One guest's line. */
typedef struct {
    const char *state;
    const BinfmtEntry *entry;       /* NULL: missing */
} State;

/* table_handler: which entry runs the guest's programs? Ours when there are several. */
static const BinfmtEntry *table_handler(const BinfmtTable *t, const Guest *guest)
{
    const BinfmtEntry *found = NULL;
    uint8_t head[BINFMT_HEAD];
    BinfmtEntry ours;

    magic_entry(guest, "", false, &ours);
    magic_head(guest, ET_DYN, head);
    for (unsigned i = 0; i < t->count; i++) {
        const BinfmtEntry *e = &t->entries[i];

        if (!strcmp(e->name, ours.name))
            return e;
        if (entry_matches(e, head))
            found = e;
    }
    return found;
}

static State guest_state(const BinfmtTable *t, const Guest *guest)
{
    const BinfmtEntry *e = table_handler(t, guest);

    if (magic_native(guest))
        return (State){ "native", NULL };
    if (!e)
        return (State){ "missing", NULL };
    if (!e->enabled || !t->enabled)
        return (State){ "disabled", e };
    if (strncmp(e->name, "mimus-", 6))
        return (State){ "foreign", e };
    if (!strchr(e->flags, 'F') && access(e->interpreter, X_OK))
        return (State){ "broken", e };
    return (State){ "ready", e };
}

bool binfmt_runs(const BinfmtTable *t, const Guest *guest)
{
    State s = guest_state(t, guest);

    return !strcmp(s.state, "ready") || !strcmp(s.state, "foreign");
}

void binfmt_print_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            printf("\\u%04x", *s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void print_json(const BinfmtJob *job, const BinfmtTable *t, bool mounted)
{
    printf("{\n  \"table\": ");
    binfmt_print_string(job->table);
    printf(",\n  \"mounted\": %s,\n  \"enabled\": %s,\n  \"guests\": [", mounted ? "true" : "false",
           t->enabled ? "true" : "false");
    for (unsigned i = 0; i < job->n_guests; i++) {
        State s = guest_state(t, job->guests[i]);

        printf("%s\n    { \"arch\": \"%s\", \"platform\": \"linux/%s\", \"state\": \"%s\"",
               i ? "," : "", job->guests[i]->name, magic_platform(job->guests[i]), s.state);
        if (s.entry) {
            printf(", \"entry\": ");
            binfmt_print_string(s.entry->name);
            printf(", \"interpreter\": ");
            binfmt_print_string(s.entry->interpreter);
            printf(", \"flags\": \"%s\"", s.entry->flags);
        }
        printf(" }");
    }
    printf("\n  ]\n}\n");
}

static void print_text(const BinfmtJob *job, const BinfmtTable *t, bool mounted)
{
    if (!mounted)
        printf("binfmt_misc is not mounted at %s\n", job->table);
    else if (!t->enabled)
        printf("the table at %s is disabled\n", job->table);
    printf("%-12s %-9s %-18s %-6s %s\n", "ARCH", "STATE", "ENTRY", "FLAGS", "INTERPRETER");
    for (unsigned i = 0; i < job->n_guests; i++) {
        State s = guest_state(t, job->guests[i]);

        printf("%-12s %-9s %-18s %-6s %s\n", job->guests[i]->name, s.state,
               s.entry ? s.entry->name : "-", s.entry ? s.entry->flags : "-",
               s.entry ? s.entry->interpreter : "-");
    }
}

int binfmt_status(const BinfmtJob *job)
{
    BinfmtTable t = { .enabled = false };
    int err = table_read(job->table, &t);

    if (err < 0 && err != -ENOENT)
        return binfmt_error("cannot read %s: %s", job->table, binfmt_why(err));
    (job->json ? print_json : print_text)(job, &t, err == 0);
    table_free(&t);
    return 0;
}
