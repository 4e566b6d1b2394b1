/* SPDX-License-Identifier: MIT */
/*
 * vec_mem.c: vector loads and stores. Guest memory is at its own addresses; a fault leaves by
 * HELPER_MAY_FAULT, with vstart telling the element and all before it done.
 */
#include "translate/guest/riscv64/vec_each.h"

#include <setjmp.h>

typedef uint16_t __attribute__((aligned(1), may_alias)) u16_any;
typedef uint32_t __attribute__((aligned(1), may_alias)) u32_any;
typedef uint64_t __attribute__((aligned(1), may_alias)) u64_any;

/* Accesses of one element: volatile, as a fault may cut them off at any time. */
static inline void load_element(uint8_t *d, unsigned size, uint64_t i, uint64_t addr)
{
    switch (size) {
    case 0: d[i] = *(const volatile uint8_t *)addr; break;
    case 1: ((uint16_t *)d)[i] = *(const volatile u16_any *)addr; break;
    case 2: ((uint32_t *)d)[i] = *(const volatile u32_any *)addr; break;
    default: ((uint64_t *)d)[i] = *(const volatile u64_any *)addr; break;
    }
}

static inline void store_element(const uint8_t *d, unsigned size, uint64_t i, uint64_t addr)
{
    switch (size) {
    case 0: *(volatile uint8_t *)addr = d[i]; break;
    case 1: *(volatile u16_any *)addr = ((const uint16_t *)d)[i]; break;
    case 2: *(volatile u32_any *)addr = ((const uint32_t *)d)[i]; break;
    default: *(volatile u64_any *)addr = ((const uint64_t *)d)[i]; break;
    }
}

static void access_element(Vec *v, bool store, uint8_t *d, unsigned size, uint64_t i, uint64_t addr)
{
    /* A non-canonical address faults on the host without saying which it was. */
    v->env->rt.access_addr = addr;
    if (store)
        store_element(d, size, i, addr);
    else
        load_element(d, size, i, addr);
}

/* note: a fault from here on is at element i. */
static inline void note(Vec *v, uint64_t i)
{
    *(volatile uint64_t *)&v->s->vstart = i;
}

/*
 * bulk: elements from vstart on that lie one behind the other, unmasked, page by page: what faults
 * is the first element of a page. An element across two pages goes by itself.
 */
static void bulk(Vec *v, bool store, unsigned size, uint64_t base)
{
    uint64_t i = v->vstart;

    while (i < v->vl) {
        uint64_t addr = base + (i << size), left = PAGE_BYTES - (addr & (PAGE_BYTES - 1));
        uint64_t n = left >> size;

        note(v, i);
        access_element(v, store, v->d, size, i, addr);
        if (n > v->vl - i)
            n = v->vl - i;
        if (n > 1) {
            if (store)
                memcpy((void *)addr, v->d + (i << size), n << size);
            else
                memcpy(v->d + (i << size), (const void *)addr, n << size);
        }
        i += n ? n : 1;
    }
}

/* Where element i of an access is. */
typedef struct {
    uint64_t base, stride;
    const uint8_t *index;
    unsigned index_size;
} Place;

static inline uint64_t place_of(const Place *p, uint64_t i)
{
    return p->base + (p->index ? vec_get(p->index, p->index_size, i) : i * p->stride);
}

/* fields: all fields of element i; each is in a register group of its own. */
static inline void fields(Vec *v, bool store, unsigned size, unsigned nf, unsigned group_bytes,
                          uint64_t i, uint64_t addr)
{
    for (unsigned f = 0; f < nf; f++)
        access_element(v, store, v->d + f * group_bytes, size, i, addr + ((uint64_t)f << size));
}

static void each_element(Vec *v, bool store, unsigned size, unsigned nf, unsigned group_bytes,
                         const Place *p)
{
    VEC_EACH(v, i) {
        note(v, i);
        fields(v, store, size, nf, group_bytes, i, place_of(p, i));
    }
}

/* probe: fault now if any field of an element will. */
static void probe(unsigned size, unsigned nf, uint64_t addr)
{
    uint64_t unused;

    for (unsigned f = 0; f < nf; f++)
        load_element((uint8_t *)&unused, size, 0, addr + ((uint64_t)f << size));
}

/* first_only: as each_element(), but from element 1 on a fault ends the vector instead. */
static void first_only(Vec *v, unsigned size, unsigned nf, unsigned group_bytes, const Place *p)
{
    Env *env = v->env;
    void *outer = env->rt.access_jmp;
    uint32_t in_access = env->rt.in_access;
    sigjmp_buf jmp;
    volatile uint64_t at = v->vstart;

    if (at == 0 && v->vl) {
        if (vec_active(v, 0)) {
            note(v, 0);
            fields(v, false, size, nf, group_bytes, 0, place_of(p, 0));
        }
        at = 1;
    }
    if (sigsetjmp(jmp, 0)) {
        v->s->vl = at;
        env->rt.exit_kind = EXIT_NONE;
    } else {
        env->rt.access_jmp = &jmp;
        for (; at < v->vl; at++) {
            if (!vec_active(v, at))
                continue;
            probe(size, nf, place_of(p, at));
            fields(v, false, size, nf, group_bytes, at, place_of(p, at));
        }
    }
    env->rt.in_access = in_access;
    env->rt.access_jmp = outer;
}

static void mem(Vec *v)
{
    unsigned kind = (unsigned)v->op->eb & M_KIND, size = (unsigned)v->op->ea;
    bool store = v->op->eb & M_STORE;
    unsigned nf = (v->word >> 29) + 1, vlenb = vec_vlenb(v->features);
    Place p = { .base = v->s->x[v->rs1], .stride = (uint64_t)nf << size };
    int emul = (int)size - (int)v->sew + v->lmul;

    switch (kind) {
    case M_MASK:
        v->vl = (v->vl + 7) / 8;
        bulk(v, store, 0, p.base);
        return;
    case M_WHOLE:
        v->vl = (uint64_t)nf * vlenb >> size;
        bulk(v, store, size, p.base);
        return;
    case M_STRIDE: p.stride = v->s->x[v->rs2]; break;
    case M_INDEX:
        p.index = v->a;
        p.index_size = size;
        size = v->sew;
        emul = v->lmul;
        break;
    case M_FIRST: first_only(v, size, nf, vec_regs(emul) * vlenb, &p); return;
    default:
        if (nf == 1 && !v->mask) {
            bulk(v, store, size, p.base);
            return;
        }
    }
    each_element(v, store, size, nf, vec_regs(emul) * vlenb, &p);
}

VecFn *const v_mem[4] = { mem, mem, mem, mem };
