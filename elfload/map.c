// SPDX-License-Identifier: MIT
/*
 * map.c: PT_LOAD segments to mappings, after Linux 6.12 fs/binfmt_elf.c (elf_load): file pages
 * are mapped privately, the rest of the last one is cleared when the segment is writable, and what
 * lies beyond the file is anonymous memory.
 *
 * The whole span is reserved first, with MAP_FIXED_NOREPLACE for fixed addresses; so a segment
 * cannot land on anything of ours, and the segments then go over the reservation.
 */
#include "elfload/map.h"

#include <elf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "syscall/memory.h"
#include "syscall/space.h"
#include "translate/base/log.h"

enum { PROGRAM_RANDOM_PAGES = 1 << 24, PROGRAM_TRIES = 8 };

static long read_at(int fd, void *buf, size_t n, uint64_t off)
{
    size_t done = 0;

    if (off > INT64_MAX - n)
        return 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)buf + done, n - done, (off_t)(off + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (long)done;
}

int elf_read(int fd, ElfImage *img, const char **why)
{
    uint8_t first[1024], table[ELF_PHDRS_MAX];
    uint64_t off, n;
    long got = read_at(fd, first, sizeof(first), 0);

    *why = "cannot be read";
    if (got < 0)
        return (int)got;
    Bytes head = { first, (size_t)got }, phdrs = { NULL, 0 };

    if (elf_phdr_range(head, &off, &n)) {
        phdrs.p = bytes_at(head, off, n);
        phdrs.len = n;
        if (!phdrs.p) {
            got = read_at(fd, table, n, off);
            if (got < 0)
                return (int)got;
            phdrs = (Bytes){ table, (size_t)got };
        }
    }
    return elf_parse(head, phdrs, img, why);
}

/* reserve: span bytes at addr (fixed), or anywhere at a multiple of align; address or -errno. */
static long reserve(Thread *t, uint64_t addr, uint64_t span, uint64_t align)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    long at;

    if (addr)
        return mem_map(t, addr, span, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
    uint64_t slack = align - PAGE_BYTES;

    at = mem_map(t, 0, span + slack, PROT_NONE, flags, -1, 0);
    if (at < 0 || !slack)
        return at;
    uint64_t good = align_up((uint64_t)at, align);

    if (good > (uint64_t)at)
        mem_unmap(t, (uint64_t)at, good - (uint64_t)at);
    if (good < (uint64_t)at + slack)
        mem_unmap(t, good + span, (uint64_t)at + slack - good);
    return (long)good;
}

/* reserve_program: a random place from space_program() on; anywhere when that is taken. */
static long reserve_program(Thread *t, uint64_t span, uint64_t align, uint64_t rnd)
{
    for (unsigned i = 0; i < PROGRAM_TRIES; i++) {
        uint64_t page = space_is_narrow() ? i : (rnd >> (i * 5)) % PROGRAM_RANDOM_PAGES;
        long at = reserve(t, align_up(space_program() + page * PAGE_BYTES, align), span, align);

        if (at != -EEXIST)
            return at;
    }
    return reserve(t, 0, span, align);
}

static int segment_prot(const ElfSegment *s)
{
    return (s->flags & PF_R ? PROT_READ : 0) | (s->flags & PF_W ? PROT_WRITE : 0) |
           (s->flags & PF_X ? PROT_EXEC : 0);
}

/* clear_tail: bytes between the end of the file's data and the end of its last page. */
static int clear_tail(Thread *t, uint64_t from)
{
    static const uint8_t zeros[PAGE_BYTES];
    uint64_t n = align_up(from, PAGE_BYTES) - from;

    return guest_copy_out(t, guest_addr(from), zeros, n);
}

/*
 * guards: PROT_BTI for the code of a file whose notes ask for it. As the kernel does it, only for
 * the file that is started, which maps and protects all others.
 */
static int guards(int fd, const ElfImage *img, enum ElfPlace place)
{
    enum { GUEST_PROT_BTI = 0x10 };
    uint8_t notes[512];
    uint64_t n = img->property_bytes < sizeof(notes) ? img->property_bytes : sizeof(notes);

    if (img->machine != EM_AARCH64 || !n || (place == ELF_PLACE_PROGRAM && img->interp_bytes))
        return 0;
    ssize_t got = pread(fd, notes, n, (off_t)img->property_offset);

    return got > 0 && elf_property_bti((Bytes){ notes, (size_t)got }) ? GUEST_PROT_BTI : 0;
}

