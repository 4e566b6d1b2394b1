/* SPDX-License-Identifier: MIT */
/*
 * lift_pauth.c: pointer authentication (FEAT_PAuth2 with FEAT_FPACCOMBINE).
 *
 * With 48-bit addresses and top-byte-ignore for code and data, as Linux has it, a pointer's code
 * is in bits 54 to 48. The algorithm is our own (ID_AA64ISAR1_EL1.API says so): programs
 * compiled with -mbranch-protection do this twice in every function, so it is short:
 *
 *     code = top 7 bits of ((pointer * k0) ^ modifier) * k1
 *
 * with odd k0, k1 from a 128-bit key, on the pointer without bits 54 to 48. As FEAT_PAuth2 says,
 * signing and authenticating both exclusive-or the code with the bits that are there; if the
 * result is no plain address, authentication raises SIGILL.
 */
#include "translate/guest/aarch64/lift.h"

enum { TOP_BIT = 55 };

typedef enum { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA } Key;

/*
 * if_on: in code for the mode where some key is off (PR_PAC_SET_ENABLED_KEYS): a if the key is on,
 * else b. Instructions of a key that is off leave pointers as they are.
 */
static IrVal if_on(Lift *l, Key key, IrVal a, IrVal b)
{
    if (!(l->mode & MODE_GUEST))
        return a;
    IrVal on = ir_op1i(l->ir, IR_bfx_s, ir_reg(l->ir, A64_KEYS_ON, IR_I64), key | 1u << 8);

    return ir_xor(l->ir, b, ir_and(l->ir, ir_xor(l->ir, a, b), on));
}

/* with_code: ptr with its code exclusive-ored. */
static IrVal with_code(Lift *l, Key key, IrVal ptr, IrVal modifier)
{
    return ir_emit(l->ir, IR_pac, IR_I64, 0, ptr, modifier, IR_NONE,
                   (uint32_t)offsetof(A64State, key) + 16 * key);
}

static IrVal sign(Lift *l, Key key, IrVal ptr, IrVal modifier)
{
    return if_on(l, key, with_code(l, key, ptr, modifier), ptr);
}

/* authenticate: the plain pointer; the block leaves when it is not one. */
static IrVal authenticate(Lift *l, Key key, IrVal ptr, IrVal modifier)
{
    IrVal plain = with_code(l, key, ptr, modifier);

    ir_emit(l->ir, IR_auth, IR_I64, 0, if_on(l, key, plain, imm(l, IR_I64, 0)), IR_NONE, IR_NONE,
            0);
    return if_on(l, key, plain, ptr);
}

static IrVal strip(Lift *l, IrVal ptr)
{
    IrVal top = ir_op1i(l->ir, IR_bfx_s, ptr, TOP_BIT | 1 << 8);
    IrVal code = ir_and(l->ir, top, imm(l, IR_I64, IR_PAC_MASK));

    return ir_or(l->ir, ir_and(l->ir, ptr, imm(l, IR_I64, ~IR_PAC_MASK)), code);
}

static IrVal zero(Lift *l)
{
    return imm(l, IR_I64, 0);
}

/* modifier_sp: Xm or SP, or zero for the forms without one. */
static IrVal modifier_sp(Lift *l, bool none, unsigned m)
{
    return none ? zero(l) : get_xsp(l, IR_I64, m);
}

/* ---- one pointer in a register. opcode: bits 1 and 0 the key, bit 2 authenticate. ---- */

bool a64_pac(Lift *l, const a64_pac_args *a)
{
    Key key = (Key)(a->option & 3);
    IrVal ptr = get_x(l, IR_I64, a->rd), modifier = modifier_sp(l, a->zero, a->rn);
    IrVal r = a->option & 4 ? authenticate(l, key, ptr, modifier) : sign(l, key, ptr, modifier);

    set_x(l, IR_I64, a->rd, r);
    return true;
}

bool a64_xpac(Lift *l, const a64_xpac_args *a)
{
    set_x(l, IR_I64, a->rd, strip(l, get_x(l, IR_I64, a->rd)));
    return true;
}

