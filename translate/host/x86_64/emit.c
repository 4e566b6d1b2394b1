/* SPDX-License-Identifier: MIT */
/*
 * emit.c: one unit of blocks from IR to code, its cold parts, constants and state map.
 */
#include "translate/host/x86_64/emit.h"

#include "translate/base/log.h"
#include "translate/host/interp/eval.h"
#include "translate/host/x86_64/rules_int.h"
#include "translate/host/x86_64/rules_vec.h"
#include "translate/ir/info.h"
#include "translate/stats.h"

IntRule *const int_rules[IR_OP_COUNT] = {
#define X(name) [IR_##name] = rule_##name,
    INT_RULES(X)
#undef X
};

/*
 * Bytes at most: of a single op with its own cold code and constants, of a piece of cold code,
 * and of a move in it.
 */
enum { OP_ROOM = 1024, COLD_ROOM = 32, MOVE_ROOM = 9 };

void emit_init_homes(Emit *e, const Guest *guest)
{
    e->guest = guest;
    memset(e->home, -1, sizeof(e->home));
    for (unsigned i = 0; i < guest->n_regs; i++)
        e->slot[i] = (int32_t)guest->regs[i].offset - EMIT_BIAS;
    for (unsigned i = 0; i < guest->n_hot_int && i < EMIT_HOMES_INT; i++) {
        e->home_int[e->n_home_int++] = guest->hot_int[i];
        e->home[guest->hot_int[i]] = emit_home_int[i];
    }
    for (unsigned i = 0; i < guest->n_hot_vec && i < EMIT_HOMES_VEC; i++) {
        e->home_vec[e->n_home_vec++] = guest->hot_vec[i];
        e->home[guest->hot_vec[i]] = (int8_t)i;
    }
}

void emit_init(Emit *e, const Guest *guest, const HostFeatures *hf)
{
    e->hf = hf;
    e->as.has_avx = hf->avx;
    e->as.fix = e->fix;
    e->as.cap_fix = EMIT_MAX_FIX;
    emit_init_homes(e, guest);
    for (unsigned i = 0; i < EMIT_MAX_BLOCKS; i++)
        ir_block_init(&e->block[i].ir, guest);
}

void emit_count(Emit *e, unsigned which)
{
    if (stats_on)
        asm_alu_mi(&e->as, 8, ALU_ADD, emit_rt(count[which]), 1);
}

/* ---- state map, cold code, constants, edges ---- */

void emit_note(Emit *e)
{
    MapEntry m = { (uint16_t)(e->as.p - e->unit_start), (uint16_t)e->insn_off, (uint8_t)e->flags,
                   (e->swapped ? MAP_SWAPPED : 0) | (e->borrowed ? MAP_BORROWED : 0) |
                       (e->replay ? MAP_REPLAY : 0) };
    const MapEntry *last = e->n_map ? &e->map[e->n_map - 1] : NULL;

    if (last && last->pc_off == m.pc_off && last->kind == m.kind && last->flags == m.flags)
        return;
    if (e->n_map == ARRAY_LEN(e->map)) {
        e->overflow = true;
        return;
    }
    e->map[e->n_map++] = m;
}

static void cold_add(Emit *e, ColdStub c)
{
    if (e->n_cold == ARRAY_LEN(e->cold)) {
        e->overflow = true;
        return;
    }
    c.block = (uint8_t)(e->cur - e->block);
    e->cold_room += COLD_ROOM + 2 * MOVE_ROOM * e->cur->n_swap;
    e->cold[e->n_cold++] = c;
}

void emit_deopt_keep(Emit *e, int cc, int x, int was)
{
    cold_add(e, (ColdStub){ .at = asm_jcc32(&e->as, cc), .kind = COLD_DEOPT, .reg = (uint8_t)x,
                            .was = (uint8_t)was, .guest_pc = e->unit_pc + e->insn_off });
}

void emit_deopt_jcc(Emit *e, int cc)
{
    emit_deopt_keep(e, cc, 0, 0);
}

static void deopt_call(Asm *as, uint64_t pc)
{
    asm_call_m(as, emit_thunk(THUNK_DEOPT));
    asm_64(as, pc);
}

void emit_deopt(Emit *e, const IrOp *op)
{
    (void)op;
    emit_flags_save(e);
    emit_clobber_flags(e);
    swap_leave(e, e->cur);
    deopt_call(&e->as, e->unit_pc + e->insn_off);
}

