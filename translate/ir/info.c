/* SPDX-License-Identifier: MIT */
/*
 * info.c: the rows of ir.def as data, and what follows from them.
 */
#include "translate/ir/info.h"

#include "translate/guest.h"

// clang-format off
enum { KIND_N = 'N', KIND_I = 'I', KIND_L = 'L', KIND_W = 'W', KIND_V = 'V' };
enum {
    PURE = IRP_PURE, COMM = IRP_COMM, READ = IRP_READ, WRITE = IRP_WRITE, SETF = IRP_SETF,
    USEF = IRP_USEF, DEFF = IRP_DEFF, FP = IRP_FP, SAT = IRP_SAT, EXIT = IRP_EXIT,
    SIDE = IRP_SIDE,
};

const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define OP(name, a, b, c, d, flags, meaning) \
    { #name, KIND_##a, KIND_##b, KIND_##c, KIND_##d, flags, meaning },
#include "translate/ir/ir.def"
#undef OP
};

const char *const ir_type_name[] = {
    "void", "i8", "i16", "i32", "i64", "i128", "f16", "f32", "f64", "v128",
};

const char *const ir_cond_name[16] = {
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
    "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
};

static const char *const round_name[] = { "even", "up", "down", "zero", "away", "cur" };
static const char *const fixed_name[] = { "cur", "even", "up", "down", "zero", "away" };
static const char *const fence_name[] = { "ld", "st", "full" };
static const char *const exc_name[]   = { "undef", "break" };
static const char *const bit_name[]   = { "clear", "set" };

#define NAMES(table)  .names = table, .n_names = ARRAY_LEN(table)
#define COND(bits)    { .shift = 0, .width = bits, .always = true, NAMES(ir_cond_name) }
#define ROUND(bits)   { "round", 0, bits, true, NAMES(round_name) }
#define FIXED         { "rm", IR_FIXED_ROUND_LSB, 4, false, NAMES(fixed_name) }
#define FLOAT(sh)     { "float", sh, 8, true, NAMES(ir_type_name) }
#define FBITS         { .key = "fbits", .shift = 8, .width = 8 }
#define FLAG(k, sh)   { .key = k, .shift = sh, .width = 1 }

static const ImmField f_num[]      = { { .key = "imm", .width = 32 } };
static const ImmField f_bits[]     = { { .key = "bits", .width = 32, .always = true } };
static const ImmField f_shift[]    = { { .key = "by", .width = 32, .always = true } };
static const ImmField f_lane[]     = { { .key = "lane", .width = 32, .always = true } };
static const ImmField f_lanes[]    = { { .key = "lane", .width = 8, .always = true },
                                       { .key = "from", .shift = 8, .width = 24, .always = true } };
static const ImmField f_field[]    = { { .key = "lsb", .width = 8, .always = true },
                                       { .key = "width", .shift = 8, .width = 24, .always = true } };
static const ImmField f_nzcv[]     = { { .key = "nzcv", .width = 32, .always = true } };
static const ImmField f_cond[]     = { COND(32) };
static const ImmField f_ccmp[]     = { COND(8), { .key = "nzcv", .shift = 8, .width = 8, .always = true },
                                       FLAG("signal", 16) };
static const ImmField f_round[]    = { ROUND(4), FLAG("exact", 4) };
static const ImmField f_round_int[] = { ROUND(8), { .key = "bits", .shift = 8, .width = 8, .always = true } };
static const ImmField f_to_vint[]  = { ROUND(8), FBITS };
static const ImmField f_to_int[]   = { ROUND(8), FBITS, FLOAT(16) };
static const ImmField f_vfrom_int[] = { FBITS };
static const ImmField f_from_int[] = { FBITS, FLOAT(16), FIXED };
static const ImmField f_float[]    = { FLOAT(0), FIXED };
static const ImmField f_fma[]      = { FLAG("neg_a", 0), FLAG("neg_c", 1), FIXED };
static const ImmField f_fixed[]    = { FIXED };
static const ImmField f_upper[]    = { FLAG("upper", 0) };
static const ImmField f_odd[]      = { FLAG("odd", 0) };
static const ImmField f_align[]    = { { .key = "bytes", .width = 8, .always = true },
                                       FLAG("within16", 8) };
static const ImmField f_fence[]    = { { .width = 32, .always = true, NAMES(fence_name) } };
static const ImmField f_exc[]      = { { .width = 8, .always = true, NAMES(exc_name) },
                                       { .key = "arg", .shift = 8, .width = 24 } };
