/* SPDX-License-Identifier: MIT */
/*
 * interp_ops.c: flags, helpers and block ends; and the tables of all ops.
 */
#include "translate/host/interp/interp_ops.h"

#include "translate/host/interp/eval.h"

/* ---- ops that are a function of their operands ---- */

/* operand: where an EvalFn finds the operand; integers are copied to *copy. */
static const V128 *operand(const Interp *in, const IrOp *op, char kind, IrRef r,
                           V128 *copy)
{
    if (kind == 'V') {
        return vec_at(in, r);
    }
    *copy = (V128){ .u64 = { kind == 'N' ? 0 : get_kind(in, op, kind, r), 0 } };
    return copy;
}

static void eval(Interp *in, const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];
    EvalOp e = { op->op, op->type, op->flags, op->imm };
    V128 copy[3], result;
    bool vector = info->d == 'V';

    eval_op(in->env, e, vector ? vec_at(in, op->d) : &result,
            operand(in, op, info->a, op->a, &copy[0]),
            operand(in, op, info->b, op->b, &copy[1]),
            operand(in, op, info->c, op->c, &copy[2]));
    if (!vector) {
        put_int(in, op->d, result.u64[0]);
    }
}

void interp_eval(Interp *in, const IrOp *op)
{
    if (int_fn[op->op]) {
        uint64_t a = get_int(in, op->a), b = get_int(in, op->b);

        put_int(in, op->d, int_eval(op->op, op->type, op->imm, a, b));
    } else {
        eval(in, op);
    }
}

/* ---- arithmetic with flags ---- */

static unsigned flags_nz(IrType type, uint64_t r)
{
    return (type == IR_I32 ? r >> 31 & 1 : r >> 63) << 3 | (r == 0) << 2;
}

/* add_flags: a + b + carry of this type, and its NZCV. a and b are cut to the type. */
static uint64_t add_flags(IrType type, uint64_t a, uint64_t b, bool carry, unsigned *nzcv)
{
    unsigned width = 8 * ir_type_bytes(type);
    unsigned __int128 sum = (unsigned __int128)a + b + carry;
    uint64_t r = int_cut(type, (uint64_t)sum);
    bool c = sum >> width & 1;
    bool v = (~(a ^ b) & (a ^ r)) >> (width - 1) & 1;

    *nzcv = flags_nz(type, r) | c << 1 | v;
    return r;
}

static uint64_t get_a(const Interp *in, const IrOp *op)
{
    return int_cut(op->type, get_int(in, op->a));
}

static uint64_t get_b(const Interp *in, const IrOp *op)
{
    return int_cut(op->type, get_int(in, op->b));
}

static uint64_t not_b(const Interp *in, const IrOp *op)
{
    return int_cut(op->type, ~get_int(in, op->b));
}

static void put_result(Interp *in, const IrOp *op, uint64_t r, unsigned nzcv)
{
    if (op->flags & IRF_SETF) {
        put_nzcv(in, nzcv);
    }
    put_int(in, op->d, r);
}

static void add_carry(Interp *in, const IrOp *op, uint64_t b, bool carry)
{
    unsigned nzcv;
    uint64_t r = add_flags(op->type, get_a(in, op), b, carry, &nzcv);

    put_result(in, op, r, nzcv);
}

static void do_add(Interp *in, const IrOp *op)
{
    add_carry(in, op, get_b(in, op), false);
}

static void do_sub(Interp *in, const IrOp *op)
{
    add_carry(in, op, not_b(in, op), true);
}

static void do_adc(Interp *in, const IrOp *op)
{
    add_carry(in, op, get_b(in, op), get_nzcv(in) & 2);
}

static void do_sbc(Interp *in, const IrOp *op)
{
    add_carry(in, op, not_b(in, op), get_nzcv(in) & 2);
}

static void do_and(Interp *in, const IrOp *op)
{
    uint64_t r = get_a(in, op) & get_b(in, op);

    put_result(in, op, r, flags_nz(op->type, r));
}

static void do_andn(Interp *in, const IrOp *op)
{
    uint64_t r = get_a(in, op) & not_b(in, op);

    put_result(in, op, r, flags_nz(op->type, r));
}

