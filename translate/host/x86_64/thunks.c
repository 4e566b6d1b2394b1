/* SPDX-License-Identifier: MIT */
/*
 * thunks.c: the run-time entries of translated code, written once at start for the guest's
 * choice of homes: entering, leaving, linking, looking up, and calling C.
 *
 * C code runs on the thread's own stack (rt.c_sp, 16-byte aligned) while the shadow stack
 * pointer waits in rt.shadow_sp. MXCSR stays the guest's throughout.
 */
#include "translate/cache/cache.h"
#include "translate/env_layout.h"
#include "translate/stats.h"

enum { SAVE_VEC = 12, SAVE_INT = 8, SAVE_BYTES = SAVE_VEC * 16 + SAVE_INT * 8 };

static const int8_t saved_int[] = { RDX, RSI, RDI, R8, R9, R10, R11 };
_Static_assert(ARRAY_LEN(saved_int) <= SAVE_INT && SAVE_BYTES % 16 == 0, "C frame");

static Mem slot(const Emit *e, unsigned guest_reg)
{
    return mem_b(RBP, e->slot[guest_reg]);
}

static Mem pc_field(const Emit *e)
{
    return mem_b(RBP, (int32_t)e->guest->pc_offset - EMIT_BIAS);
}

static void homes_store(Emit *e)
{
    for (unsigned i = 0; i < e->n_home_int; i++)
        asm_mov_mr(&e->as, 8, slot(e, e->home_int[i]), e->home[e->home_int[i]]);
    for (unsigned i = 0; i < e->n_home_vec; i++)
        vop2m(&e->as, V_movaps_st, e->home[e->home_vec[i]], slot(e, e->home_vec[i]));
}

static void homes_load(Emit *e)
{
    for (unsigned i = 0; i < e->n_home_int; i++)
        asm_mov_rm(&e->as, 1, e->home[e->home_int[i]], slot(e, e->home_int[i]));
    for (unsigned i = 0; i < e->n_home_vec; i++)
        vop2m(&e->as, V_movaps, e->home[e->home_vec[i]], slot(e, e->home_vec[i]));
}

static void to_c_stack(Asm *as)
{
    asm_mov_mr(as, 8, emit_rt(shadow_sp), RSP);
    asm_mov_rm(as, 1, RSP, emit_rt(c_sp));
}

static void from_c_stack(Asm *as)
{
    asm_mov_rm(as, 1, RSP, emit_rt(shadow_sp));
}

/* save: what C may change and translated code has in use. */
static void save(Asm *as)
{
    to_c_stack(as);
    asm_lea(as, 1, RSP, mem_b(RSP, -SAVE_BYTES));
    for (unsigned i = 0; i < ARRAY_LEN(saved_int); i++)
        asm_mov_mr(as, 8, mem_b(RSP, SAVE_VEC * 16 + (int)i * 8), saved_int[i]);
    for (int i = 0; i < SAVE_VEC; i++)
        vop2m(as, V_movaps_st, i, mem_b(RSP, i * 16));
}

static void restore(Asm *as)
{
    for (unsigned i = 0; i < ARRAY_LEN(saved_int); i++)
        asm_mov_rm(as, 1, saved_int[i], mem_b(RSP, SAVE_VEC * 16 + (int)i * 8));
    for (int i = 0; i < SAVE_VEC; i++)
        vop2m(as, V_movaps, i, mem_b(RSP, i * 16));
    from_c_stack(as);
}

static void arg_env(Asm *as)
{
    asm_lea(as, 1, RDI, mem_b(RBP, -EMIT_BIAS));
}

static void thunk_exit(Emit *e, const void *table[])
{
    Asm *as = &e->as;

    table[THUNK_DEOPT] = as->p;
    asm_pop(as, RCX);
    asm_mov_rm(as, 1, RCX, mem_b(RCX, 0));
    asm_mov_mr(as, 8, emit_rt(next_pc), RCX);
    asm_mov_ri(as, RAX, EXIT_DEOPT);
    table[THUNK_EXIT] = as->p;
    asm_mov_mr(as, 4, emit_rt(exit_kind), RAX);
    table[THUNK_EXIT_KEEP] = as->p;
    homes_store(e);
    asm_mov_rm(as, 1, RAX, emit_rt(next_pc));
    asm_mov_mr(as, 8, pc_field(e), RAX);
    table[THUNK_EXIT_RAW] = as->p;
    to_c_stack(as);
    asm_mov_rm(as, 0, RAX, emit_rt(exit_kind));
    asm_lea(as, 1, RSP, mem_b(RSP, 8));
    static const int8_t pops[] = { R15, R14, R13, R12, RBP, RBX };

    for (unsigned i = 0; i < ARRAY_LEN(pops); i++)
        asm_pop(as, pops[i]);
    asm_ret(as);
}

