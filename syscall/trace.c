/* SPDX-License-Identifier: MIT */
/*
 * trace.c: -strace. One line per call, "TID name(args) = result", made from the rows:
 * numbers by their kind, strings, flags by the names of flags.tbl. Arguments are read
 * before the call and printed with the result after it, as one write, so that lines of
 * threads do not mix; calls that may not come back (exit, exec) print a line without
 * result first.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "gen/syscalls.h"
#include "syscall/narrow.h"
#include "translate/base/log.h"

enum { LINE_BYTES = 1024, STRING_BYTES = 200 };

typedef struct {
    char text[LINE_BYTES];
    size_t len;
} Line;

static void put(Line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(Line *l, const char *fmt, ...)
{
    size_t room = sizeof l->text - l->len;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(l->text + l->len, room, fmt, ap);
    va_end(ap);
    if (n > 0) {
        l->len += (size_t)n < room ? (size_t)n : room - 1;
    }
}

/*
 * flush: print the line behind the thread's number, which is taken now: the child of a
 * fork prints its own. A line that was cut still ends.
 */
static void flush(Line *l, Thread *t)
{
    char line[LINE_BYTES + 16];
    int n = snprintf(line, sizeof line, "%d ", t->tid);

    if (l->len == sizeof l->text - 1) {
        l->text[l->len - 1] = '\n';
    }
    memcpy(line + n, l->text, l->len);
    log_raw(line, (size_t)n + l->len);
}

/* ---- arguments ---- */

static void put_string(Line *l, Thread *t, uint64_t va)
{
    char s[STRING_BYTES];
    long n;

    if (va == 0) {
        put(l, "NULL");
        return;
    }
    n = guest_copy_str(t, s, guest_addr(va), sizeof s);
    if (n == -EFAULT) {
        put(l, "0x%" PRIx64, va);
        return;
    }
    put(l, "\"");
    for (long i = 0; i < (n < 0 ? STRING_BYTES : n); i++) {
        unsigned char c = (unsigned char)s[i];

        if (c == '"' || c == '\\') {
            put(l, "\\%c", c);
        } else if (c < ' ' || c == 0x7f) {
            put(l, "\\%o", c);
        } else {
            put(l, "%c", c);
        }
    }
    put(l, n < 0 ? "\"..." : "\"");
}

/* put_strings: an argv; what cannot be read ends it. */
static void put_strings(Line *l, Thread *t, uint64_t va)
{
    enum { MOST = 16 };
    size_t word = t->abi->narrow ? 4 : 8;
    uint64_t s = 0;

    put(l, "{");
    for (unsigned i = 0; i < MOST; i++) {
        if (guest_copy_in(t, &s, guest_addr(va + i * word), word) || s == 0) {
            put(l, "NULL}");
            return;
        }
        put_string(l, t, s);
        put(l, ",");
    }
    put(l, "...}");
}

static void put_flags(Line *l, unsigned set, uint32_t value)
{
    const char *zero = NULL;
    bool any = false;

    for (const FlagName *f = flag_names[set]; f->name; f++) {
        if (f->value == 0) {
            zero = f->name;
        } else if ((value & f->value) == f->value) {
            put(l, "%s%s", any ? "|" : "", f->name);
            value &= ~f->value;
            any = true;
        }
    }
    if (value) {
        put(l, "%s0x%" PRIx32, any ? "|" : "", value);
    } else if (!any) {
        put(l, "%s", zero ? zero : "0");
    }
}

static void put_signal(Line *l, int sig)
{
    const char *name = sigabbrev_np(sig);

    if (name) {
        put(l, "SIG%s", name);
    } else {
        put(l, "%d", sig);
    }
}

/*
 * put_clone_flags: the low byte of clone's is the signal that tells the parent of the end. A
 * byte that is no signal is a flag that only unshare and setns know.
 */
static void put_clone_flags(Line *l, uint32_t value)
{
    uint32_t sig = value & 0xff;

    if (sig == 0 || sig > 64) {
        put_flags(l, FLAGS_clone, value);
        return;
    }
    if (value != sig) {
        put_flags(l, FLAGS_clone, value - sig);
        put(l, "|");
    }
    put_signal(l, (int)sig);
}

static void put_open_flags(Line *l, Thread *t, uint32_t value)
{
    value = open_flags_to_host(t, value);
    if ((value & O_ACCMODE) == O_RDONLY && value) {
        put(l, "O_RDONLY|");
    }
    put_flags(l, FLAGS_open, value);
}

