/* SPDX-License-Identifier: MIT */
/*
 * interp_mem.c: loads, stores and atomics on guest memory at host addresses.
 *
 * Each access is one host access of its size, whatever its alignment, so that it tears no
 * more than on the guest and faults before any byte is changed. Ordered accesses are
 * sequentially consistent, which is more than any guest asks for. Atomics are loops
 * around one compare and exchange: simple, and not what makes an interpreter slow.
 */
#include "translate/host/interp/interp_ops.h"
#include "translate/host/interp/rseq.h"

#include "translate/host/interp/eval.h"

typedef uint16_t __attribute__((aligned(1), may_alias)) u16_any;
typedef uint32_t __attribute__((aligned(1), may_alias)) u32_any;
typedef uint64_t __attribute__((aligned(1), may_alias)) u64_any;
typedef uint8_t __attribute__((vector_size(16), aligned(1), may_alias)) v16_any;

/* ---- addresses ---- */

/* mem_begin: start the access of a memory op; the host address. */
static void *mem_begin(Interp *in, const IrOp *op)
{
    uint64_t addr = get_int(in, op->a) + (get_int(in, op->b) << ir_mem_scale(op->imm)) +
                    (uint64_t)(int64_t)ir_mem_disp(op->imm);

    addr = untag(in->guest, addr);
    access_begin(in->env, addr);
    return (void *)addr;
}

/* plain_begin: the same for ops whose address is operand a alone. */
static void *plain_begin(Interp *in, const IrOp *op)
{
    uint64_t addr = untag(in->guest, get_int(in, op->a));

    access_begin(in->env, addr);
    return (void *)addr;
}

/* aligned_begin: 16-byte atomics fault when not aligned, on guest and host. */
static void *aligned_begin(Interp *in, const IrOp *op)
{
    uint64_t addr = untag(in->guest, get_int(in, op->a));

    if (addr & 15) {
        interp_raise(in->env, SIGBUS, BUS_ADRALN, addr);
    }
    access_begin(in->env, addr);
    return (void *)addr;
}

/* ---- one access ---- */

static uint64_t load_n(const void *p, unsigned bytes)
{
    switch (bytes) {
    case 1: return *(const volatile uint8_t *)p;
    case 2: return *(const volatile u16_any *)p;
    case 4: return *(const volatile u32_any *)p;
    default: return *(const volatile u64_any *)p;
    }
}

/* ---- in a restartable sequence ---- */

static bool in_section(Interp *in)
{
    const EnvRt *rt = &in->env->rt;

    return __builtin_expect(rt->rseq_on, 0) &&
           *pc_at(in->env, in->guest) - rt->rseq_start < rt->rseq_bytes;
}

/* section_lost: an event came before this access: the guest goes on elsewhere. */
static _Noreturn void section_lost(Interp *in)
{
    access_end(in->env);
    in->env->rt.rseq_on = 0;
    *pc_at(in->env, in->guest) = in->env->rt.rseq_abort;
    interp_stop(in->env);
}

static void section_write(Interp *in, void *p, const void *v, unsigned bytes)
{
    if (!rseq_write(in->env, p, v, bytes)) {
        section_lost(in);
    }
}

/* announces_section: a store in the field that names sections, which was done with all it means. */
static bool announces_section(Interp *in, const void *p, unsigned bytes, uint64_t v)
{
    EnvRt *rt = &in->env->rt;

    if (__builtin_expect((uint64_t)p != rt->rseq_field, 1) || !p || bytes != 8) {
        return false;
    }
    /* Nothing else may be in the block: what follows has to be looked at one by one. */
    if (in->b->n_insn > 1) {
        access_end(in->env);
        rt->rseq_single = 1;
        interp_stop(in->env);
    }
    return rseq_arm(in->env, v);
}

/* ---- stores ---- */

static void store_n(Interp *in, void *p, unsigned bytes, uint64_t v)
{
    if (in_section(in)) {
        section_write(in, p, &v, bytes);
        return;
    }
    switch (bytes) {
    case 1: *(volatile uint8_t *)p = (uint8_t)v; break;
    case 2: *(volatile u16_any *)p = (uint16_t)v; break;
    case 4: *(volatile u32_any *)p = (uint32_t)v; break;
    default: *(volatile u64_any *)p = v; break;
    }
}