static void thunk_link(Emit *e, const void *table[])
{
    Asm *as = &e->as;

    table[THUNK_LINK] = as->p;
    asm_pop(as, RAX);
    asm_mov_rm(as, 0, RAX, mem_b(RAX, 0));
    save(as);
    arg_env(as);
    asm_mov_rr(as, 0, RSI, RAX);
    asm_call_m(as, emit_thunk(RT_LINK));
    restore(as);
    asm_jmp_r(as, RAX);
}

enum { MISS_JUMPS = 3 };

/*
 * map_probe: the block map's slot of the guest address in rax, its address to rbx: what map_find()
 * in cache.c does. Changes rcx and rdx, which hold nothing where a block ends. Returns the jumps
 * to take when there is no slot, or the code is for another mode.
 */
static void map_probe(Asm *as, uint8_t *miss[MISS_JUMPS - 1])
{
    asm_alu_mi(as, 4, ALU_CMP, emit_rt(mode), 0);
    miss[0] = asm_jcc32(as, CC_NE);
    asm_mov_rm(as, 1, RDX, emit_thunk(DATA_MAP));
    asm_mov_rm(as, 1, RDX, mem_b(RDX, 0));
    asm_mov_mr(as, 8, emit_rt(probe_map), RDX);
    asm_mov_ri(as, RBX, MAP_MULTIPLIER);
    asm_mov_rr(as, 1, RCX, RAX);
    asm_shift_ri(as, 1, SH_SHR, RCX, 6);
    asm_imul_rr(as, 1, RCX, RBX);
    asm_shift_ri(as, 1, SH_SHR, RCX, 32);
    asm_mov_rr(as, 0, RBX, RAX);
    asm_shift_ri(as, 0, SH_SHR, RBX, 4);
    asm_alu_ri(as, 0, ALU_AND, RBX, 3);
    asm_lea(as, 1, RCX, mem_bi(RBX, RCX, 2, 0));
    const uint8_t *again = as->p;

    asm_alu_rm(as, 1, ALU_AND, RCX, mem_b(RDX, offsetof(Map, mask)));
    asm_mov_rr(as, 1, RBX, RCX);
    asm_shift_ri(as, 1, SH_SHL, RBX, 4);
    asm_lea(as, 1, RBX, mem_bi(RDX, RBX, 0, offsetof(Map, slot)));
    asm_alu_rm(as, 1, ALU_CMP, RAX, mem_b(RBX, offsetof(MapSlot, key)));
    uint8_t *found = asm_jcc8(as, CC_E);

    asm_alu_mi(as, 8, ALU_CMP, mem_b(RBX, offsetof(MapSlot, key)), 0);
    miss[1] = asm_jcc32(as, CC_E);
    asm_lea(as, 1, RCX, mem_b(RCX, 1));
    asm_jmp_to(as, again);
    asm_patch8(as, found);
}

/* slot_host: the host code of the slot at rbx to register d; zero flag: none. */
static void slot_host(Asm *as, int d)
{
    asm_mov_rm(as, 0, d, mem_b(RBX, offsetof(MapSlot, place)));
    asm_test_rr(as, 1, d, d);
}

/*
 * thunk_find: a miss of the jump cache at rax: look in the block map, fill the jump cache as
 * cache_jump_set() does, and go there. Returns the jumps to take when the block is not there.
 */