static void put_enum(Line *l, unsigned set, uint64_t value)
{
    if (set == FLAGS_NONE) { /* requests of ioctl.tbl, the only names elsewhere */
        for (const IoctlRow *r = ioctl_rows; r->name; r++) {
            if (r->request == (uint32_t)value) {
                put(l, "%s", r->name);
                return;
            }
        }
        put(l, "0x%" PRIx32, (uint32_t)value);
        return;
    }
    for (const FlagName *f = flag_names[set]; f->name; f++) {
        if (f->value == (uint32_t)value) {
            put(l, "%s", f->name);
            return;
        }
    }
    put(l, "%d", (int)value);
}

static void put_arg(Line *l, Thread *t, ArgSpec spec, uint64_t a)
{
    switch (spec.kind) {
    case ARG_INT:
    case ARG_FD: put(l, "%d", (int)a); break;
    case ARG_DIRFD:
        if ((int)a == AT_FDCWD) {
            put(l, "AT_FDCWD");
        } else {
            put(l, "%d", (int)a);
        }
        break;
    case ARG_UINT: put(l, "%" PRIu32, (uint32_t)a); break;
    case ARG_OFFSET:
    case ARG_LONG: put(l, "%" PRId64, (int64_t)a); break;
    case ARG_ULONG: put(l, "%" PRIu64, a); break;
    case ARG_MODE: put(l, "%#o", (unsigned)a); break;
    case ARG_STR: put_string(l, t, a); break;
    case ARG_STRV: put_strings(l, t, a); break;
    case ARG_SIG: put_signal(l, (int)a); break;
    case ARG_FLAGS:
        if (spec.set == FLAGS_open) {
            put_open_flags(l, t, (uint32_t)a);
        } else if (spec.set == FLAGS_clone) {
            put_clone_flags(l, (uint32_t)a);
        } else {
            put_flags(l, spec.set, (uint32_t)a);
        }
        break;
    case ARG_ENUM: put_enum(l, spec.set, a); break;
    case ARG_PTR:
        if (a == 0) {
            put(l, "NULL");
            break;
        }
        put(l, "0x%" PRIx64, a);
        break;
    default: put(l, "0x%" PRIx64, a);
    }
}

/* ---- results ---- */

static const char *restart_name(long result)
{
    static const char *const names[] = { "ERESTARTSYS", "ERESTARTNOINTR",
                                         "ERESTARTNOHAND" };

    return result <= -512 && result > -515 ? names[-512 - result] : "";
}

static void put_result(Line *l, unsigned kind, long result)
{
    if (result <= -512 && result >= SYS_NO_RESULT) {
        put(l, " = ? %s\n", restart_name(result));
    } else if (result < 0 && result >= -4095) {
        const char *name = strerrorname_np((int)-result);

        put(l, " = -1 %s (%s)\n", name ? name : "?", strerrordesc_np((int)-result));
    } else if (kind == RESULT_ADDR) {
        put(l, " = 0x%lx\n", result);
    } else {
        put(l, " = %ld\n", result);
    }
}

static bool may_not_return(const SyscallRow *row)
{
    long id = row - syscall_rows;

    return id == SC_exit || id == SC_exit_group || id == SC_execve || id == SC_execveat;
}

long syscall_traced(Thread *t, const SyscallRow *row, const uint64_t *args)
{
    Line l = { .len = 0 };
    long result;
    size_t len;

    put(&l, "%s(", row->name);
    for (unsigned i = 0; i < row->n_args; i++) {
        if (i) {
            put(&l, ",");
        }
        put_arg(&l, t, row->args[i], args[i]);
    }
    put(&l, ")");
    if (may_not_return(row)) {
        len = l.len;
        put(&l, "\n");
        flush(&l, t);
        l.len = len;
    }
    result = t->abi->narrow ? narrow_call(t, (unsigned)(row - syscall_rows)) : row->call(t, args);
    put_result(&l, row->result, result);
    flush(&l, t);
    return result;
}

void syscall_trace_unknown(Thread *t, uint64_t nr, const uint64_t *args)
{
    Line l = { .len = 0 };

    put(&l, "syscall_%" PRIu64 "(", nr);
    for (unsigned i = 0; i < SYSCALL_MAX_ARGS; i++) {
        put(&l, "%s0x%" PRIx64, i ? "," : "", args[i]);
    }
    put(&l, ")");
    put_result(&l, RESULT_ERR, -ENOSYS);
    flush(&l, t);
}
