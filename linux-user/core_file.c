// SPDX-License-Identifier: MIT
/*
 * core_file.c: file header, one PT_NOTE, a PT_LOAD per mapping, as Linux 6.1 fs/binfmt_elf.c,
 * elf_core_dump() lays them out. What of a mapping is written is decided as vma_dump_size() does;
 * memory is read through /proc/self/mem, which also gives pages the guest may not read.
 */
#include "linux-user/core_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "linux-user/proc.h"
#include "syscall/host_call.h"

/* Bits of coredump_filter, core(5). */
enum { DUMP_ANON_PRIVATE = 1, DUMP_ANON_SHARED = 2, DUMP_FILE_PRIVATE = 4, DUMP_FILE_SHARED = 8,
       DUMP_ELF_HEADERS = 16, DUMP_HUGE_PRIVATE = 32, DUMP_HUGE_SHARED = 64 };

enum { MAPS_MAX = 65000, CHUNK = 512 * PAGE_BYTES };

typedef struct {
    uint64_t start, end, offset, dump;
    uint32_t flags;             /* PF_ */
    bool shared, has_file, gone, anonymous;
    char vm_flags[128];
    const char *name;
} CoreMap;

/* ---- notes ---- */

static bool notes_add(CoreNotes *n, const void *p, size_t len)
{
    if (n->len + len > n->cap) {
        size_t cap = (n->cap + len) * 2;
        uint8_t *more = realloc(n->p, cap);

        if (!more)
            return false;
        n->p = more;
        n->cap = cap;
    }
    memcpy(n->p + n->len, p, len);
    n->len += len;
    return true;
}

static bool note_add(CoreNotes *n, const char *name, uint32_t type, const void *p, size_t len)
{
    static const uint8_t zero[4];
    Elf64_Nhdr h = { (uint32_t)strlen(name) + 1, (uint32_t)len, type };

    return notes_add(n, &h, sizeof(h)) && notes_add(n, name, h.n_namesz) &&
           notes_add(n, zero, -h.n_namesz & 3) && notes_add(n, p, len) &&
           notes_add(n, zero, -len & 3);
}

/* struct elf_prstatus of a 64-bit kernel up to the registers, which a guest word fpvalid follows. */
typedef struct {
    int32_t si_signo, si_code, si_errno;
    int16_t cursig;
    uint64_t sigpend, sighold;
    int32_t pid, ppid, pgrp, sid;
    struct timeval utime, stime, cutime, cstime;
} PrStatus;
_Static_assert(sizeof(PrStatus) == 112, "struct elf_prstatus before pr_reg");