static void thunk_find(Asm *as, uint8_t *miss[MISS_JUMPS])
{
    int32_t jump = (int32_t)offsetof(Env, jump) - EMIT_BIAS;

    map_probe(as, miss);
    slot_host(as, RDX);
    miss[MISS_JUMPS - 1] = asm_jcc32(as, CC_E);
    asm_alu_rm(as, 1, ALU_ADD, RDX, emit_thunk(DATA_CODE));
    emit_jump_index(as);
    asm_lea(as, 1, RCX, mem_bi(RBP, RCX, 2, jump));
    asm_mov_mi(as, 8, mem_b(RCX, offsetof(JumpEntry, gpc)), (int32_t)ENV_NO_PC);
    asm_mov_mr(as, 8, mem_b(RCX, offsetof(JumpEntry, host)), RDX);
    asm_mov_mr(as, 8, mem_b(RCX, offsetof(JumpEntry, gpc)), RAX);
    asm_lock(as);
    asm_alu_mi(as, 4, ALU_OR, mem_b(RSP, 0), 0);
    /* Still there, and in the map that who drops it changes? */
    asm_mov_rm(as, 1, RAX, emit_thunk(DATA_MAP));
    asm_mov_rm(as, 1, RAX, mem_b(RAX, 0));
    asm_alu_rm(as, 1, ALU_CMP, RAX, emit_rt(probe_map));
    uint8_t *moved = asm_jcc8(as, CC_NE);

    slot_host(as, RAX);
    asm_alu_rm(as, 1, ALU_ADD, RAX, emit_thunk(DATA_CODE));
    asm_alu_rr(as, 1, ALU_CMP, RAX, RDX);
    uint8_t *gone = asm_jcc8(as, CC_NE);

    asm_jmp_r(as, RDX);
    asm_patch8(as, moved);
    asm_patch8(as, gone);
    asm_mov_mi(as, 8, mem_b(RCX, offsetof(JumpEntry, gpc)), (int32_t)ENV_NO_PC);
    asm_jmp_r(as, RDX);
}

/* thunk_ret: a return that did not match the top entry; look a little further up first. */
static void thunk_probe(Emit *e, const void *table[])
{
    Asm *as = &e->as;
    enum { DEPTH = 8 };
    uint8_t *found[DEPTH];

    table[THUNK_RET] = as->p;
    emit_count(e, ENV_COUNT_RET_MISS);
    for (int i = 0; i < DEPTH; i++) {
        asm_alu_rm(as, 1, ALU_CMP, RAX, mem_b(RSP, (i + 1) * 16 + 8));
        found[i] = asm_jcc32(as, CC_E);
    }
    table[THUNK_PROBE] = as->p;
    emit_count(e, ENV_COUNT_PROBE_AGAIN);
    asm_mov_rm(as, 0, RCX, mem_b(RBP, -PAGE_BYTES - EMIT_BIAS));
    emit_jump_index(as);
    int32_t jump = (int32_t)offsetof(Env, jump) - EMIT_BIAS;

    asm_alu_rm(as, 1, ALU_CMP, RAX, mem_bi(RBP, RCX, 2, jump));
    uint8_t *miss = asm_jcc8(as, CC_NE);

    asm_jmp_m(as, mem_bi(RBP, RCX, 2, jump + 8));
    asm_patch8(as, miss);
    uint8_t *absent[MISS_JUMPS];

    thunk_find(as, absent);
    for (unsigned i = 0; i < MISS_JUMPS; i++)
        asm_patch32(absent[i], as->p);
    save(as);
    arg_env(as);
    asm_mov_rr(as, 1, RSI, RAX);
    asm_call_m(as, emit_thunk(RT_LOOKUP));
    restore(as);
    asm_jmp_r(as, RAX);
    for (int i = 0; i < DEPTH; i++) {
        asm_patch32(found[i], as->p);
        asm_lea(as, 1, RSP, mem_b(RSP, (i + 1) * 16));
        asm_ret(as);
    }
}

static void thunk_syscall(Emit *e, const void *table[])
{
    Asm *as = &e->as;

    table[THUNK_SYSCALL] = as->p;
    asm_mov_rr(as, 0, RCX, RAX);
    homes_store(e);
    asm_mov_rm(as, 1, RAX, emit_rt(next_pc));
    asm_mov_mr(as, 8, pc_field(e), RAX);
    to_c_stack(as);
    arg_env(as);
    asm_mov_rr(as, 0, RSI, RCX);
    asm_call_m(as, emit_thunk(RT_SYSCALL));
    from_c_stack(as);
    asm_test_rr(as, 0, RAX, RAX);
    uint8_t *out = asm_jcc8(as, CC_NE);

    homes_load(e);
    asm_ret(as);
    asm_patch8(as, out);
    asm_lea(as, 1, RSP, mem_b(RSP, 8));
    asm_jmp_m(as, emit_thunk(THUNK_EXIT_RAW));
}