static V128 load_vec(const void *p, unsigned bytes)
{
    V128 v = { .u64 = { 0, 0 } };

    if (bytes == 16) {
        v16_any w = *(const volatile v16_any *)p;

        memcpy(&v, &w, 16);
    } else {
        v.u64[0] = load_n(p, bytes);
    }
    return v;
}

static void store_vec(Interp *in, void *p, unsigned bytes, const V128 *v)
{
    if (bytes == 16 && in_section(in)) {
        section_write(in, p, v, 16);
    } else if (bytes == 16) {
        v16_any w;

        memcpy(&w, v, 16);
        *(volatile v16_any *)p = w;
    } else {
        store_n(in, p, bytes, v->u64[0]);
    }
}

/* order: what an ordered access needs on both of its sides. */
static void order(const IrOp *op)
{
    if (op->flags & IR_ORD_MASK) {
        atomic_thread_fence(memory_order_seq_cst);
    }
}

/* ---- loads and stores ---- */

static uint64_t load(Interp *in, const IrOp *op)
{
    const void *p = mem_begin(in, op);
    uint64_t v = load_n(p, ir_type_bytes(op->type));

    access_end(in->env);
    order(op);
    return v;
}

void interp_load(Interp *in, const IrOp *op)
{
    put_int(in, op->d, load(in, op));
}

void interp_load_s(Interp *in, const IrOp *op)
{
    uint64_t v = (uint64_t)sext(load(in, op), 8 * ir_type_bytes(op->type));

    put_int(in, op->d, op->flags & IRF_SX32 ? (uint32_t)v : v);
}

void interp_store(Interp *in, const IrOp *op)
{
    uint64_t v = get_int(in, op->c);
    void *p = mem_begin(in, op);

    order(op);
    if (!announces_section(in, p, ir_type_bytes(op->type), v)) {
        store_n(in, p, ir_type_bytes(op->type), v);
    }
    access_end(in->env);
    order(op);
}

void interp_vload(Interp *in, const IrOp *op)
{
    const void *p = mem_begin(in, op);
    V128 v = load_vec(p, ir_type_bytes(op->type));

    access_end(in->env);
    order(op);
    if ((op->flags & IR_VL_MASK) == IR_VL_BOX)
        v = eval_box(op->type, v.u64[0]);
    *vec_at(in, op->d) = v;
}

void interp_vstore(Interp *in, const IrOp *op)
{
    V128 v = *vec_at(in, op->c);
    void *p = mem_begin(in, op);

    order(op);
    store_vec(in, p, ir_type_bytes(op->type), &v);
    access_end(in->env);
    order(op);
}

void interp_vload_lane(Interp *in, const IrOp *op)
{
    unsigned bytes = ir_type_bytes(op->type);
    V128 v = *vec_at(in, op->c);
    uint64_t lane = load_n(plain_begin(in, op), bytes);

    access_end(in->env);
    memcpy(&v.u8[bytes * op->imm], &lane, bytes);
    *vec_at(in, op->d) = v;
}

void interp_vstore_lane(Interp *in, const IrOp *op)
{
    unsigned bytes = ir_type_bytes(op->type);
    uint64_t lane = 0;

    memcpy(&lane, &vec_at(in, op->c)->u8[bytes * op->imm], bytes);
    store_n(in, plain_begin(in, op), bytes, lane);
    access_end(in->env);
}

void interp_vstore_part(Interp *in, const IrOp *op)
{
    V128 v = *vec_at(in, op->c);
    int64_t n = (int64_t)get_int(in, op->b);
    uint8_t *p = plain_begin(in, op);

    for (int64_t i = 0; i < n && i < 16; i++) {
        store_n(in, p + i, 1, v.u8[i]);
    }
    access_end(in->env);
}

void interp_prefetch(Interp *in, const IrOp *op)
{
    (void)in;
    (void)op;
}

/* write_n: n times a byte. */
static void write_n(Interp *in, void *p, int byte, uint64_t n)
{
    if (!in_section(in)) {
        memset(p, byte, n);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        section_write(in, (uint8_t *)p + i, &byte, 1);
    }
}

