/* SPDX-License-Identifier: MIT */
/*
 * lift_vec.h: what translated code knows of the vector unit.
 *
 * Blocks come in variants (Guest.variant) by vtype's SEW and LMUL and by whether vl is all there is.
 * VSETVLI says it: with a length in a register it ends its block and goes on in the full or the
 * partial variant. In a block of which nothing is known (after calls, returns, signals) the first
 * instruction that needs to know looks at the state and goes to the variant that fits.
 *
 * What compilers make of loops is a few IR ops for each 16 bytes of the group (vec_inline.h), in the
 * partial variant and with a mask a few more. Everything else calls vec_run().
 */
#pragma once

#include "translate/guest/riscv64/lift.h"
#include "translate/guest/riscv64/vec.h"

/*
 * Variants. RVV_FULL + k, RVV_PARTIAL + k: SEW and LMUL number k, vl = VLMAX or less, vstart 0.
 * RVV_ILL: vill. RVV_RESUMED: vstart is not 0; the interpreter knows more: RVV_START + k.
 */
enum { RVV_UNKNOWN, RVV_SETTINGS = 22, RVV_FULL = 1, RVV_PARTIAL = RVV_FULL + RVV_SETTINGS,
       RVV_ILL = RVV_PARTIAL + RVV_SETTINGS, RVV_RESUMED, RVV_START };
_Static_assert((int)RVV_RESUMED == (int)RVV_LAST_PLACE, "for branch_to()");

/* rv_variant: Guest.variant. */
uint8_t rv_variant(const Env *env);

/* rv_usual_variants: Guest.usual_variants: elements of 32 bits in single registers, then of 64 and 16. */
extern const uint8_t rv_usual_variants[];

/* rv_vec_place: place of pc with the variant that fits now. */
uint64_t rv_vec_place(const Env *env, uint64_t pc);

/* vec_variant: RVV_FULL or RVV_PARTIAL (kind) for a vtype. */
unsigned vec_variant(uint64_t vtype, unsigned kind);

/* vec_vtype: of a variant that knows SEW and LMUL; policy bits 0. */
uint64_t vec_vtype(unsigned variant);

static inline bool vec_is_full(const Lift *l)
{
    return l->variant >= RVV_FULL && l->variant < RVV_PARTIAL;
}

/*
 * vec_inline: emit the instruction inline, or return false; all that can be known of v has been
 * found legal. vstart is 0, but see expect_start(). Not for the interpreter, which takes over what
 * faults.
 */
bool vec_inline(Lift *l, const Vec *v, RvvOp op);