static const ImmField f_bit[]      = { { .key = "bit", .width = 6, .always = true },
                                       { .shift = 8, .width = 1, .always = true, NAMES(bit_name) } };

enum {
    FORM_num, FORM_bits, FORM_shift, FORM_lane, FORM_lanes, FORM_field, FORM_nzcv, FORM_cond,
    FORM_ccmp, FORM_round, FORM_round_int, FORM_to_vint, FORM_to_int, FORM_vfrom_int,
    FORM_from_int, FORM_float, FORM_fma, FORM_fixed, FORM_upper, FORM_odd, FORM_align, FORM_fence, FORM_exc,
    FORM_bit,
    FORM_insn, FORM_mem, FORM_helper,
};

#define FIELDS(name)  [FORM_##name] = { IMM_FIELDS, ARRAY_LEN(f_##name), f_##name }
static const ImmForm forms[] = {
    FIELDS(num), FIELDS(bits), FIELDS(shift), FIELDS(lane), FIELDS(lanes), FIELDS(field),
    FIELDS(nzcv), FIELDS(cond), FIELDS(ccmp), FIELDS(round), FIELDS(round_int), FIELDS(to_vint),
    FIELDS(to_int), FIELDS(vfrom_int), FIELDS(from_int), FIELDS(float), FIELDS(fma), FIELDS(fixed), FIELDS(upper), FIELDS(odd),
    FIELDS(align), FIELDS(fence), FIELDS(exc), FIELDS(bit),
    [FORM_insn]   = { .style = IMM_INSN },
    [FORM_mem]    = { .style = IMM_MEM },
    [FORM_helper] = { .style = IMM_HELPER },
};

/* Ops not named here have a plain number, written when it is not 0. */
static const uint8_t form_of[IR_OP_COUNT] = {
    [IR_insn] = FORM_insn,
    [IR_extr] = FORM_bits,
    [IR_sext] = FORM_bits, [IR_zext] = FORM_bits, [IR_crc32] = FORM_bits, [IR_crc32c] = FORM_bits,
    [IR_bfx_s] = FORM_field, [IR_bfx_u] = FORM_field, [IR_bfi] = FORM_field,
    [IR_setf_k] = FORM_nzcv,
    [IR_ccmp] = FORM_ccmp, [IR_ccmn] = FORM_ccmp, [IR_fccmp] = FORM_ccmp,
    [IR_select] = FORM_cond, [IR_cset] = FORM_cond, [IR_vselect] = FORM_cond,
    [IR_exit_cond] = FORM_cond,
    [IR_load] = FORM_mem, [IR_load_s] = FORM_mem, [IR_store] = FORM_mem,
    [IR_vload] = FORM_mem, [IR_vstore] = FORM_mem, [IR_prefetch] = FORM_mem,
    [IR_vload_lane] = FORM_lane, [IR_vstore_lane] = FORM_lane,
    [IR_check_align] = FORM_align, [IR_fence] = FORM_fence,
    [IR_vdup_lane] = FORM_lane, [IR_vget_u] = FORM_lane, [IR_vget_s] = FORM_lane,
    [IR_vset] = FORM_lane, [IR_vset_lane] = FORM_lanes,
    [IR_vshl_i] = FORM_shift, [IR_vshr_s_i] = FORM_shift, [IR_vshr_u_i] = FORM_shift,
    [IR_vrshr_s_i] = FORM_shift, [IR_vrshr_u_i] = FORM_shift, [IR_vsli_i] = FORM_shift,
    [IR_vsri_i] = FORM_shift, [IR_vqshl_s_i] = FORM_shift, [IR_vqshl_u_i] = FORM_shift,
    [IR_vqshl_su_i] = FORM_shift, [IR_vror_i] = FORM_shift,
    [IR_sm3tt1a] = FORM_lane, [IR_sm3tt1b] = FORM_lane, [IR_sm3tt2a] = FORM_lane,
    [IR_sm3tt2b] = FORM_lane,
    [IR_vext_s] = FORM_upper, [IR_vext_u] = FORM_upper, [IR_vmull_s] = FORM_upper,
    [IR_vmull_u] = FORM_upper, [IR_vqdmull] = FORM_upper, [IR_vmull_p] = FORM_upper,
    [IR_fwiden_raw] = FORM_lane, [IR_fwiden] = FORM_upper, [IR_fnarrow] = FORM_odd,
    [IR_fadd] = FORM_fixed, [IR_fsub] = FORM_fixed, [IR_fmul] = FORM_fixed, [IR_fdiv] = FORM_fixed,
    [IR_fsqrt] = FORM_fixed, [IR_bfnarrow] = FORM_fixed,
    [IR_fma] = FORM_fma, [IR_fround] = FORM_round, [IR_fround_int] = FORM_round_int, [IR_fcvt] = FORM_float,
    [IR_fto_s] = FORM_to_vint, [IR_fto_u] = FORM_to_vint,
    [IR_sto_f] = FORM_vfrom_int, [IR_uto_f] = FORM_vfrom_int,
    [IR_fto_i_s] = FORM_to_int, [IR_fto_i_u] = FORM_to_int,
    [IR_i_sto_f] = FORM_from_int, [IR_i_uto_f] = FORM_from_int,
    [IR_call] = FORM_helper,
    [IR_exit_bit] = FORM_bit, [IR_exit_exc] = FORM_exc,
};
// clang-format on