static size_t fill_prstatus(Thread *t, int sig, uint8_t *buf)
{
    struct rusage self = { 0 }, children = { 0 };
    const int32_t fpvalid = 1;
    PrStatus s = {
        .si_signo = sig,
        .cursig = (int16_t)sig,
        .sighold = t->sigmask,
        .pid = t->tid,
        .ppid = getppid(),
        .pgrp = getpgrp(),
        .sid = getsid(0),
    };

    getrusage(RUSAGE_THREAD, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    s.utime = self.ru_utime;
    s.stime = self.ru_stime;
    s.cutime = children.ru_utime;
    s.cstime = children.ru_stime;
    host_call(SYS_rt_sigpending, &s.sigpend, 8);
    memcpy(buf, &s, sizeof(s));
    size_t n = sizeof(s) + t->abi->core_notes[0].fill(t->env, buf + sizeof(s));

    memcpy(buf + n, &fpvalid, sizeof(fpvalid));
    memset(buf + n + 4, 0, 4);
    return n + 8;
}

bool core_thread_notes(Thread *t, int sig, CoreNotes *out)
{
    uint8_t buf[CORE_NOTE_BYTES + sizeof(PrStatus) + 8];
    size_t n = fill_prstatus(t, sig, buf);

    if (!note_add(out, "CORE", NT_PRSTATUS, buf, n))
        return false;
    for (const CoreNote *c = t->abi->core_notes + 1; c->name; c++) {
        n = c->fill(t->env, buf);
        if (n && !note_add(out, c->name, c->type, buf, n))
            return false;
    }
    return true;
}

/* struct elf_prpsinfo. */
typedef struct {
    uint8_t state;
    char sname;
    uint8_t zombie, nice;
    uint64_t flag;
    uint32_t uid, gid;
    int32_t pid, ppid, pgrp, sid;
    char fname[16], psargs[80];
} PrPsInfo;
_Static_assert(sizeof(PrPsInfo) == 136, "struct elf_prpsinfo");

static bool add_prpsinfo(Thread *t, CoreNotes *n)
{
    PrPsInfo p = { .sname = 'R', .uid = getuid(), .gid = getgid(), .pid = getpid(),
                   .ppid = getppid(), .pgrp = getpgrp(), .sid = getsid(0) };
    uint64_t len = program.stack.arg_end - program.stack.arg_start;

    prctl(PR_GET_NAME, p.fname);
    len = len < sizeof(p.psargs) ? len : sizeof(p.psargs) - 1;
    if (guest_copy_in(t, p.psargs, guest_addr(program.stack.arg_start), len) < 0)
        memset(p.psargs, 0, sizeof(p.psargs));
    for (size_t i = 0; i < len; i++) {
        if (!p.psargs[i])
            p.psargs[i] = ' ';
    }
    return note_add(n, "CORE", NT_PRPSINFO, &p, sizeof(p));
}

static bool add_auxv(Thread *t, CoreNotes *n)
{
    uint8_t buf[1024];
    size_t len = program.stack.auxv_bytes < sizeof(buf) ? program.stack.auxv_bytes : sizeof(buf);

    if (guest_copy_in(t, buf, guest_addr(program.stack.auxv), len) < 0)
        return true;
    return note_add(n, "CORE", NT_AUXV, buf, len);
}

/* NT_FILE: count, page size, {start, end, offset in pages} each, then the names. */
static bool add_files(CoreNotes *n, const CoreMap *m, unsigned count)
{
    CoreNotes body = { 0 };
    uint64_t head[2] = { 0, PAGE_BYTES };
    bool ok = true;

    for (unsigned i = 0; i < count; i++)
        head[0] += m[i].has_file;
    ok = notes_add(&body, head, sizeof(head));
    for (unsigned i = 0; i < count && ok; i++) {
        uint64_t row[3] = { m[i].start, m[i].end, m[i].offset / PAGE_BYTES };

        ok = !m[i].has_file || notes_add(&body, row, sizeof(row));
    }
    for (unsigned i = 0; i < count && ok; i++)
        ok = !m[i].has_file || notes_add(&body, m[i].name, strlen(m[i].name) + 1);
    ok = ok && note_add(n, "CORE", NT_FILE, body.p, body.len);
    free(body.p);
    return ok;
}

/* all_notes: in the kernel's order: after the first thread's registers what is of the process. */
static bool all_notes(Thread *t, const siginfo_t *info, const CoreNotes *others,
                      unsigned n_others, const CoreMap *m, unsigned count, CoreNotes *out)
{
    CoreNotes own = { 0 };
    bool ok = core_thread_notes(t, info->si_signo, &own);
    size_t first;

    if (!ok)
        return false;
    first = sizeof(Elf64_Nhdr) + 8 + ((const Elf64_Nhdr *)own.p)->n_descsz;
    ok = notes_add(out, own.p, first) && add_prpsinfo(t, out) &&
         note_add(out, "CORE", NT_SIGINFO, info, 128) && add_auxv(t, out) &&
         add_files(out, m, count) && notes_add(out, own.p + first, own.len - first);
    free(own.p);
    for (unsigned i = 0; i < n_others && ok; i++)
        ok = notes_add(out, others[i].p, others[i].len);
    return ok;
}

/* ---- mappings ---- */

/* dump_bytes: how much of a mapping is written; see vma_dump_size(). */
static uint64_t dump_bytes(Thread *t, const CoreMap *m, uint64_t filter)
{
    uint64_t whole = m->end - m->start;
    char magic[4];

    if (!strcmp(m->name, "[vdso]"))
        return whole;
    if (strstr(m->vm_flags, " dd") || strstr(m->vm_flags, " io"))
        return 0;
    if (strstr(m->vm_flags, " ht"))
        return filter & (m->shared ? DUMP_HUGE_SHARED : DUMP_HUGE_PRIVATE) ? whole : 0;
    if (m->shared)
        return filter & (m->gone ? DUMP_ANON_SHARED : DUMP_FILE_SHARED) ? whole : 0;
    if (m->anonymous && (filter & DUMP_ANON_PRIVATE))
        return whole;
    if (!m->has_file)
        return 0;
    if (filter & DUMP_FILE_PRIVATE)
        return whole;
    if ((filter & DUMP_ELF_HEADERS) && !m->offset && (m->flags & PF_R) &&
        guest_copy_in(t, magic, guest_addr(m->start), 4) == 0 && !memcmp(magic, ELFMAG, SELFMAG))
        return PAGE_BYTES;
    return 0;
}

/* map_start: the first line of a mapping in smaps; false: another line. */
static bool map_start(char *line, CoreMap *m)
{
    unsigned long long start, end, offset, inode;
    char perms[5];
    int at = 0;

    if (sscanf(line, "%llx-%llx %4s %llx %*s %llu %n", &start, &end, perms, &offset, &inode,
               &at) != 5 || !at)
        return false;
    *m = (CoreMap){ .start = start, .end = end, .offset = offset, .name = line + at };
    m->flags = (perms[0] == 'r' ? PF_R : 0) | (perms[1] == 'w' ? PF_W : 0) |
               (perms[2] == 'x' ? PF_X : 0);
    m->shared = perms[3] == 's';
    m->has_file = inode != 0 && *m->name == '/';
    size_t n = strlen(m->name);

    m->gone = n > 10 && !strcmp(m->name + n - 10, " (deleted)");
    return true;
}

/* map_detail: what the other lines say of it. */
static void map_detail(const char *line, CoreMap *m)
{
    unsigned long long kb;

    if (sscanf(line, "Anonymous: %llu", &kb) == 1 || sscanf(line, "Swap: %llu", &kb) == 1)
        m->anonymous |= kb != 0;
    else if (!strncmp(line, "VmFlags:", 8))
        snprintf(m->vm_flags, sizeof(m->vm_flags), "%s", line + 8);
}

/* maps_parse: the mappings of a text that is cut into lines; NULL: no memory. */
static CoreMap *maps_parse(char *text, unsigned *count)
{
    CoreMap *m = NULL, one;
    unsigned n = 0, cap = 0;

    for (char *line = text, *next; *line; line = next) {
        size_t len = strcspn(line, "\n");

        next = line + len + (line[len] == '\n');
        line[len] = 0;
        if (!map_start(line, &one)) {
            if (n)
                map_detail(line, &m[n - 1]);
            continue;
        }
        if (n == cap) {
            cap = cap * 2 + 64;
            CoreMap *more = realloc(m, cap * sizeof(*m));

            if (!more || n == MAPS_MAX)
                break;
            m = more;
        }
        m[n++] = one;
    }
    *count = n;
    return m;
}

/* ---- the file ---- */

typedef struct {
    int fd, mem, pagemap;
    uint64_t at, limit;
    uint8_t *buf;               /* CHUNK bytes */
} Out;

/* put: bytes at the current place, no further than the limit. */
static bool put(Out *o, const void *p, size_t n)
{
    size_t room = o->at < o->limit ? o->limit - o->at : 0;
    size_t m = n < room ? n : room;

    for (size_t done = 0; done < m;) {
        long k = host_call(SYS_pwrite64, o->fd, (const uint8_t *)p + done, m - done, o->at + done);

        if (k <= 0)
            return false;
        done += (size_t)k;
    }
    o->at += n;
    return true;
}

/* empty: no page of [from, from + n) was ever touched; for memory without a file. */
static bool empty(const Out *o, uint64_t from, size_t n)
{
    enum { SHIFT = 61 };            /* present, swapped, of a file */
    uint64_t entry[CHUNK / PAGE_BYTES];
    long want = (long)(n / PAGE_BYTES * 8);

    if (o->pagemap < 0 ||
        host_call(SYS_pread64, o->pagemap, entry, want, from / PAGE_BYTES * 8) != want)
        return false;
    for (long i = 0; i < want / 8; i++) {
        if (entry[i] >> SHIFT)
            return false;
    }
    return true;
}

/* put_pages: pages that cannot be read (past the end of a file) are holes. */
static bool put_pages(Out *o, uint64_t from, size_t n)
{
    long got = host_call(SYS_pread64, o->mem, o->buf, n, from);

    if (got == (long)n)
        return put(o, o->buf, n);
    for (size_t i = 0; i < n; i += PAGE_BYTES) {
        got = host_call(SYS_pread64, o->mem, o->buf, PAGE_BYTES, from + i);
        if (got == PAGE_BYTES ? !put(o, o->buf, PAGE_BYTES) : (o->at += PAGE_BYTES, false))
            return false;
    }
    return true;
}

static bool put_map(Out *o, const CoreMap *m)
{
    for (uint64_t at = m->start, end = m->start + m->dump; at < end && o->at < o->limit;) {
        size_t n = end - at < CHUNK ? end - at : CHUNK;

        if (!m->has_file && empty(o, at, n))
            o->at += n;
        else if (!put_pages(o, at, n))
            return false;
        at += n;
    }
    return true;
}

static bool put_headers(Out *o, Thread *t, const CoreMap *m, unsigned count, size_t note_bytes)
{
    uint64_t at = sizeof(Elf64_Ehdr) + (count + 1ull) * sizeof(Elf64_Phdr);
    Elf64_Ehdr e = { .e_type = ET_CORE, .e_machine = t->guest->elf_machine, .e_version = EV_CURRENT,
                     .e_phoff = sizeof(e), .e_ehsize = sizeof(e), .e_phentsize = sizeof(Elf64_Phdr),
                     .e_phnum = (uint16_t)(count + 1) };
    Elf64_Phdr note = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = note_bytes, .p_align = 4 };
    bool ok;

    memcpy(e.e_ident, ELFMAG, SELFMAG);
    e.e_ident[EI_CLASS] = t->guest->elf_class;
    e.e_ident[EI_DATA] = t->guest->elf_data;
    e.e_ident[EI_VERSION] = EV_CURRENT;
    ok = put(o, &e, sizeof(e)) && put(o, &note, sizeof(note));
    at = align_up(at + note_bytes, PAGE_BYTES);
    for (unsigned i = 0; i < count && ok; i++) {
        Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = m[i].flags, .p_offset = at,
                         .p_vaddr = m[i].start, .p_filesz = m[i].dump,
                         .p_memsz = m[i].end - m[i].start, .p_align = PAGE_BYTES };

        ok = put(o, &p, sizeof(p));
        at += m[i].dump;
    }
    return ok;
}