bool a64_pacga(Lift *l, const a64_pacga_args *a)
{
    IrVal k0 = ir_reg(l->ir, A64_KEYS + 2 * KEY_GA, IR_I64);
    IrVal k1 = ir_reg(l->ir, A64_KEYS + 2 * KEY_GA + 1, IR_I64);
    IrVal h = ir_xor(l->ir, ir_mul(l->ir, get_x(l, IR_I64, a->rn), k0), get_xsp(l, IR_I64, a->rm));

    h = ir_mul(l->ir, h, k1);
    set_x(l, IR_I64, a->rd, ir_and(l->ir, h, imm(l, IR_I64, 0xffffffffull << 32)));
    return true;
}

/* ---- the hints: PACIA1716, AUTIASP ...; auth and key are bits of the encoding ---- */

static bool pac_hint(Lift *l, unsigned reg, unsigned auth, unsigned key, IrVal modifier)
{
    IrVal ptr = get_x(l, IR_I64, reg);
    Key k = key ? KEY_IB : KEY_IA;

    set_x(l, IR_I64, reg, auth ? authenticate(l, k, ptr, modifier) : sign(l, k, ptr, modifier));
    return true;
}

bool a64_pac_1716(Lift *l, const a64_pac_1716_args *a)
{
    return pac_hint(l, 17, a->w, a->x, get_x(l, IR_I64, 16));
}

bool a64_pac_sp(Lift *l, const a64_pac_sp_args *a)
{
    return pac_hint(l, 30, a->w, a->x, get_xsp(l, IR_I64, 31));
}

bool a64_pac_z(Lift *l, const a64_pac_z_args *a)
{
    return pac_hint(l, 30, a->w, a->x, zero(l));
}

bool a64_xpaclri(Lift *l, const a64_xpaclri_args *a)
{
    (void)a;
    set_x(l, IR_I64, 30, strip(l, get_x(l, IR_I64, 30)));
    return true;
}

/* ---- branches and loads through signed pointers ---- */

bool a64_bra(Lift *l, const a64_bra_args *a)
{
    IrVal to = authenticate(l, a->x ? KEY_IB : KEY_IA, get_x(l, IR_I64, a->rn),
                            modifier_sp(l, a->zero, a->rm));

    ir_emit(l->ir, IR_exit_ind, IR_I64, 0, to, IR_NONE, IR_NONE, a64_btype(l, false, a->rn));
    return true;
}

/* The link register may be the target, or the modifier; both are read before it is written. */
bool a64_blra(Lift *l, const a64_blra_args *a)
{
    IrVal to = authenticate(l, a->x ? KEY_IB : KEY_IA, get_x(l, IR_I64, a->rn),
                            modifier_sp(l, a->zero, a->rm));

    if (a->rn == 30 && ir_is_reg(to.ref))
        to = ir_emit(l->ir, IR_mov, IR_I64, 0, to, IR_NONE, IR_NONE, 0);
    set_x(l, IR_I64, 30, next_pc(l));
    ir_emit(l->ir, IR_exit_icall, IR_I64, 0, to, next_pc(l), IR_NONE, a64_btype(l, true, a->rn));
    return true;
}

bool a64_reta(Lift *l, const a64_reta_args *a)
{
    IrVal to = authenticate(l, a->x ? KEY_IB : KEY_IA, get_x(l, IR_I64, 30),
                            get_xsp(l, IR_I64, 31));

    ir_emit(l->ir, IR_exit_ret, IR_I64, 0, to, IR_NONE, IR_NONE, 0);
    return true;
}

bool a64_ldraa(Lift *l, const a64_ldraa_args *a)
{
    IrVal base = authenticate(l, a->x ? KEY_DB : KEY_DA, get_xsp(l, IR_I64, a->rn), zero(l));
    IrVal v = ir_load(l->ir, IR_I64, 0, base, IR_NONE, 0, (int32_t)a->disp);

    /* The base's new value is the plain pointer; where it is loaded too, writeback wins. */
    IrVal wb = a->pre ? ir_add(l->ir, base, imm(l, IR_I64, (uint64_t)a->disp)) : IR_NONE;

    set_x(l, IR_I64, a->rt, v);
    if (wb.ref)
        set_xsp(l, IR_I64, a->rn, wb);
    return true;
}

unsigned a64_auth_key(uint32_t word)
{
    if ((word & 0xfffff000) == 0xd5032000)      /* hints: bit 6 is B */
        return word >> 6 & 1;
    if ((word & 0xff000000) == 0xf8000000)      /* LDRAA, LDRAB */
        return KEY_DA + (word >> 23 & 1);
    if ((word & 0xfe000000) == 0xd6000000)      /* branches */
        return word >> 10 & 1;
    return word >> 10 & 3;
}
