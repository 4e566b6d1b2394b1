/* SPDX-License-Identifier: MIT */
/*
 * own_range.c: which memory is mimus's own. Threads come and go with their Envs and
 * stacks, and any thread may ask in the middle of an mmap, so there are no locks: slots
 * are claimed by swapping their state, blocks of slots are never given back. A reader may
 * miss a range that is being added; nobody depends on it before own_range_add() has
 * returned.
 */
#include "syscall/own_range.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "syscall/host_call.h"

enum { SLOTS = 255 };

typedef struct {
    _Atomic uint64_t start; /* 0 free, 1 claimed, else valid */
    _Atomic uint64_t len;
} Slot;

typedef struct Slots {
    _Atomic(struct Slots *) next;
    Slot slot[SLOTS];
} Slots;

static Slots first_slots;

static Slots *more_slots(Slots *s)
{
    Slots *none = NULL, *next = atomic_load(&s->next);
    long p;

    if (next) {
        return next;
    }
    p = host_call(SYS_mmap, 0, sizeof(Slots), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p < 0) {
        return NULL;
    }
    next = (Slots *)p;
    if (!atomic_compare_exchange_strong(&s->next, &none, next)) {
        host_call(SYS_munmap, next, sizeof(Slots));
        return none;
    }
    return next;
}

void own_range_add(uint64_t start, uint64_t len)
{
    for (Slots *s = &first_slots; s; s = more_slots(s)) {
        for (unsigned i = 0; i < SLOTS; i++) {
            uint64_t free_slot = 0;

            if (atomic_compare_exchange_strong(&s->slot[i].start, &free_slot, 1)) {
                s->slot[i].len = len;
                s->slot[i].start = start;
                return;
            }
        }
    }
}

void own_range_remove(uint64_t start)
{
    for (Slots *s = &first_slots; s; s = atomic_load(&s->next)) {
        for (unsigned i = 0; i < SLOTS; i++) {
            uint64_t want = start;

            if (atomic_compare_exchange_strong(&s->slot[i].start, &want, 1)) {
                s->slot[i].len = 0;
                s->slot[i].start = 0;
                return;
            }
        }
    }
}

bool own_range_next(uint64_t start, uint64_t end, uint64_t *own_start, uint64_t *own_end)
{
    bool found = false;

    for (Slots *s = &first_slots; s; s = atomic_load(&s->next)) {
        for (unsigned i = 0; i < SLOTS; i++) {
            uint64_t at = s->slot[i].start, stop = at + s->slot[i].len;

            if (at <= 1 || at >= end || stop <= start || (found && at >= *own_start)) {
                continue;
            }
            *own_start = at > start ? at : start;
            *own_end = stop < end ? stop : end;
            found = true;
        }
    }
    return found;
}

bool own_range_overlaps(uint64_t start, uint64_t len)
{
    uint64_t own_start, own_end;
    uint64_t end = len > UINT64_MAX - start ? UINT64_MAX : start + len;

    return own_range_next(start, end, &own_start, &own_end);
}

uint64_t own_range_bytes(void)
{
    uint64_t sum = 0;

    for (Slots *s = &first_slots; s; s = atomic_load(&s->next)) {
        for (unsigned i = 0; i < SLOTS; i++) {
            sum += s->slot[i].start > 1 ? s->slot[i].len : 0;
        }
    }
    return sum;
}