static int put_file(Out *o, Thread *t, const CoreMap *m, unsigned count, const CoreNotes *notes)
{
    if (!put_headers(o, t, m, count, notes->len) || !put(o, notes->p, notes->len))
        return -EIO;
    o->at = align_up(o->at, PAGE_BYTES);
    for (unsigned i = 0; i < count; i++) {
        if (!put_map(o, &m[i]))
            return -EIO;
    }
    /* Holes at the end are part of it. */
    return (int)host_call(SYS_ftruncate, o->fd, o->at < o->limit ? o->at : o->limit);
}

int core_write(Thread *t, const siginfo_t *info, const CoreNotes *others, unsigned n_others,
               char *smaps, uint64_t filter, int fd, uint64_t limit)
{
    Out o = { .fd = fd, .limit = limit, .buf = malloc(CHUNK) };
    CoreNotes notes = { 0 };
    unsigned count = 0;
    CoreMap *m = maps_parse(smaps, &count);
    int err = -ENOMEM;

    o.mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    o.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i < count; i++)
        m[i].dump = dump_bytes(t, &m[i], filter);
    if (o.buf && m && o.mem >= 0 && all_notes(t, info, others, n_others, m, count, &notes))
        err = put_file(&o, t, m, count, &notes);
    close(o.mem);
    close(o.pagemap);
    free(notes.p);
    free(o.buf);
    free(m);
    return err;
}