void emit_cold_invalid(Emit *e)
{
    uint8_t *at = asm_jcc32(&e->as, CC_P);

    cold_add(e, (ColdStub){ .at = at, .kind = COLD_INVALID, .back = e->as.p });
}

void emit_cold_getfp(Emit *e, int r)
{
    uint8_t *at = asm_jcc32(&e->as, CC_NE);

    cold_add(e, (ColdStub){ .at = at, .kind = COLD_FLAGS, .reg = (uint8_t)r, .back = e->as.p });
    e->cold_room += COLD_ROOM;
}

void emit_cold_jump(Emit *e, uint8_t *miss, unsigned thunk)
{
    cold_add(e, (ColdStub){ .at = miss, .kind = COLD_JUMP, .thunk = (uint8_t)thunk });
}

void emit_cold_branch(Emit *e, uint8_t *miss, unsigned btype)
{
    cold_add(e, (ColdStub){ .at = miss, .kind = COLD_JUMP, .thunk = THUNK_PROBE,
                            .btype = (uint8_t)btype });
}

void emit_cold_icall(Emit *e, uint8_t *miss, uint64_t ret, unsigned btype, uint8_t *landing)
{
    cold_add(e, (ColdStub){ .at = miss, .kind = COLD_ICALL, .btype = (uint8_t)btype,
                            .guest_pc = ret, .back = landing });
}

void emit_cold_nan(Emit *e, int cc, int x, Mem canonical, bool lanes)
{
    uint8_t *at = asm_jcc32(&e->as, cc);

    cold_add(e, (ColdStub){ .at = at, .kind = lanes ? COLD_NANS : COLD_NAN, .reg = (uint8_t)x,
                            .label = (uint16_t)canonical.disp, .back = e->as.p });
}

/* nans_write: the lanes of reg that VT1 marks become the constant's. */
static void nans_write(Asm *as, int reg, Mem canonical)
{
    vop3m(as, V_pand, VT0, VT1, canonical);
    vop3(as, V_pandn, VT1, VT1, reg);
    vop3(as, V_por, reg, VT0, VT1);
}

static void cold_write(Emit *e, const ColdStub *c)
{
    Asm *as = &e->as;

    asm_patch32(c->at, as->p);
    if (c->btype)
        asm_mov_mi(as, 4, emit_rt(btype), c->btype);
    switch ((ColdKind)c->kind) {
    case COLD_DEOPT:
        if (c->reg != c->was)
            asm_vmov(as, c->reg, c->was);
        swap_leave(e, &e->block[c->block]);
        deopt_call(as, c->guest_pc);
        break;
    case COLD_INVALID:
        asm_mov_mi(as, 4, emit_rt(fcmp_invalid), FP_INVALID);
        asm_jmp_to(as, c->back);
        break;
    case COLD_FLAGS:
        emit_cold_flags(e, c->reg);
        asm_jmp_to(as, c->back);
        break;
    case COLD_NAN:
        vop2m(as, V_movaps, c->reg, mem_label(c->label));
        asm_jmp_to(as, c->back);
        break;
    case COLD_NANS:
        nans_write(as, c->reg, mem_label(c->label));
        asm_jmp_to(as, c->back);
        break;
    case COLD_JUMP: asm_jmp_m(as, emit_thunk(c->thunk)); break;
    case COLD_ICALL:
        asm_push_i(as, (int32_t)c->guest_pc);
        asm_mov_mi(as, 4, mem_b(RSP, 4), (int32_t)(c->guest_pc >> 32));
        asm_call_m(as, emit_thunk(THUNK_PROBE));
        asm_jmp_to(as, c->back);
        break;
    }
}

Mem emit_const128(Emit *e, uint64_t lo, uint64_t hi)
{
    for (unsigned i = 0; i < e->n_const; i++) {
        if (e->pool_const[i][0] == lo && e->pool_const[i][1] == hi)
            return mem_label((int32_t)i);
    }
    if (e->n_const == ARRAY_LEN(e->pool_const)) {
        e->overflow = true;
        return mem_label(0);
    }
    e->pool_const[e->n_const][0] = lo;
    e->pool_const[e->n_const][1] = hi;
    return mem_label((int32_t)e->n_const++);
}