static int map_segment(Thread *t, int fd, const ElfSegment *s, int guard, uint64_t bias,
                       const char **why)
{
    int prot = segment_prot(s) | (s->flags & PF_X ? guard : 0), fixed = MAP_PRIVATE | MAP_FIXED;
    uint64_t va = s->vaddr + bias, page = align_down(va, PAGE_BYTES);
    uint64_t file_end = s->filesz ? align_up(va + s->filesz, PAGE_BYTES) : page;
    uint64_t end = align_up(va + s->memsz, PAGE_BYTES);
    long at;

    LOG(elf, "segment 0x%llx +0x%llx, file 0x%llx +0x%llx, flags %u", (unsigned long long)va,
        (unsigned long long)s->memsz, (unsigned long long)s->offset,
        (unsigned long long)s->filesz, s->flags);
    *why = "segment cannot be mapped";
    if (s->filesz) {
        at = mem_map(t, page, file_end - page, prot, fixed, fd, (int64_t)(s->offset - (va - page)));
        if (at < 0)
            return (int)at;
    }
    if (s->memsz > s->filesz && s->filesz && (prot & PROT_WRITE) &&
        clear_tail(t, va + s->filesz) < 0) {
        *why = "segment lies beyond the end of the file";
        return -EFAULT;
    }
    if (end > file_end) {
        at = mem_map(t, file_end, end - file_end, PROT_READ | PROT_WRITE | (prot & (PROT_EXEC | guard)),
                     fixed | MAP_ANONYMOUS, -1, 0);
        if (at < 0)
            return (int)at;
    }
    return 0;
}

/* unmap_holes: pages of the span that belong to no segment are not the program's. */
static void unmap_holes(Thread *t, const ElfImage *img, uint64_t bias)
{
    uint64_t at = img->low;

    while (at < img->high) {
        uint64_t covered = at, next = img->high;

        for (unsigned i = 0; i < img->n_load; i++) {
            const ElfSegment *s = &img->load[i];
            uint64_t lo = align_down(s->vaddr, PAGE_BYTES);
            uint64_t hi = align_up(s->vaddr + s->memsz, PAGE_BYTES);

            if (!s->memsz)
                continue;
            if (lo <= at && hi > covered)
                covered = hi;
            else if (lo > at && lo < next)
                next = lo;
        }
        if (covered == at) {
            mem_unmap(t, at + bias, next - at);
            covered = next;
        }
        at = covered;
    }
}

int elf_map(Thread *t, int fd, ElfImage *img, enum ElfPlace place, uint64_t rnd, ElfMapped *out,
            const char **why)
{
    int err = elf_check_segments(img, why);
    long at;

    if (err < 0)
        return err;
    uint64_t span = img->high - img->low;

    if (img->type == ET_EXEC)
        at = reserve(t, img->low, span, PAGE_BYTES);
    else if (place == ELF_PLACE_PROGRAM)
        at = reserve_program(t, span, img->align, rnd);
    else
        at = reserve(t, 0, span, img->align);
    if (at < 0 || (img->type == ET_EXEC && (uint64_t)at != img->low)) {
        *why = at == -EEXIST ? "its addresses are in use"
               : at == -EPERM || at == -EINVAL ? "its addresses are not allowed"
                                               : "not enough memory";
        return at < 0 ? (int)at : -EEXIST;
    }
    uint64_t bias = (uint64_t)at - img->low;
    int guard = guards(fd, img, place);

    for (unsigned i = 0; i < img->n_load; i++) {
        if (img->load[i].memsz) {
            err = map_segment(t, fd, &img->load[i], guard, bias, why);
            if (err < 0)
                return err;
        }
    }
    unmap_holes(t, img, bias);
    *out = (ElfMapped){ .bias = bias, .entry = img->entry + bias,
                        .phdr = img->phdr_vaddr ? img->phdr_vaddr + bias : 0,
                        .start = (uint64_t)at, .end = img->high + bias };
    return 0;
}