/* ---- flags ---- */

static bool cond(const Interp *in, const IrOp *op)
{
    return ir_cond_holds(op->imm & 15, get_nzcv(in));
}

static void do_getf(Interp *in, const IrOp *op)
{
    put_int(in, op->d, (uint64_t)get_nzcv(in) << 28);
}

static void do_setf(Interp *in, const IrOp *op)
{
    put_nzcv(in, get_int(in, op->a) >> 28 & 15);
}

static void do_setf_k(Interp *in, const IrOp *op)
{
    put_nzcv(in, op->imm & 15);
}

static void do_ccmp(Interp *in, const IrOp *op)
{
    unsigned nzcv = op->imm >> 8 & 15;

    if (cond(in, op)) {
        add_flags(op->type, get_a(in, op), not_b(in, op), true, &nzcv);
    }
    put_nzcv(in, nzcv);
}

static void do_ccmn(Interp *in, const IrOp *op)
{
    unsigned nzcv = op->imm >> 8 & 15;

    if (cond(in, op)) {
        add_flags(op->type, get_a(in, op), get_b(in, op), false, &nzcv);
    }
    put_nzcv(in, nzcv);
}

static void do_select(Interp *in, const IrOp *op)
{
    put_int(in, op->d, cond(in, op) ? get_a(in, op) : get_b(in, op));
}

static void do_cset(Interp *in, const IrOp *op)
{
    put_int(in, op->d, cond(in, op));
}

static void do_vselect(Interp *in, const IrOp *op)
{
    IrOp move = { .op = IR_vmov,
                  .type = op->type,
                  .flags = op->flags,
                  .d = op->d,
                  .a = cond(in, op) ? op->a : op->b };

    eval(in, &move);
}

static unsigned fcmp(const Interp *in, const IrOp *op, bool signaling)
{
    const V128 *a = vec_at(in, op->a), *b = vec_at(in, op->b);
    V128 lane[2];

    if (ir_unboxes(op)) {
        lane[0] = eval_unbox(op->type, a);
        lane[1] = eval_unbox(op->type, b);
        a = &lane[0];
        b = &lane[1];
    }
    return eval_fcmp(in->env, op->type, signaling, a, b);
}

static void do_fcmp(Interp *in, const IrOp *op)
{
    put_nzcv(in, fcmp(in, op, false));
}

static void do_fcmpe(Interp *in, const IrOp *op)
{
    put_nzcv(in, fcmp(in, op, true));
}

static void do_fccmp(Interp *in, const IrOp *op)
{
    put_nzcv(in, cond(in, op) ? fcmp(in, op, op->imm >> 16 & 1) : op->imm >> 8 & 15);
}

/* ---- sticky flags ---- */

static void do_getfp(Interp *in, const IrOp *op)
{
    uint32_t flags = env_fp_flags(in->env);

    put_int(in, op->d, op->imm ? fp_mirror(flags) : flags);
}

static void do_setfp(Interp *in, const IrOp *op)
{
    uint32_t flags = (uint32_t)get_int(in, op->a);

    env_set_fp_flags(in->env, op->imm ? fp_mirror(flags) : flags);
}

/* ---- markers and helpers ---- */

static void do_insn(Interp *in, const IrOp *op)
{
    uint64_t pc = in->b->pc.va + op->imm;

    in->env->rt.interp_pc = pc;
    *pc_at(in->env, in->guest) = pc;
}

static void do_call(Interp *in, const IrOp *op)
{
    const HelperDef *helper = &in->guest->helpers[op->imm];
    uint64_t a = get_int(in, op->a), b = get_int(in, op->b), c = get_int(in, op->c), r;

    if (helper->flags & HELPER_MAY_FAULT) {
        access_begin(in->env, a);
        r = helper->fn(in->env, a, b, c);
        access_end(in->env);
    } else {
        r = helper->fn(in->env, a, b, c);
    }
    if (op->d) {
        put_int(in, op->d, r);
    }
}

/* ---- block ends ---- */