static void consts_write(Emit *e)
{
    Asm *as = &e->as;

    if (!e->n_const)
        return;
    while ((uintptr_t)as->p & 15)
        asm_8(as, 0xcc);
    uint8_t *base = as->p;

    for (unsigned i = 0; i < e->n_const; i++) {
        asm_64(as, e->pool_const[i][0]);
        asm_64(as, e->pool_const[i][1]);
    }
    for (unsigned i = 0; i < as->n_fix; i++)
        asm_fix(&as->fix[i], base + as->fix[i].label * 16);
}

/*
 * emit_edge: the rel32 must not cross an 8-byte boundary, so that it can be patched by one
 * store while other threads run the code.
 */
void emit_edge(Emit *e, EdgeKind kind, int cc, uint64_t target)
{
    Asm *as = &e->as;
    unsigned opcode = kind == EDGE_JCC ? 2 : 1;
    unsigned at = (unsigned)((uintptr_t)as->p + opcode) & 7;

    if (at > 4)
        asm_nop(as, 8 - at);
    uint8_t *site = kind == EDGE_JMP   ? asm_jmp32(as)
                    : kind == EDGE_JCC ? asm_jcc32(as, cc)
                                       : asm_call32(as);

    if (e->n_edge == EMIT_MAX_EDGES) {
        e->overflow = true;
        return;
    }
    e->edge[e->n_edge++] = (EmitEdge){ site, target };
}

/* edges_inside: resolve edges to blocks of this unit; the others stay. */
static void edges_inside(Emit *e)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < e->n_edge; i++) {
        const uint8_t *entry = NULL;

        for (unsigned k = 0; k < e->n_block; k++) {
            if (ir_place(&e->block[k].ir) == e->edge[i].target)
                entry = e->block[k].entry;
        }
        if (entry)
            asm_patch32(e->edge[i].site, entry);
        else
            e->edge[kept++] = e->edge[i];
    }
    e->n_edge = kept;
}

uint8_t *emit_stub(Emit *e, uint8_t *site, uint32_t number)
{
    uint8_t *stub = e->as.p;

    asm_patch32(site, stub);
    asm_call_m(&e->as, emit_thunk(THUNK_LINK));
    asm_32(&e->as, number);
    return stub;
}

/* ---- ops ---- */

static Mem vtmp(unsigned i)
{
    return mem_b(RBP, (int32_t)(offsetof(Env, rt.vtmp) + i * sizeof(V128)) - EMIT_BIAS);
}

/* eval_operand: operand i as a V128 in rt.vtmp[i]; integers are cut to their type. */
static void eval_operand(Emit *e, const IrOp *op, char kind, IrRef r, unsigned i)
{
    Asm *as = &e->as;

    if (kind == 'N' || !r)
        return;
    if (kind == 'V') {
        vop2m(as, V_movaps_st, emit_vec(e, r), vtmp(i));
        return;
    }
    int reg = emit_int(e, r, RAX);
    unsigned bytes = kind == 'L' ? 8 : kind == 'W' ? 4 : ir_type_bytes(op->type);

    if (bytes == 4) {
        asm_mov_rr(as, 0, RAX, reg);
        reg = RAX;
    } else if (bytes < 4) {
        asm_movzx_rr(as, bytes, RAX, reg);
        reg = RAX;
    }
    asm_mov_mr(as, 8, vtmp(i), reg);
}

void emit_eval(Emit *e, const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];
    uint64_t word = op->op | (uint64_t)op->type << 16 | (uint64_t)(op->flags & ~IRF_LIVE) << 24 |
                    (uint64_t)op->imm << 32;

    emit_clobber_flags(e);
    eval_operand(e, op, info->a, op->a, 0);
    eval_operand(e, op, info->b, op->b, 1);
    eval_operand(e, op, info->c, op->c, 2);
    asm_mov_ri(&e->as, RAX, word);
    asm_call_m(&e->as, emit_thunk(THUNK_EVAL));
    emit_unpin(e);
    if (!op->d)
        return;
    if (info->d == 'V') {
        int d = emit_vec_dst(e, op->d);

        vop2m(&e->as, V_movaps, d, vtmp(3));
        emit_zero_forget(e, d);
        emit_vec_done(e, op->d, d);
    } else {
        int d = emit_int_dst(e, op->d);

        asm_mov_rm(&e->as, 1, d, vtmp(3));
        emit_int_done(e, op->d, d);
    }
}