void interp_zero_block(Interp *in, const IrOp *op)
{
    uint64_t addr = align_down((uint64_t)plain_begin(in, op), 64);

    write_n(in, (void *)addr, 0, 64);
    access_end(in->env);
}

/* ---- copying and setting any number of bytes: see ir.def and ir.h ---- */

/* from_here, up_to_here: bytes of the page of addr from it on, and before it. */
static uint64_t from_here(uint64_t addr)
{
    return PAGE_BYTES - (addr & (PAGE_BYTES - 1));
}

static uint64_t up_to_here(uint64_t addr)
{
    return ((addr - 1) & (PAGE_BYTES - 1)) + 1;
}

static uint64_t least(uint64_t x, uint64_t y)
{
    return x < y ? x : y;
}

/* redo: with C set, back to what the preparing instruction wants, and to it. */
static void redo(Interp *in, const IrOp *op, bool copy)
{
    uint64_t left = get_int(in, op->c);

    if (!(get_nzcv(in) & 2))
        return;
    if (copy && get_nzcv(in) & 8) {
        put_int(in, op->a, get_int(in, op->a) - left);
        put_int(in, op->b, get_int(in, op->b) - left);
    }
    *pc_at(in->env, in->guest) = in->env->rt.interp_pc - 4 * (op->imm & IR_REDO_WORDS);
    interp_stop(in->env);
}

static void section_move(Interp *in, uint64_t dst, uint64_t src, uint64_t n, bool down)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = down ? n - 1 - i : i;

        section_write(in, (void *)(dst + at), (const void *)(src + at), 1);
    }
}

/*
 * move_steps: the steps of ir.h. Only a copy onto itself against its direction shows them, which
 * needs a main instruction without its prologue; memmove() in one go would be as right, but
 * differ from translated code.
 */
static void move_steps(uint64_t dst, uint64_t src, uint64_t n, bool down)
{
    for (uint64_t left = n, step; left; left -= step) {
        step = n < IR_COPY_STEP ? n : least(IR_COPY_STEP, 1ull << (63 - __builtin_clzll(left)));
        uint64_t at = down ? left - step : n - left;

        memmove((void *)(dst + at), (const void *)(src + at), step);
    }
}

/* move: n bytes inside of one page each; the one at probe first, so that it is what faults. */
static void move(Interp *in, uint64_t dst, uint64_t src, uint64_t n, uint64_t probe)
{
    uint8_t first;

    access_begin(in->env, src + probe);
    first = *(const volatile uint8_t *)(src + probe);
    in->env->rt.access_addr = dst + probe;
    if (in_section(in)) {
        section_move(in, dst, src, n, probe != 0);
    } else {
        *(volatile uint8_t *)(dst + probe) = first;
        move_steps(dst, src, n, probe != 0);
    }
    access_end(in->env);
}

/* progress: what is left goes to the guest; a signal may come now. */
static void progress(Interp *in, const IrOp *op, uint64_t left)
{
    put_int(in, op->d, left);
    if (left && in->env->rt.poke)
        interp_stop(in->env);
}

void interp_copy_mem(Interp *in, const IrOp *op)
{
    uint64_t a = get_int(in, op->a), b = get_int(in, op->b);

    redo(in, op, true);
    for (uint64_t left = get_int(in, op->c), n; left; progress(in, op, left)) {
        uint64_t dst = untag(in->guest, a + left), src = untag(in->guest, b + left);

        if ((int64_t)left < 0) {
            n = least(-left, least(from_here(dst), from_here(src)));
            move(in, dst, src, n, 0);
            left += n;
        } else {
            n = least(left, least(up_to_here(dst), up_to_here(src)));
            move(in, dst - n, src - n, n, n - 1);
            left -= n;
        }
    }
}

void interp_set_mem(Interp *in, const IrOp *op)
{
    uint64_t a = get_int(in, op->a), left = get_int(in, op->c);
    int byte = (uint8_t)get_int(in, op->b);

    redo(in, op, false);
    while ((int64_t)left < 0) {
        uint64_t dst = untag(in->guest, a + left), n = least(-left, from_here(dst));

        access_begin(in->env, dst);
        write_n(in, (void *)dst, byte, 1);
        write_n(in, (void *)dst, byte, n);
        access_end(in->env);
        left += n;
        progress(in, op, left);
    }
}