static void thunk_eval(Emit *e, const void *table[])
{
    Asm *as = &e->as;
    int32_t v = (int32_t)offsetof(Env, rt.vtmp) - EMIT_BIAS;

    table[THUNK_EVAL] = as->p;
    save(as);
    arg_env(as);
    asm_mov_rr(as, 1, RSI, RAX);
    asm_lea(as, 1, RDX, mem_b(RBP, v + 3 * 16));
    asm_lea(as, 1, RCX, mem_b(RBP, v));
    asm_lea(as, 1, R8, mem_b(RBP, v + 16));
    asm_lea(as, 1, R9, mem_b(RBP, v + 2 * 16));
    asm_call_m(as, emit_thunk(RT_EVAL));
    restore(as);
    asm_ret(as);
}

/*
 * Helpers may read and write the state, so homes go there and come back from there. One that faulted
 * left exit_kind behind, and the state as it is to be seen.
 */
static void thunk_helper(Emit *e, const void *table[], unsigned thunk)
{
    Asm *as = &e->as;

    table[thunk] = as->p;
    asm_mov_rr(as, 0, RCX, RAX);
    homes_store(e);
    save(as);
    arg_env(as);
    asm_mov_rr(as, 0, RSI, RCX);
    asm_call_m(as, emit_thunk(RT_HELPER));
    restore(as);
    homes_load(e);
    if (thunk == THUNK_HELPER) {
        asm_ret(as);
        return;
    }
    asm_alu_mi(as, 4, ALU_CMP, emit_rt(exit_kind), EXIT_NONE);
    uint8_t *faulted = asm_jcc8(as, CC_NE);

    asm_ret(as);
    asm_patch8(as, faulted);
    asm_lea(as, 1, RSP, mem_b(RSP, 8));
    asm_jmp_m(as, emit_thunk(THUNK_EXIT_KEEP));
}

EnterFn *emit_thunks(Emit *e, const void *table[])
{
    Asm *as = &e->as;
    uint8_t *enter = as->p;
    static const int8_t pushes[] = { RBX, RBP, R12, R13, R14, R15 };

    for (unsigned i = 0; i < ARRAY_LEN(pushes); i++)
        asm_push(as, pushes[i]);
    asm_lea(as, 1, RSP, mem_b(RSP, -8));
    asm_lea(as, 1, RBP, mem_b(RDI, EMIT_BIAS));
    asm_mov_rr(as, 1, RAX, RSI);
    asm_mov_mr(as, 8, emit_rt(c_sp), RSP);
    homes_load(e);
    from_c_stack(as);
    asm_jmp_r(as, RAX);

    thunk_exit(e, table);
    thunk_link(e, table);
    thunk_probe(e, table);
    thunk_syscall(e, table);
    thunk_eval(e, table);
    thunk_helper(e, table, THUNK_HELPER);
    thunk_helper(e, table, THUNK_HELPER_FAULT);
    return (EnterFn *)(uintptr_t)enter;
}

static void state_set(Env *env, const GuestReg *g, int host, const uint64_t gpr[16],
                      const V128 *xmm)
{
    if (g->type == IR_V128)
        memcpy(env->state + g->offset, &xmm[host], 16);
    else
        memcpy(env->state + g->offset, &gpr[host], 8);
}

void emit_sync_from_host(const Emit *e, Env *env, const uint64_t gpr[16], const V128 *xmm,
                         const HomeSwap *swap, unsigned n)
{
    int8_t home[256];

    memcpy(home, e->home, sizeof(home));
    for (unsigned i = 0; i < n; i++) {
        home[swap[i].busy] = home[swap[i].idle];
        home[swap[i].idle] = -1;
    }
    for (unsigned g = 0; g < e->guest->n_regs; g++) {
        if (home[g] >= 0)
            state_set(env, &e->guest->regs[g], home[g], gpr, xmm);
    }
}