static int vec_operand(Emit *e, char kind, IrRef r)
{
    if (kind == 'N' || !r)
        return -1;
    return kind == 'V' ? emit_vec(e, r) : emit_int(e, r, -1);
}

/* canonical_operands: the NaNs among them are known to be canonical. */
static bool canonical_operands(const Emit *e, const IrOp *op, const IrOpInfo *info, int a, int b,
                               int c)
{
    unsigned type = ir_type_in(op->op, op->type, op->imm), vl = op_vl(op);

    return (vl == IR_VL_LANE || vl == IR_VL_BOX) && info->a == 'V' &&
           emit_canonical_known(e, type, a) &&
           (info->b != 'V' || emit_canonical_known(e, type, b)) &&
           (info->c != 'V' || emit_canonical_known(e, type, c));
}

static void unbox_operands(Emit *e, const IrOp *op, const IrOpInfo *info, int a, int b, int c)
{
    unsigned type = ir_type_in(op->op, op->type, op->imm);

    if (info->a == 'V')
        emit_unbox(e, type, a);
    if (info->b == 'V')
        emit_unbox(e, type, b);
    if (info->c == 'V')
        emit_unbox(e, type, c);
}

/* box_result: put d into its box where the rule did not. */
static void box_result(Emit *e, const IrOp *op, int d)
{
    unsigned type = ir_type_out(op->op, op->type, op->imm);

    if (op_vl(op) == IR_VL_BOX && !emit_zero_known(e, d, IR_VL_BOX, type))
        emit_vl(e, d, IR_VL_BOX, type);
}

static bool vec_rule(Emit *e, const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];
    VecRule *rule = vec_rules[op->op];
    const uint8_t *start = e->as.p;

    if (!rule)
        return false;
    bool constants = emit_reads_constants(op);
    int a = constants ? -1 : vec_operand(e, info->a, op->a);
    int b = constants ? -1 : vec_operand(e, info->b, op->b);
    int c = vec_operand(e, info->c, op->c);
    bool canonical = canonical_operands(e, op, info, a, b, c);
    IrOp plain = *op;

    if (op_vl(op) == IR_VL_BOX) {
        unbox_operands(e, op, info, a, b, c);
        if (!box_keeps(op))
            plain.flags = (uint8_t)((op->flags & ~IR_VL_MASK) | IR_VL_LANE);
    }
    int d = info->d == 'V' ? emit_vec_dst(e, op->d) : emit_int_dst(e, op->d);

    /* Rules may ask what is known of their operands, d among them; then they say it of d. */
    e->zero_noted = 0;
    if (!rule(e, &plain, d, a, b, c))
        return false;
    if (info->d == 'V' && !(e->zero_noted >> d & 1))
        emit_zero_forget(e, d);
    if (info->d == 'V') {
        box_result(e, op, d);
        emit_canonical(e, op, d, canonical);
        emit_vec_done(e, op->d, d);
    } else {
        emit_int_done(e, op->d, d);
    }
    e->round_done = e->round_end > start ? e->as.p : NULL;
    return true;
}

void emit_forget_copies(Emit *e)
{
    emit_forget_known(e);
    for (unsigned i = 0; i < EMIT_POOL_INT; i++) {
        if (e->pool_int[i].kind == POOL_COPY)
            e->pool_int[i].kind = POOL_FREE;
    }
    for (unsigned i = 0; i < EMIT_POOL_VEC; i++) {
        if (e->pool_vec[i].kind == POOL_COPY)
            e->pool_vec[i].kind = POOL_FREE;
    }
}

/* special_fp: flush-to-zero and default-NaN modes, and what traps too often, go by the C meaning. */
static bool special_fp(Emit *e, const IrOp *op)
{
    if (!(ir_op_info[op->op].props & IRP_FP))
        return false;
    if (op->op == IR_fcmp || op->op == IR_fcmpe || op->op == IR_fccmp)
        emit_deopt(e, op);
    else
        emit_eval(e, op);
    return true;
}

/*
 * small_int: have the interpreter run the instruction unless the integer operand has no more digits
 * than the float that op makes of it; then its rounding mode does not count. False: op is another.
 */