static ExitKind go_to(Interp *in, uint64_t pc)
{
    *pc_at(in->env, in->guest) = pc;
    return EXIT_NONE;
}

/* go_place: to the pc of a place; the interpreter finds out about variants by itself. */
static ExitKind go_place(Interp *in, uint64_t place)
{
    return go_to(in, ir_place_pc(in->guest, place));
}

static ExitKind go_if(Interp *in, const IrOp *op, bool taken)
{
    return go_place(in, get_int(in, taken ? op->a : op->b));
}

static uint64_t get_c(const Interp *in, const IrOp *op)
{
    return int_cut(op->type, get_int(in, op->c));
}

static ExitKind do_exit_to(Interp *in, const IrOp *op)
{
    return ir_is_const(op->a) ? go_place(in, get_int(in, op->a)) : go_to(in, get_int(in, op->a));
}

/* exec_run() asks translate_landing() about what a branch of this kind may land on. */
static ExitKind do_exit_ind(Interp *in, const IrOp *op)
{
    if (in->guest->variant && op->imm == ENV_KIND_PLACE)
        return go_place(in, get_int(in, op->a));
    in->env->rt.btype = op->imm;
    return go_to(in, untag(in->guest, get_int(in, op->a)));
}

static ExitKind do_exit_cond(Interp *in, const IrOp *op)
{
    return go_if(in, op, cond(in, op));
}

static ExitKind do_exit_nz(Interp *in, const IrOp *op)
{
    return go_if(in, op, get_c(in, op) != 0);
}

static ExitKind do_exit_z(Interp *in, const IrOp *op)
{
    return go_if(in, op, get_c(in, op) == 0);
}

static ExitKind do_exit_bit(Interp *in, const IrOp *op)
{
    return go_if(in, op, (get_int(in, op->c) >> (op->imm & 63) & 1) == op->imm >> 8);
}

static ExitKind do_exit_syscall(Interp *in, const IrOp *op)
{
    Env *env = in->env;

    go_to(in, get_int(in, op->a));
    return env->rt.on_syscall && !env->rt.on_syscall(env, op->imm) ? EXIT_NONE
                                                                   : EXIT_SYSCALL;
}

/* The word is read again: an immediate has no room for it. */
static uint32_t insn_word(Interp *in, uint64_t pc)
{
    uint32_t word = 0;

    access_begin(in->env, pc);
    memcpy(&word, (const void *)pc, in->guest->insn_min_bytes);
    access_end(in->env);
    return word;
}

static ExitKind do_exit_exc(Interp *in, const IrOp *op)
{
    uint64_t pc = get_int(in, op->a);

    go_to(in, pc);
    if ((op->imm & 255) == IR_EXC_BREAK) {
        in->env->rt.exit_arg = op->imm >> 8;
        return EXIT_BREAK;
    }
    in->env->rt.exit_arg = insn_word(in, pc);
    return EXIT_UNDEF;
}

// clang-format off
OpFn *const interp_op[IR_OP_COUNT] = {
#define X(name) [IR_##name] = interp_##name,
    INTERP_MEM_OPS(X)
#undef X
#define ROW(name) [IR_##name] = do_##name
    ROW(insn), ROW(add), ROW(sub), ROW(adc), ROW(sbc), ROW(and), ROW(andn),
    ROW(getf), ROW(setf), ROW(setf_k), ROW(getfp), ROW(setfp), ROW(ccmp), ROW(ccmn), ROW(select), ROW(cset),
    ROW(vselect), ROW(fcmp), ROW(fcmpe), ROW(fccmp), ROW(call),
};

ExitFn *const interp_exit[IR_OP_COUNT] = {
    ROW(exit_to), ROW(exit_cond), ROW(exit_nz), ROW(exit_z), ROW(exit_bit), ROW(exit_ind),
    ROW(exit_syscall), ROW(exit_exc),
    [IR_exit_call] = do_exit_to, [IR_exit_icall] = do_exit_ind, [IR_exit_ret] = do_exit_ind,
    [IR_exit_sync] = do_exit_to,
#undef ROW
};
// clang-format on
