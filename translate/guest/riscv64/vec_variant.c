/* SPDX-License-Identifier: MIT */
/* vec_variant.c: numbers of what blocks assume of the vector unit. */
#include "translate/guest/riscv64/lift_vec.h"

/* SEW and LMUL with SEW <= 64 * LMUL, in the order of LMUL from 1/8, then SEW. */
static unsigned setting(uint64_t vtype)
{
    static const uint8_t first[8] = { [5] = 0, [6] = 1, [7] = 3, [0] = 6, [1] = 10, [2] = 14, [3] = 18 };

    return first[vtype & 7] + (vtype >> 3 & 7);
}

/* Of LMUL = 1: see setting(). */
const uint8_t rv_usual_variants[] = { RVV_FULL + 6 + 2, RVV_FULL + 6 + 3, RVV_FULL + 6 + 1, 0 };

unsigned vec_variant(uint64_t vtype, unsigned kind)
{
    return kind + setting(vtype);
}

uint64_t vec_vtype(unsigned variant)
{
    static const uint8_t vtypes[RVV_SETTINGS] = {
        5, 6, 6 | 8, 7, 7 | 8, 7 | 16, 0, 8, 16, 24, 1, 1 | 8, 1 | 16, 1 | 24,
        2, 2 | 8, 2 | 16, 2 | 24, 3, 3 | 8, 3 | 16, 3 | 24,
    };

    return vtypes[variant >= RVV_START ? variant - RVV_START : (variant - RVV_FULL) % RVV_SETTINGS];
}

uint8_t rv_variant(const Env *env)
{
    const RvState *s = rv_state_const(env);

    if (s->vtype & RV_VILL)
        return RVV_ILL;
    unsigned k = setting(s->vtype);

    if (s->vstart)
        return (uint8_t)(RVV_START + k);
    return (uint8_t)((s->vl == vec_vlmax(s->vtype, translate_options.features) ? RVV_FULL
                                                                             : RVV_PARTIAL) + k);
}

uint64_t rv_vec_place(const Env *env, uint64_t pc)
{
    unsigned variant = rv_variant(env);

    return env_place(pc, variant < RVV_START ? variant : RVV_RESUMED);
}