void interp_guard(Interp *in, const IrOp *op)
{
    if (!get_kind(in, op, 'I', op->a)) {
        interp_stop(in->env);   /* the marker has set the pc */
    }
}

void interp_pac(Interp *in, const IrOp *op)
{
    uint64_t a = get_int(in, op->a), k[2];

    memcpy(k, in->env->state + op->imm, sizeof(k));
    uint64_t h = ((a & ~IR_PAC_MASK) * k[0] ^ get_int(in, op->b)) * k[1];

    put_int(in, op->d, a ^ (h >> 57 << IR_PAC_LSB));
}

void interp_auth(Interp *in, const IrOp *op)
{
    uint64_t top = bits(get_int(in, op->a), 48, 8);

    if (top != 0 && top != 0xff) {
        interp_raise(in->env, SIGILL, ILL_ILLOPN, *pc_at(in->env, in->guest));
    }
}

void interp_check_align(Interp *in, const IrOp *op)
{
    uint64_t addr = untag(in->guest, get_int(in, op->a));
    unsigned n = op->imm & 255;
    bool bad = op->imm >> 8 ? (addr & 15) + n > 16 : addr & (n - 1);

    if (bad) {
        interp_raise(in->env, SIGBUS, BUS_ADRALN, addr);
    }
}

void interp_fence(Interp *in, const IrOp *op)
{
    (void)in;
    (void)op;
    atomic_thread_fence(memory_order_seq_cst);
}

/* ---- atomics ---- */

/*
 * CAS of each size: returns what *p was; it was old when new has been stored. Pointers
 * may be misaligned, which the host's locked instructions allow.
 */
