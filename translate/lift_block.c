/* SPDX-License-Identifier: MIT */
/*
 * lift_block.c: the loop over a guest's lift_insn(), and where blocks end.
 *
 * Blocks do not go on into another page, so that a page's translations are found by their
 * start. Only an instruction that itself lies across a page boundary (guests with
 * instructions of varying length) reads from the second page.
 */
#include "translate/lift_block.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "translate/base/log.h"
#include "translate/host/interp/rseq.h"
#include "translate/translate.h"

/* Bytes behind an instruction that its lift function may look at. */
enum { CODE_AHEAD = 64 };

static bool misaligned(const Guest *g, GuestAddr pc)
{
    return pc.va & (g->insn_min_bytes - 1u);
}

uint32_t lift_hash(const uint8_t *code, uint32_t n)
{
    uint64_t h = n, part;

    for (; n; code += part, n -= (uint32_t)part) {
        uint64_t word = 0;

        part = n < sizeof(word) ? n : sizeof(word);
        memcpy(&word, code, part);
        h = (h ^ word) * 0x9e3779b97f4a7c15ull;
        h ^= h >> 29;
    }
    return (uint32_t)(h ^ h >> 32);
}

/*
 * A copy of a block's code. With Guest.blanket_icache it is lifted from one, so that what is hashed
 * is what was lifted, though another thread writes meanwhile. Bytes are copied once, when needed: a
 * block is in one page, but for what its last instruction has on the next.
 */
typedef struct {
    uint32_t n;
    uint8_t bytes[PAGE_BYTES + CODE_AHEAD];
} CodeCopy;

/* copy_code: have l->code in the copy, with no more than lift functions look at behind the instruction. */
static void copy_code(Lift *l, CodeCopy *c, GuestAddr start)
{
    uint32_t off = (uint32_t)(l->pc.va - start.va), end;

    if (l->code_len > CODE_AHEAD)
        l->code_len = CODE_AHEAD;
    end = off + l->code_len;
    if (end > c->n)
        memcpy(c->bytes + c->n, (const uint8_t *)start.va + c->n, end - c->n);
    c->n = end > c->n ? end : c->n;
    l->code = c->bytes + off;
}

/*
 * code_bytes: executable bytes at pc, in an executable page: what the page has left, and of the
 * next page what an instruction that lies across needs.
 */
static inline uint32_t code_bytes(const Guest *g, GuestAddr pc, uint64_t page_end)
{
    uint32_t left = (uint32_t)(page_end - pc.va);

    if (left < g->insn_max_bytes && pages_is_exec(guest_addr(page_end))) {
        pages_note_code(guest_addr(page_end));
        left = g->insn_max_bytes;
    }
    return left;
}

static IrVal pc_const(IrBlock *ir, uint64_t pc)
{
    return ir_const(ir, IR_I64, pc);
}

/* What the lift function emitted before it gave up must not stay. */
static void end_undefined(IrBlock *ir, GuestAddr pc, uint32_t n_op)
{
    ir->n_op = n_op;
    ir_emit(ir, IR_exit_exc, IR_VOID, 0, pc_const(ir, pc.va), IR_NONE, IR_NONE,
            IR_EXC_UNDEF);
}

/* end_interpreted: the instruction at pc is run by the interpreter, and what follows by another block. */
static void end_interpreted(IrBlock *ir, GuestAddr pc, uint32_t n_op)
{
    ir->n_op = n_op;
    ir_emit(ir, IR_guard, IR_I64, 0, ir_const(ir, IR_I64, 0), IR_NONE, IR_NONE, 0);
    ir_emit(ir, IR_exit_to, IR_VOID, 0, pc_const(ir, pc.va), IR_NONE, IR_NONE, 0);
}

/*
 * lift_one: the instruction at l->pc. Returns its length, or 0 after ending the block; or LIFT_CUT: then
 * it is not in the block.
 */
static uint32_t lift_one(Lift *l)
{
    IrBlock *ir = l->ir;
    uint32_t before = ir->n_op, n_op, len;

    ir_insn(ir, l->pc);
    n_op = ir->n_op;
    l->row = NULL;
    len = l->guest->lift_insn(l);
    assert(len == LIFT_CUT || len <= l->code_len);
    if (len == LIFT_CUT) {
        ir->n_op = before;
        ir->n_insn--;
    } else if (!len) {
        end_undefined(ir, l->pc, n_op);
    } else if (l->fuse && rseq_watched(ir, n_op, l->pc.va)) {
        end_interpreted(ir, l->pc, n_op);
    }
    return len;
}

static void log_block(const IrBlock *ir)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f) {
        return;
    }
    ir_print(f, ir);
    fclose(f);
    log_raw(text, len);
    free(text);
}

