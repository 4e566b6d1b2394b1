/* SPDX-License-Identifier: MIT */
/*
 * regs.c: where operands are while a block is emitted. Homes and slots are fixed; the pool
 * registers hold temporaries and clean copies of slots. See emit.h.
 */
#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/host/x86_64/emit.h"

const int8_t emit_home_int[EMIT_HOMES_INT] = { RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
static const int8_t pool_int_reg[EMIT_POOL_INT] = { RDX, RBX };

enum { POOL_VEC_FIRST = XMM8 };

/* One pool: the integer or the vector registers that are not homes. */
static inline PoolReg *pool_of(Emit *e, bool vec)
{
    return vec ? e->pool_vec : e->pool_int;
}

static inline unsigned pool_size(bool vec)
{
    return vec ? EMIT_POOL_VEC : EMIT_POOL_INT;
}

static inline int pool_host(bool vec, unsigned i)
{
    return vec ? POOL_VEC_FIRST + (int)i : pool_int_reg[i];
}

/* pool_index: of a host register, or -1. */
static inline int pool_index(bool vec, int host)
{
    if (vec)
        return host >= POOL_VEC_FIRST && host < POOL_VEC_FIRST + EMIT_POOL_VEC
                   ? host - POOL_VEC_FIRST : -1;
    return host == RDX ? 0 : host == RBX ? 1 : -1;
}

static inline PoolReg *pool_find_host(Emit *e, bool vec, int host)
{
    int i = pool_index(vec, host);

    return i < 0 ? NULL : &pool_of(e, vec)[i];
}

static inline uint8_t *pinned(Emit *e, bool vec)
{
    return vec ? &e->pinned_vec : &e->pinned_int;
}

static Mem slot_mem(const Emit *e, unsigned guest_reg)
{
    return mem_b(RBP, e->slot[guest_reg]);
}

static Mem spill_mem(bool vec, int slot)
{
    size_t off = vec ? offsetof(Env, rt.vspill) + (size_t)slot * 16
                     : offsetof(Env, rt.spill) + (size_t)slot * 8;

    return mem_b(RBP, (int32_t)off - EMIT_BIAS);
}

static int spill_slot(Emit *e, bool vec)
{
    unsigned n = vec ? ENV_VSPILL_ENTRIES : ENV_SPILL_ENTRIES;

    for (unsigned i = 0; i < n; i++) {
        bool used = vec ? e->vspill_used >> i & 1 : e->spill_used >> i & 1;

        if (used)
            continue;
        if (vec)
            e->vspill_used |= 1u << i;
        else
            e->spill_used |= 1ull << i;
        return (int)i;
    }
    e->overflow = true;
    return 0;
}

static void spill_free(Emit *e, bool vec, int slot)
{
    if (vec)
        e->vspill_used &= ~(1u << slot);
    else
        e->spill_used &= ~(1ull << slot);
}

void emit_forget_known(Emit *e)
{
    e->zero64 = e->zero32 = e->zero16 = e->splat32 = 0;
    e->box32 = e->box16 = e->canon64 = e->canon32 = 0;
    for (unsigned i = 0; i < e->n_home_vec; i++) {
        if (e->home[e->home_vec[i]] >= 0 && e->guest->regs[e->home_vec[i]].low_half)
            e->zero64 |= 1u << e->home[e->home_vec[i]];
    }
    for (unsigned i = 0; i < e->cur->n_swap && e->swapped; i++) {
        unsigned busy = e->cur->swap[i].busy;

        if (e->home[busy] >= 0 && e->guest->regs[busy].low_half)
            e->zero64 |= 1u << e->home[busy];
    }
}

static void load_host(Emit *e, bool vec, int host, Mem m)
{
    if (vec) {
        vop2m(&e->as, V_movaps, host, m);
        emit_zero_forget(e, host);
    } else {
        asm_mov_rm(&e->as, 1, host, m);
    }
}

static void store_host(Emit *e, bool vec, Mem m, int host)
{
    if (vec)
        vop2m(&e->as, V_movaps_st, host, m);
    else
        asm_mov_mr(&e->as, 8, m, host);
}

/* pool_empty: make a pool register free; a temporary in it moves to a spill slot. */
static void pool_empty(Emit *e, bool vec, PoolReg *r, int host)
{
    if (r->kind == POOL_TEMP) {
        IrTemp *t = &e->ir->temp[r->what];

        if (t->spill < 0) {
            t->spill = (int8_t)spill_slot(e, vec);
            store_host(e, vec, spill_mem(vec, t->spill), host);
        }
        t->reg = -1;
    }
    r->kind = POOL_FREE;
}

/* rank: how gladly a pool register is given up. */
static inline unsigned rank(const PoolReg *r)
{
    return r->kind == POOL_FREE ? 2 : r->kind == POOL_COPY;
}

/* pool_take: a free register; else the oldest copy; else the oldest temporary is spilled. */
static PoolReg *pool_take(Emit *e, bool vec, int *host)
{
    PoolReg *pool = pool_of(e, vec), *best = NULL;

    for (unsigned i = 0; i < pool_size(vec); i++) {
        PoolReg *r = &pool[i];

        if (*pinned(e, vec) >> i & 1)
            continue;
        if (!best || rank(r) > rank(best) || (rank(r) == rank(best) && r->age < best->age))
            best = r;
    }
    if (!best)
        return NULL;
    *host = pool_host(vec, (unsigned)(best - pool));
    if (best->kind != POOL_FREE)
        pool_empty(e, vec, best, *host);
    best->age = ++e->clock;
    return best;
}

static PoolReg *pool_free_one(Emit *e, bool vec, int *host)
{
    PoolReg *pool = pool_of(e, vec);

    for (unsigned i = 0; i < pool_size(vec); i++) {
        if (pool[i].kind == POOL_FREE && !(*pinned(e, vec) >> i & 1)) {
            *host = pool_host(vec, i);
            pool[i].age = ++e->clock;
            return &pool[i];
        }
    }
    return NULL;
}

static int pool_copy_of(Emit *e, bool vec, unsigned guest_reg)
{
    PoolReg *pool = pool_of(e, vec);

    for (unsigned i = 0; i < pool_size(vec); i++) {
        if (pool[i].kind == POOL_COPY && pool[i].what == guest_reg) {
            pool[i].age = ++e->clock;
            *pinned(e, vec) |= (uint8_t)(1u << i);
            return pool_host(vec, i);
        }
    }
    return -1;
}

/* forget_copies: guest_reg changes (or its copy's register is about to). */
static void forget_copies(Emit *e, bool vec, unsigned guest_reg)
{
    PoolReg *pool = pool_of(e, vec);

    for (unsigned i = 0; i < pool_size(vec); i++) {
        if (pool[i].kind == POOL_COPY && pool[i].what == guest_reg)
            pool[i].kind = POOL_FREE;
    }
}

/* pin: host is an operand of the op in work. fill: and now it holds something else. */
static inline PoolReg *pin(Emit *e, bool vec, int host)
{
    int i = pool_index(vec, host);

    if (i < 0)
        return NULL;
    *pinned(e, vec) |= (uint8_t)(1u << i);
    pool_of(e, vec)[i].age = ++e->clock;
    return &pool_of(e, vec)[i];
}

static inline void fill(Emit *e, bool vec, int host, PoolKind kind, unsigned what)
{
    PoolReg *r = pin(e, vec, host);

    r->kind = (uint8_t)kind;
    r->what = (uint16_t)what;
}

void emit_take_pool(Emit *e, int host_reg)
{
    PoolReg *r = pool_find_host(e, false, host_reg);

    pool_empty(e, false, r, host_reg);
    pin(e, false, host_reg);
}

/* temp_to_reg: bring a spilled temporary back. */
static int temp_to_reg(Emit *e, bool vec, unsigned t, int scratch)
{
    IrTemp *loc = &e->ir->temp[t];
    int host;
    PoolReg *r = scratch >= 0 ? NULL : pool_take(e, vec, &host);

    if (!r) {
        if (scratch < 0) {
            e->overflow = true;
            scratch = vec ? XMM12 : RAX;
        }
        load_host(e, vec, scratch, spill_mem(vec, loc->spill));
        return scratch;
    }
    load_host(e, vec, host, spill_mem(vec, loc->spill));
    fill(e, vec, host, POOL_TEMP, t);
    loc->reg = (int8_t)host;
    return host;
}

/* ref_reg: the host register that holds r right now, or -1. */
static int ref_reg(Emit *e, bool vec, IrRef r)
{
    if (ir_is_temp(r)) {
        int host = e->ir->temp[ir_temp_index(r)].reg;

        if (host >= 0)
            pin(e, vec, host);
        return host;
    }
    int host = e->home[ir_reg_index(r)];

    return host >= 0 ? host : pool_copy_of(e, vec, ir_reg_index(r));
}

int emit_int_where(const Emit *e, IrRef r)
{
    if (ir_is_temp(r))
        return e->ir->temp[ir_temp_index(r)].reg;
    if (e->home[ir_reg_index(r)] >= 0)
        return e->home[ir_reg_index(r)];
    for (unsigned i = 0; i < EMIT_POOL_INT; i++) {
        if (e->pool_int[i].kind == POOL_COPY && e->pool_int[i].what == ir_reg_index(r))
            return pool_int_reg[i];
    }
    return -1;
}

int emit_int(Emit *e, IrRef r, int scratch)
{
    if (ir_is_const(r)) {
        int host = scratch;

        if (host < 0) {
            PoolReg *p = pool_take(e, false, &host);

            if (!p) {
                e->overflow = true;
                return RAX;
            }
            pin(e, false, host);
        }
        asm_mov_ri(&e->as, host, ir_const_value(e->ir, r));
        return host;
    }
    int host = ref_reg(e, false, r);

    if (host >= 0)
        return host;
    if (ir_is_temp(r))
        return temp_to_reg(e, false, ir_temp_index(r), scratch);

    /* A guest register in memory: keep a copy when the pool has room anyway. */
    PoolReg *p = scratch < 0 ? pool_take(e, false, &host) : pool_free_one(e, false, &host);

    if (p)
        fill(e, false, host, POOL_COPY, ir_reg_index(r));
    else
        host = scratch < 0 ? RAX : scratch;
    load_host(e, false, host, slot_mem(e, ir_reg_index(r)));
    return host;
}

RegMem emit_int_rm(Emit *e, IrRef r, int scratch)
{
    if (ir_is_const(r))
        return (RegMem){ emit_int(e, r, scratch), { 0 } };
    int host = ref_reg(e, false, r);

    if (host >= 0)
        return (RegMem){ host, { 0 } };
    if (ir_is_temp(r))
        return (RegMem){ -1, spill_mem(false, e->ir->temp[ir_temp_index(r)].spill) };
    return (RegMem){ -1, slot_mem(e, ir_reg_index(r)) };
}

int emit_vec(Emit *e, IrRef r)
{
    int host = ref_reg(e, true, r);

    if (host >= 0)
        return host;
    if (ir_is_temp(r))
        return temp_to_reg(e, true, ir_temp_index(r), -1);
    PoolReg *p = pool_take(e, true, &host);

    if (!p) {
        e->overflow = true;
        return XMM12;
    }
    fill(e, true, host, POOL_COPY, ir_reg_index(r));
    load_host(e, true, host, slot_mem(e, ir_reg_index(r)));
    e->zero64 |= (uint32_t)e->guest->regs[ir_reg_index(r)].low_half << host;
    return host;
}

static int dst_any(Emit *e, bool vec, IrRef r)
{
    int host;

    if (ir_is_reg(r) && (host = e->home[ir_reg_index(r)]) >= 0)
        return host;
    /* A copy of what the register held is of no more use. */
    if (ir_is_reg(r) && (host = pool_copy_of(e, vec, ir_reg_index(r))) >= 0)
        return host;
    PoolReg *p = pool_take(e, vec, &host);

    if (!p) {
        /* Every register holds an operand of this op: compute in a scratch register. */
        return vec ? -1 : RAX;
    }
    pin(e, vec, host);
    return host;
}

void emit_vmov(Emit *e, int d, int s)
{
    uint32_t *known[] = { &e->zero64, &e->zero32, &e->zero16, &e->splat32, &e->box32, &e->box16,
                          &e->canon64, &e->canon32 };

    asm_vmov(&e->as, d, s);
    for (unsigned i = 0; i < ARRAY_LEN(known); i++)
        *known[i] = (*known[i] & ~(1u << d)) | (*known[i] >> s & 1) << d;
}

static void done_any(Emit *e, bool vec, IrRef r, int reg)
{
    PoolReg *p = pool_find_host(e, vec, reg);

    if (ir_is_temp(r)) {
        IrTemp *t = &e->ir->temp[ir_temp_index(r)];

        if (!t->uses)
            return;                 /* nobody reads it */
        if (p) {
            fill(e, vec, reg, POOL_TEMP, ir_temp_index(r));
            t->reg = (int8_t)reg;
        } else {
            t->spill = (int8_t)spill_slot(e, vec);
            store_host(e, vec, spill_mem(vec, t->spill), reg);
        }
        return;
    }
    unsigned g = ir_reg_index(r);

    if (e->home[g] >= 0) {
        if (e->home[g] != reg) {
            if (vec)
                emit_vmov(e, e->home[g], reg);
            else
                asm_mov_rr(&e->as, 1, e->home[g], reg);
        }
        return;
    }
    forget_copies(e, vec, g);
    store_host(e, vec, slot_mem(e, g), reg);
    if (p && p->kind == POOL_FREE)
        fill(e, vec, reg, POOL_COPY, g);
}

int emit_int_dst(Emit *e, IrRef r)
{
    return dst_any(e, false, r);
}

void emit_int_done(Emit *e, IrRef r, int reg)
{
    done_any(e, false, r, reg);
}

int emit_vec_dst(Emit *e, IrRef r)
{
    int host = dst_any(e, true, r);

    if (host < 0) {
        e->overflow = true;
        return XMM12;
    }
    return host;
}

void emit_vec_done(Emit *e, IrRef r, int reg)
{
    done_any(e, true, r, reg);
}

void emit_use_done(Emit *e, IrRef r)
{
    IrTemp *t = &e->ir->temp[ir_temp_index(r)];

    if (--t->uses)
        return;
    bool vec = t->type == IR_V128;

    if (t->reg >= 0) {
        PoolReg *p = pool_find_host(e, vec, t->reg);

        if (p && p->kind == POOL_TEMP && p->what == ir_temp_index(r))
            p->kind = POOL_FREE;
    }
    if (t->spill >= 0)
        spill_free(e, vec, t->spill);
}

void emit_regs_start(Emit *e)
{
    memset(e->pool_int, 0, sizeof(e->pool_int));
    memset(e->pool_vec, 0, sizeof(e->pool_vec));
    emit_unpin(e);
    e->spill_used = 0;
    e->vspill_used = 0;
    e->clock = 0;
    emit_forget_known(e);
    e->round_end = e->round_done = NULL;
}