#define CAS(bits)                                                                        \
    __attribute__((no_sanitize("alignment"))) static uint64_t cas##bits(                 \
        void *p, uint##bits##_t old, uint##bits##_t new)                                 \
    {                                                                                    \
        __atomic_compare_exchange_n((uint##bits##_t *)p, &old, new, false,               \
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                 \
        return old;                                                                      \
    }
CAS(8)
CAS(16)
CAS(32)
CAS(64)

static uint64_t cas_n(Interp *in, void *p, unsigned bytes, uint64_t old, uint64_t new)
{
    if (in_section(in)) {
        uint64_t mask = bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1;

        old &= mask;
        if (!rseq_cas(in->env, p, &old, &new, bytes)) {
            section_lost(in);
        }
        return old;
    }
    switch (bytes) {
    case 1: return cas8(p, (uint8_t)old, (uint8_t)new);
    case 2: return cas16(p, (uint16_t)old, (uint16_t)new);
    case 4: return cas32(p, (uint32_t)old, (uint32_t)new);
    default: return cas64(p, old, new);
    }
}

/* cas16b: the same for 16 aligned bytes; always a write access. */
static V128 cas16b(Interp *in, void *p, V128 old, V128 new)
{
    if (in_section(in)) {
        if (!rseq_cas(in->env, p, &old, &new, 16)) {
            section_lost(in);
        }
        return old;
    }
#ifdef __x86_64__
    __asm__ volatile("lock cmpxchg16b %[mem]"
                     : [mem] "+m"(*(unsigned __int128 *)p), "+a"(old.u64[0]),
                       "+d"(old.u64[1])
                     : "b"(new.u64[0]), "c"(new.u64[1])
                     : "cc", "memory");
#else
    unsigned __int128 o, n;

    memcpy(&o, &old, 16);
    memcpy(&n, &new, 16);
    o = __sync_val_compare_and_swap((unsigned __int128 *)p, o, n);
    memcpy(&old, &o, 16);
#endif
    return old;
}

static bool equal128(const V128 *a, const V128 *b)
{
    return a->u64[0] == b->u64[0] && a->u64[1] == b->u64[1];
}

/* Combine: the new memory value; old and b are cut to the type. */
typedef uint64_t Combine(IrType type, uint64_t old, uint64_t b);

static void amo(Interp *in, const IrOp *op, Combine *combine)
{
    unsigned bytes = ir_type_bytes(op->type);
    uint64_t b = int_cut(op->type, get_int(in, op->b)), old, seen;
    void *p = plain_begin(in, op);

    seen = load_n(p, bytes);
    do {
        old = seen;
        seen = cas_n(in, p, bytes, old, combine(op->type, old, b));
    } while (seen != old);
    access_end(in->env);
    put_int(in, op->d, old);
}

#define AMO(name, expr)                                                                  \
    static uint64_t combine_##name(IrType t __attribute__((unused)),                     \
                                   uint64_t old __attribute__((unused)), uint64_t b)     \
    {                                                                                    \
        return expr;                                                                     \
    }                                                                                    \
    void interp_amo_##name(Interp *in, const IrOp *op)                                   \
    {                                                                                    \
        amo(in, op, combine_##name);                                                     \
    }

static bool less_s(IrType t, uint64_t a, uint64_t b)
{
    unsigned width = 8 * ir_type_bytes(t);

    return sext(a, width) < sext(b, width);
}

AMO(add, old + b)
AMO(andn, old & ~b)
AMO(or, old | b)
AMO(xor, old ^ b)
AMO(max_s, less_s(t, old, b) ? b : old)
AMO(min_s, less_s(t, b, old) ? b : old)
AMO(max_u, old < b ? b : old)
AMO(min_u, b < old ? b : old)
AMO(swap, b)

void interp_cas(Interp *in, const IrOp *op)
{
    uint64_t b = get_int(in, op->b), c = get_int(in, op->c);
    uint64_t old = cas_n(in, plain_begin(in, op), ir_type_bytes(op->type), b, c);

    access_end(in->env);
    put_int(in, op->d, old);
}

void interp_cas128(Interp *in, const IrOp *op)
{
    V128 b = *vec_at(in, op->b), c = *vec_at(in, op->c);
    V128 old = cas16b(in, aligned_begin(in, op), b, c);

    access_end(in->env);
    *vec_at(in, op->d) = old;
}

/* ---- the exclusive monitor ---- */

/*
 * A store succeeds when memory still has the value the load saw. Unlike a real monitor it
 * does not notice a change and a change back; nothing but code made to find that out
 * depends on it.
 */
static void arm(Interp *in, uint64_t addr, uint64_t bytes, const V128 *v)
{
    EnvRt *rt = &in->env->rt;

    rt->excl_addr = addr;
    rt->excl_size = bytes;
    rt->excl_val = *v;
}

static bool armed_for(Interp *in, const IrOp *op, uint64_t bytes)
{
    EnvRt *rt = &in->env->rt;

    return rt->excl_size == bytes &&
           rt->excl_addr == untag(in->guest, get_int(in, op->a));
}

void interp_ldex(Interp *in, const IrOp *op)
{
    void *p = plain_begin(in, op);
    V128 v = { .u64 = { load_n(p, ir_type_bytes(op->type)), 0 } };

    access_end(in->env);
    atomic_thread_fence(memory_order_seq_cst);
    arm(in, (uint64_t)p, ir_type_bytes(op->type), &v);
    put_int(in, op->d, v.u64[0]);
}

void interp_stex(Interp *in, const IrOp *op)
{
    unsigned bytes = ir_type_bytes(op->type);
    uint64_t expect = in->env->rt.excl_val.u64[0], b = get_int(in, op->b);
    bool stored = false;

    if (armed_for(in, op, bytes)) {
        stored = cas_n(in, plain_begin(in, op), bytes, expect, b) == expect;
        access_end(in->env);
    }
    in->env->rt.excl_size = 0;
    put_int(in, op->d, !stored);
}

void interp_ldex128(Interp *in, const IrOp *op)
{
    void *p = aligned_begin(in, op);
    V128 v = load_vec(p, 16);

    access_end(in->env);
    atomic_thread_fence(memory_order_seq_cst);
    arm(in, (uint64_t)p, 16, &v);
    *vec_at(in, op->d) = v;
}

void interp_stex128(Interp *in, const IrOp *op)
{
    V128 expect = in->env->rt.excl_val, b = *vec_at(in, op->b), seen;
    bool stored = false;

    if (armed_for(in, op, 16)) {
        seen = cas16b(in, aligned_begin(in, op), expect, b);
        access_end(in->env);
        stored = equal128(&seen, &expect);
    }
    in->env->rt.excl_size = 0;
    put_int(in, op->d, !stored);
}

void interp_clrex(Interp *in, const IrOp *op)
{
    (void)op;
    in->env->rt.excl_size = 0;
}