const void *lift_peek(const Lift *l, GuestAddr a, unsigned n)
{
    if (misaligned(l->guest, a) || (a.va & (PAGE_BYTES - 1)) + n > PAGE_BYTES ||
        !pages_is_exec(a)) {
        return NULL;
    }
    return (const void *)a.va;
}

void lift_depend(Lift *l, GuestAddr a)
{
    pages_note_far(a);
    l->ir->far_pages |= ir_page_bit(a);
}

/* place_variant: of a place, as large as the interpreter's may be. */
static uint8_t place_variant(const Guest *g, GuestAddr place)
{
    return g->variant ? (uint8_t)(place.va >> ENV_VARIANT_LSB) : 0;
}

/* exit_place: where the block goes on. A variant that it did not need is not carried on. */
static uint64_t exit_place(const Lift *l)
{
    return env_place(l->pc.va, l->variant_used ? l->variant : 0);
}

static unsigned lift_some(IrBlock *ir, GuestAddr place, unsigned max_insns, uint32_t mode, bool plain,
                          bool fuse)
{
    const Guest *g = ir->guest;
    uint8_t variant = place_variant(g, place);
    GuestAddr pc = guest_addr(place.va & ~env_place(0, variant));
    Lift l = { .ir = ir,
               .guest = g,
               .pc = pc,
               .features = translate_options.features,
               .mode = mode,
               .variant = variant,
               .plain = plain,
               .fuse = fuse };
    uint64_t page_end = (pc.va | (PAGE_BYTES - 1)) + 1;
    uint32_t len;
    CodeCopy copy;

    copy.n = 0;
    ir_block_reset(ir, pc);
    ir->variant = variant;
    if (misaligned(g, pc) || !pages_is_exec(pc)) {
        return 0;
    }
    if (translate_options.one_insn_per_block) {
        max_insns = 1;
    }
    /* Before the code is read: a change from now on is seen by whoever drops translations. */
    pages_note_code(pc);
    while (!ir_ended(ir) && l.pc.va < page_end && ir->n_insn < max_insns && !ir_full(ir)) {
        l.code_len = code_bytes(g, l.pc, page_end);
        l.code = (const uint8_t *)l.pc.va;
        if (g->blanket_icache)
            copy_code(&l, &copy, pc);
        len = lift_one(&l);
        if (len == LIFT_CUT) {
            break;
        }
        l.pc.va += len ? len : g->insn_min_bytes;
    }
    if (!ir->n_insn) {
        return 0;
    }
    ir->guest_bytes = (uint32_t)(l.pc.va - pc.va);
    if (g->blanket_icache)
        ir->code_hash = lift_hash(copy.bytes, ir->guest_bytes);
    if (!ir_ended(ir)) {
        ir_emit(ir, IR_exit_to, IR_VOID, 0, pc_const(ir, exit_place(&l)), IR_NONE, IR_NONE, 0);
    }
    /* The JIT prints it beside the code, see listing.h. */
    if (LOG_ON(ir) && translate_options.accel == ACCEL_INTERP &&
        log_in_range(pc.va, ir->guest_bytes)) {
        log_block(ir);
    }
    return ir->n_insn;
}

unsigned lift_block(IrBlock *ir, GuestAddr place, unsigned max_insns, uint32_t mode)
{
    bool fuse = max_insns > 1 && translate_options.accel == ACCEL_JIT &&
                !translate_options.one_insn_per_block;

    return lift_some(ir, place, max_insns, mode, false, fuse);
}

unsigned lift_block_plain(IrBlock *ir, GuestAddr place, unsigned max_insns, uint32_t mode)
{
    return lift_some(ir, place, max_insns, mode, true, false);
}

/* The kernel tells a hole (MAPERR) from a page without PROT_EXEC (ACCERR). */
static bool is_mapped(GuestAddr pc)
{
    unsigned char in_core;

    return mincore((void *)align_down(pc.va, PAGE_BYTES), PAGE_BYTES, &in_core) == 0;
}

/* In an executable page it is the rest of the instruction, in the next page, that faults. */
ExitKind lift_fetch_fault(Env *env, const Guest *guest, GuestAddr pc)
{
    if (!misaligned(guest, pc) && pages_is_exec(pc)) {
        pc = guest_addr((pc.va | (PAGE_BYTES - 1)) + 1);
    }
    env->rt.fault_addr = pc.va;
    if (misaligned(guest, pc)) {
        env->rt.fault_sig = SIGBUS;
        env->rt.fault_code = BUS_ADRALN;
    } else {
        env->rt.fault_sig = SIGSEGV;
        env->rt.fault_code = is_mapped(pc) ? SEGV_ACCERR : SEGV_MAPERR;
    }
    return EXIT_FETCH;
}