const ImmForm *ir_imm_form(IrOpcode op)
{
    return &forms[form_of[op]];
}

unsigned ir_type_bytes(IrType t)
{
    static const uint8_t bytes[] = { 0, 1, 2, 4, 8, 16, 2, 4, 8, 16 };

    return t < ARRAY_LEN(bytes) ? bytes[t] : 0;
}

IrType ir_type_in(IrOpcode op, IrType type, uint32_t imm)
{
    return op == IR_fto_i_s || op == IR_fto_i_u ? (IrType)(imm >> 16 & 255) : type;
}

IrType ir_type_out(IrOpcode op, IrType type, uint32_t imm)
{
    switch (op) {
    case IR_fcvt: return (IrType)(imm & 255);
    case IR_bfnarrow: return IR_I16;
    case IR_i_sto_f:
    case IR_i_uto_f: return (IrType)(imm >> 16 & 255);
    default: return type;
    }
}

bool ir_takes_round(IrOpcode op)
{
    switch (op) {
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fsqrt:
    case IR_fma:
    case IR_fcvt:
    case IR_bfnarrow:
    case IR_i_sto_f:
    case IR_i_uto_f: return true;
    default: return false;
    }
}

unsigned ir_known_bits(const IrOp *op)
{
    switch (ir_op_info[op->op].d) {
    case 'W': return 32;
    case 'I': break;
    default: return 64;
    }
    if (op->op == IR_load_s || op->op == IR_vget_s) {
        return op->flags & IRF_SX32 ? 32 : 64;
    }
    if (op->op == IR_cset) {
        return 1;
    }
    if (op->op == IR_zext) {
        return op->imm;
    }
    if (op->op == IR_bfx_u) {
        return op->imm >> 8;
    }
    return 8 * ir_type_bytes(op->type);
}

bool ir_call_faults(const IrBlock *b, const IrOp *op)
{
    return op->imm >= b->guest->n_helpers ||
           (b->guest->helpers[op->imm].flags & HELPER_MAY_FAULT);
}

bool ir_cond_holds(IrCond cond, unsigned nzcv)
{
    bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
    bool holds[7] = { z, c, n, v, c && !z, n == v, n == v && !z };

    return cond >= IR_AL || holds[cond >> 1] != (cond & 1);
}

/* A sequentially consistent read and write, or a full fence. */
static bool is_barrier(const IrOp *op)
{
    switch (op->op) {
    case IR_fence: return op->imm == IR_FENCE_FULL;
    case IR_amo_add:
    case IR_amo_andn:
    case IR_amo_or:
    case IR_amo_xor:
    case IR_amo_max_s:
    case IR_amo_min_s:
    case IR_amo_max_u:
    case IR_amo_min_u:
    case IR_amo_swap:
    case IR_cas:
    case IR_cas128:
    case IR_stex:
    case IR_stex128: return true;
    default: return false;
    }
}

bool ir_drained(const IrBlock *b, uint32_t at, bool release_only)
{
    enum { LOOK_BACK = 64 };
    uint32_t end = at > LOOK_BACK ? at - LOOK_BACK : 0;

    for (uint32_t i = at; i-- > end;) {
        const IrOp *op = &b->op[i];
        unsigned props = ir_op_info[op->op].props;

        if (is_barrier(op) || (release_only && (props & IRP_READ) && op->flags & IR_ORD_ACQ))
            return true;
        if (op->op == IR_call)
            return false;
        if ((props & IRP_WRITE) && (!release_only || op->flags & IR_ORD_REL))
            return false;
    }
    return false;
}
