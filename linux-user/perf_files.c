// SPDX-License-Identifier: MIT
#include "linux-user/perf_files.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/exec.h"
#include "linux-user/options.h"
#include "linux-user/symbols.h"
#include "syscall/own_fd.h"
#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/cache/cache.h"
#include "translate/translate.h"

enum { NAME_BYTES = 256, UNIT_BYTES = (EMIT_MAX_BLOCKS + 1) * (NAME_BYTES + 64) };

/* The jitdump format, version 1. */
enum { JIT_MAGIC = 0x4a695444, JIT_CODE_LOAD = 0 };
typedef struct {
    uint32_t magic, version, total_size, elf_mach, pad, pid;
    uint64_t timestamp, flags;
} JitHeader;
typedef struct {
    uint32_t id, total_size;
    uint64_t timestamp;
    uint32_t pid, tid;
    uint64_t vma, code_addr, code_size, code_index;
} JitLoad;
_Static_assert(sizeof(JitHeader) == 40 && sizeof(JitLoad) == 56, "as perf reads them");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int map_fd = -1, dump_fd = -1;
static void *marker;
static uint64_t code_index;
static uint32_t seen_exec;
static uint32_t owner;      /* whose files: the child of a vfork adds to its parent's code */

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- names ---- */

static void name_of(uint64_t pc, bool cold, char *out)
{
    /* New code mapped since: files may have changed places. */
    uint32_t now = pages_exec_changes();

    if (now != seen_exec)
        symbols_refresh();
    seen_exec = now;
    Symbol s = symbols_find(pc);
    const char *tail = cold ? " [cold]" : "";

    if (s.is_symbol)
        snprintf(out, NAME_BYTES, "%.200s+0x%" PRIx64 "%s", s.name, s.offset, tail);
    else
        snprintf(out, NAME_BYTES, "guest:0x%" PRIx64 "%s", pc, tail);
}

/* ---- one piece of code ---- */

static void dump_piece(const uint8_t *host, size_t n, const char *name)
{
    size_t name_bytes = strlen(name) + 1;
    JitLoad r = {
        .id = JIT_CODE_LOAD,
        .total_size = (uint32_t)(sizeof(r) + name_bytes + n),
        .timestamp = now_ns(),
        .pid = owner,
        .tid = (uint32_t)syscall(SYS_gettid),
        .vma = (uint64_t)host,
        .code_addr = (uint64_t)host,
        .code_size = n,
        .code_index = code_index++,
    };
    struct iovec v[] = { { &r, sizeof(r) }, { (void *)name, name_bytes }, { (void *)host, n } };

    if (writev(dump_fd, v, ARRAY_LEN(v)) < 0)
        LOG(jit, "-jitdump: %s", strerror(errno));
}

/* piece: to the dump at once, to the map by way of text; returns its new end. */
static char *piece(char *text, const uint8_t *host, size_t n, const char *name)
{
    if (n && dump_fd >= 0)
        dump_piece(host, n, name);
    return n ? text + sprintf(text, "%" PRIx64 " %zx %s\n", (uint64_t)host, n, name) : text;
}

static void map_write(const char *text, const char *end)
{
    if (map_fd >= 0 && end > text && write(map_fd, text, (size_t)(end - text)) < 0)
        LOG(jit, "-perfmap: %s", strerror(errno));
}

static void write_unit(const Unit *u)
{
    char text[UNIT_BYTES], name[NAME_BYTES], *end = text;
    const uint8_t *base = cache_code(u);

    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < u->n_block; i++) {
        const UnitBlock *b = &unit_blocks(u)[i];

        name_of(u->gpc + b->pc_off, false, name);
        end = piece(end, base + (b->entry - u->code), unit_block_end(u, i) - b->entry, name);
    }
    name_of(u->gpc, true, name);
    end = piece(end, base + u->hot_len, u->code_len - u->hot_len, name);
    map_write(text, end);
    pthread_mutex_unlock(&lock);
}

/* ---- the files ---- */

static int file_open(const char *path, int flags)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0644);

    if (fd >= 0)
        fd = exec_keep_fd(fd);
    else
        log_line("mimus", "%s: %s", path, strerror(errno));
    return fd;
}

static void file_close(int *fd)
{
    if (*fd < 0)
        return;
    own_fd_remove(*fd);
    close(*fd);
    *fd = -1;
}

/* dump_begin: perf finds the file by an executable mapping of it. */
static void dump_begin(void)
{
    JitHeader h = { JIT_MAGIC, 1, sizeof(h), EM_X86_64, 0, owner, now_ns(), 0 };
    struct stat st;

    if (fstat(dump_fd, &st) == 0 && !st.st_size && write(dump_fd, &h, sizeof(h)) < 0)
        LOG(jit, "-jitdump: %s", strerror(errno));
    marker = own_mmap(PAGE_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, dump_fd);
    if (marker != MAP_FAILED)
        own_memory(marker, PAGE_BYTES);
}

static void open_files(bool again)
{
    char path[PATH_MAX];
    int flags = again ? 0 : O_TRUNC;

    owner = (uint32_t)getpid();
    if (options.perfmap) {
        snprintf(path, sizeof(path), "/tmp/perf-%u.map", owner);
        map_fd = file_open(path, flags);
    }
    if (options.jitdump) {
        snprintf(path, sizeof(path), "%s/jit-%u.dump", options.jitdump, owner);
        dump_fd = file_open(path, flags);
        if (dump_fd >= 0)
            dump_begin();
    }
    if (map_fd < 0 && dump_fd < 0)
        return;
    /* What enters and leaves translated code. */
    char text[NAME_BYTES];
    size_t n;
    const uint8_t *runtime = translate_runtime(&n);

    map_write(text, piece(text, runtime, n, "mimus_runtime"));
}

void perf_files_start(bool again)
{
    if (!options.perfmap && !options.jitdump)
        return;
    open_files(again);
    cache_unit_hook = write_unit;
    cache_each_unit(write_unit);
}

void perf_files_fork_prepare(void)
{
    pthread_mutex_lock(&lock);
}

void perf_files_fork_parent(void)
{
    pthread_mutex_unlock(&lock);
}

void perf_files_fork_child(void)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

    lock = unlocked;
    if (map_fd < 0 && dump_fd < 0)
        return;
    file_close(&map_fd);
    file_close(&dump_fd);
    if (marker && marker != MAP_FAILED) {
        own_memory_gone(marker);
        munmap(marker, PAGE_BYTES);
    }
    open_files(false);
    cache_each_unit(write_unit);
}