static bool small_int(Emit *e, const IrOp *op)
{
    unsigned digits = (unsigned[]){ [IR_F16] = 11, [IR_F32] = 24, [IR_F64] = 53 }[op->imm >> 16 & 15];
    int w = op->type == IR_I64;
    Asm *as = &e->as;

    if (op->op != IR_i_sto_f && op->op != IR_i_uto_f)
        return false;
    emit_clobber_flags(e);
    asm_mov_rr(as, w, RAX, emit_int(e, op->a, RAX));
    asm_shift_ri(as, w, op->op == IR_i_sto_f ? SH_SAR : SH_SHR, RAX, digits);
    if (op->op == IR_i_sto_f) {
        asm_alu_ri(as, w, ALU_ADD, RAX, 1);
        asm_alu_ri(as, w, ALU_CMP, RAX, 1);
        emit_deopt_jcc(e, CC_A);
    } else {
        emit_deopt_jcc(e, CC_NZ);
    }
    return true;
}

/* fixed_round: op has a rounding mode of its own. */
static void fixed_round(Emit *e, const IrOp *op)
{
    IrOp any = *op;

    any.imm &= (1u << IR_FIXED_ROUND_LSB) - 1;
    if (!small_int(e, op) || !vec_rule(e, &any))
        emit_eval(e, op);
}

/*
 * traps_again: what to do about op of an instruction that traps too often: an access that cannot take
 * the tag off its address is left to the interpreter, and the op's own code is never reached.
 */
static bool traps_again(Emit *e, const IrOp *op)
{
    if (e->traps == TRAP_TAGGED && !rule_mem_masks(op) &&
        (ir_op_info[op->op].props & (IRP_READ | IRP_WRITE)))
        emit_deopt(e, op);
    return special_fp(e, op);
}

static inline void emit_op(Emit *e, const IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

    if ((props & IRP_PURE) && !(op->flags & IRF_SETF) && rule_dead(e, op->d))
        return;
    if (props & (IRP_READ | IRP_WRITE | IRP_FP) || ir_unboxes(op)) {
        emit_note(e);
        if (((e->mode & MODE_SPECIAL) && special_fp(e, op)) || (e->traps && traps_again(e, op)))
            return;
        if (ir_takes_round((IrOpcode)op->op) && ir_imm_round(op->imm) != IR_RN_CUR) {
            fixed_round(e, op);
            return;
        }
    }
    if (int_rules[op->op])
        int_rules[op->op](e, op);
    else if (!vec_rule(e, op))
        emit_eval(e, op);
}

/* has_room: for one more op, and then for all that is out of line. */
static inline bool has_room(const Emit *e)
{
    return e->as.p + OP_ROOM + e->cold_room + (e->n_const + e->n_edge) * 16 <= e->as.end;
}

static void emit_block(Emit *e, EmitBlock *b)
{
    e->cur = b;
    e->ir = &b->ir;
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
    e->replay = false;
    e->traps = TRAP_NONE;
    e->link_reg = -1;
    b->entry = e->as.p;
    b->n_swap = 0;
    e->i = 0;
    if (e->interpret) {
        e->insn_off = 0;
        deopt_call(&e->as, e->unit_pc);
        return;
    }
    emit_regs_start(e);
    swap_plan(e, b);
    swap_enter(e, b);
    for (e->i = 0; e->i < e->ir->n_op && !e->overflow; e->i++) {
        const IrOp *op = &e->ir->op[e->i];

        if (op->op == IR_insn) {
            rule_insn(e, op);
            continue;
        }
        if (!has_room(e)) {
            e->overflow = true;
            break;
        }
        e->skip = 0;
        emit_op(e, op);
        emit_release_operands(e, op);
        e->i += e->skip;
    }
    swap_forget(e, b);
}

bool emit_unit(Emit *e)
{
    e->unit_start = e->as.p;
    e->unit_pc = e->block[0].ir.pc.va;
    e->n_edge = e->n_cold = e->n_map = e->n_const = e->cold_room = 0;
    e->as.n_fix = 0;
    e->overflow = false;
    for (unsigned i = 0; i < e->n_block && !e->overflow; i++)
        emit_block(e, &e->block[i]);
    if (e->overflow || e->as.n_fix > e->as.cap_fix)
        return false;
    e->main_end = e->as.p;
    for (unsigned i = 0; i < e->n_cold; i++)
        cold_write(e, &e->cold[i]);
    edges_inside(e);
    consts_write(e);
    return true;
}
