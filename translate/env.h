/* SPDX-License-Identifier: MIT */
/*
 * env.h: the state of one guest CPU (thread) as translated code sees it. Its layout is part
 * of the contract with the back-ends and, later, of the key of saved code: fields are
 * appended, never moved without thought.
 *
 *   env - 4096   poll page: translated code reads it at loop back-edges; env_poke() makes it
 *                unreadable to get the thread's attention
 *   env + 0      guest registers, in the guest's own struct (state.h), at most ENV_STATE_BYTES
 *   env + 2048   EnvRt: what the run time keeps
 *   env + 4096   addresses of helpers and run-time entries, so that translated code holds none
 *   env + 8192   jump cache: direct-mapped, guest pc -> host code
 *
 * One thread writes an Env: its own. Others may only call env_poke().
 */
#pragma once

#include "translate/base/base.h"

enum { ENV_STATE_BYTES = 2048, ENV_TABLE_ENTRIES = 512, ENV_JUMP_ENTRIES = 4096,
       ENV_SPILL_ENTRIES = 64, ENV_VSPILL_ENTRIES = 16, ENV_COUNTS = 4 };

/* Sticky floating point flags, generic names; a guest maps them to its own register. */
enum { FP_INVALID = 1, FP_DIVZERO = 2, FP_OVERFLOW = 4, FP_UNDERFLOW = 8, FP_INEXACT = 16,
       FP_DENORM_IN = 32 };

/* fp_mirror: the first five of them in reverse order: FP_INEXACT is bit 0, FP_INVALID bit 4. */
static inline uint32_t fp_mirror(uint32_t v)
{
    return (v & 1) << 4 | (v & 2) << 2 | (v & 4) | (v & 8) >> 2 | (v & 16) >> 4;
}

/* Floating point mode, set by the guest's control register through env_set_fp_mode(). */
typedef struct {
    uint8_t round;              /* IrRound, IR_RN_EVEN to IR_RN_ZERO */
    uint8_t flush_zero;         /* denormal inputs and results become zero (FZ) */
    uint8_t flush_zero16;       /* the same for half precision (FZ16) */
    uint8_t default_nan;        /* every NaN result is the default NaN (DN) */
    uint8_t alt_half;           /* alternative half precision (AHP) */
} FpMode;

/*
 * Bits of EnvRt.mode: what a block is translated for. The MODE_SPECIAL ones change results, and
 * their floating point goes by the C meaning. MODE_UNDERFLOW: FP_UNDERFLOW is exact in translated
 * code, too; see env_watch_underflow(). MODE_GUEST and MODE_GUEST2: what the
 * guest makes of them.
 */
enum { MODE_FLUSH = 1, MODE_DEFAULT_NAN = 2, MODE_ALT_HALF = 4, MODE_FLUSH16 = 8,
       MODE_SPECIAL = 15, MODE_UNDERFLOW = 16, MODE_GUEST = 32, MODE_GUEST2 = 64 };

typedef enum {
    EXIT_NONE,          /* internal */
    EXIT_POKE,          /* env_poke() was answered; state is exact */
    EXIT_SYSCALL,       /* a system call whose handler asked to leave (see EnvRt.on_syscall) */
    EXIT_UNDEF,         /* undefined instruction at pc; exit_arg: the instruction word */
    EXIT_BREAK,         /* breakpoint instruction at pc; exit_arg: its immediate */
    EXIT_FAULT,         /* memory fault: fault_sig, fault_code, fault_addr; pc is the access's */
    EXIT_FETCH,         /* pc cannot be executed; fault_ fields as for EXIT_FAULT */
} ExitKind;

/*
 * ENV_NO_PC: stands where a guest address would, in empty entries of the jump cache and above the
 * shadow stack's base, and must equal none that code jumps or returns to, valid or not: of small
 * numbers and all ones some program does. It fits an immediate.
 */
#define ENV_NO_PC ((uint64_t)(int64_t)-0x5a5a5a5b)

typedef struct {
    uint64_t gpc;
    const void *host;
} JumpEntry;

typedef struct Env Env;

typedef struct {
    /* -- used by translated code -- */
    uint64_t c_sp;              /* host stack to run C code on */
    uint64_t shadow_sp;         /* saved shadow stack pointer while C code runs */
    uint64_t shadow_base;       /* where an empty shadow stack starts */
    uint64_t next_pc;           /* guest pc to continue at, for run-time entries */
    uint32_t mxcsr;             /* control bits for translated code */
    uint32_t qc;                /* nonzero: saturation happened since last cleared */
    uint32_t exit_kind;
    uint32_t exit_arg;
    uint32_t fcmp_invalid;      /* FP_INVALID: a signalling compare met a quiet NaN; or 0 */
    uint32_t nzcv;              /* flags while translated code runs, in the back-end's packed form */
    uint64_t excl_addr;         /* exclusive monitor: address, size in bytes or 0, value */
    uint64_t excl_size;
    V128 excl_val;
    V128 vtmp[6];               /* operands and result of ops done in C */
    uint64_t arg[3];            /* arguments of a helper */
    uint64_t spill[ENV_SPILL_ENTRIES];
    V128 vspill[ENV_VSPILL_ENTRIES];
    /* -- run time -- */
    uint32_t fp_flags;          /* sticky flags collected so far; the host's own come on top */
    FpMode fp;
    uint32_t mode;              /* MODE_ bits that blocks are translated for */
    int fault_sig;              /* EXIT_FAULT, EXIT_FETCH: SIGSEGV or SIGBUS, si_code, si_addr */
    int fault_code;
    uint64_t fault_addr;
    volatile uint32_t poke;     /* set by env_poke(), cleared when answered */
    volatile uint32_t in_access; /* interpreter: inside a guest access that may fault */
    void *access_jmp;           /* interpreter: sigjmp_buf to leave it by */
    uint64_t interp_pc;         /* interpreter: guest pc of the instruction in work */
    /*
     * on_syscall: called for each system call with the pc field past the instruction and all
     * state in memory. Returns 0 to go on at the guest's pc, 1 to leave env_run() with
     * EXIT_SYSCALL (state replaced, signal pending, thread ending ...).
     */
    int (*on_syscall)(Env *env, uint32_t imm);
    void *user;                 /* the owner's thread structure */
    volatile uint64_t epoch;    /* code cache: see cache/reclaim */
    void *cache_thread;         /* code cache: number of this thread's chunk */
    uint32_t adopted;           /* tables filled, known to the code cache */
    uint32_t jump_mode;         /* mode the jump cache's entries are for */
    uint32_t seen_kills;        /* count of code drops this thread has reacted to */
    uint64_t access_addr;       /* interpreter: guest address of the access under way */
    void *interp_cache;         /* interpreter: this thread's lifted blocks */
    uint64_t count[ENV_COUNTS]; /* of translated code, with -stats; see stats.h */
    volatile uint32_t doing;    /* -profile: DOING_ of stats.h */
    uint64_t probe_map;         /* the look-up of translated code: the block map it reads */
    uint32_t release_pending;   /* translated code: nonzero: a release store may not be seen yet */
    volatile uint32_t own_poke; /* set by env_poke_own() outside of translated code */
    /*
     * on_quick: asked before on_syscall, may be NULL. Returns true when it did the whole call: the
     * result is in the state, pc and mode are as they were, it did not wait and dropped no
     * translations. Else nothing was done.
     */
    bool (*on_quick)(Env *env);
    uint32_t btype;             /* kind of an indirect branch on its way to the pc; 0: none */
    void *hint_notes;           /* fork_hints.c: where to note what is translated, or NULL */
    /* Restartable sequences, see host/interp/rseq.h. */
    uint64_t rseq_field;        /* guest address of the registered area's rseq_cs; 0: none */
    uint32_t rseq_sig;
    uint32_t rseq_on;           /* a section is under way: memory is changed by rseq_write() */
    uint32_t rseq_single;       /* interpreter: run one instruction by itself next */
    uint32_t rseq_faults;       /* that this section met in a row */
    uint64_t rseq_value;        /* the guest's descriptor, and what it says */
    uint64_t rseq_start, rseq_bytes, rseq_abort;
    const void *rseq_code;      /* host code for the signature */
    /* See env_lazy_flags(). */
    uint32_t fp_lazy;           /* 1 or 0 */
    uint32_t fp_unread;         /* MXCSR may have flags that fp_flags lacks; 1 or 0 */
    uint32_t mxcsr_base;        /* mxcsr while no flag is set */
    uint32_t fp_traps;          /* how often the host trapped for a flag */
} EnvRt;

/*
 * env_kind: an indirect branch's kind (EnvRt.btype, 0 to 3) as it stands in addresses of the jump
 * cache: in bits no address has, nor any other that a program is likely to jump to by mistake.
 */
enum { ENV_KIND_LSB = 54 };
#define ENV_KIND_MASK (3ull << ENV_KIND_LSB)
static inline uint64_t env_kind(unsigned btype)
{
    return (uint64_t)btype << ENV_KIND_LSB;
}

/*
 * A guest may have blocks translated in several variants: for what they assume of its state (vector
 * length and element width of RISC-V). A number from 1 to 63 stands with the pc of a block in exits,
 * in the block map and in the jump cache: a place. 0 assumes nothing. Only who knows that the state
 * is such goes to a variant; whoever comes from elsewhere enters variant 0. An indirect exit to a
 * place has the kind ENV_KIND_PLACE, so that no other jump means one (landing pads count 1 and 2
 * then). See Guest.variant.
 */
enum { ENV_VARIANT_LSB = 48, ENV_KIND_PLACE = 3 };
#define ENV_VARIANT_MASK (63ull << ENV_VARIANT_LSB)
static inline uint64_t env_place(uint64_t pc, unsigned variant)
{
    return pc | (uint64_t)variant << ENV_VARIANT_LSB;
}

/*
 * env_jump_index: an address's entry in Env.jump; code generators make functions at multiples of
 * 16 to 64, so higher bits are folded in.
 */
enum { ENV_JUMP_FOLD = 6 };
static inline unsigned env_jump_index(uint64_t gpc)
{
    return (unsigned)((gpc ^ gpc >> ENV_JUMP_FOLD) >> 2) & (ENV_JUMP_ENTRIES - 1);
}

struct Env {
    _Alignas(4096) uint8_t state[ENV_STATE_BYTES];
    EnvRt rt;
    _Alignas(4096) const void *table[ENV_TABLE_ENTRIES];
    _Alignas(4096) JumpEntry jump[ENV_JUMP_ENTRIES];
};
_Static_assert(offsetof(Env, rt) == 2048 && sizeof(EnvRt) <= 2048, "layout of Env");
_Static_assert(offsetof(Env, table) == 4096 && offsetof(Env, jump) == 8192, "layout of Env");

/* env_new: a zeroed Env with poll page and shadow stack, or NULL without memory. */
Env *env_new(void);
void env_free(Env *env);

/*
 * env_rest: instead of env_free(): no thread uses env for now. It keeps its memory and, up to date,
 * its jump cache. env_renew: it is as from env_new() again, for another thread.
 */
void env_rest(Env *env);
void env_renew(Env *env);

/* env_poke: make the thread leave translated code soon. Any thread, also a signal handler. */
void env_poke(Env *env);

/*
 * env_poke_own: the same from a signal handler of the Env's own thread; costs no system call while
 * that thread works in C (see cache_quiet). env_poke_seen: call before looking for what was poked
 * for; such a poke is then answered, a later one is noticed.
 */
void env_poke_own(Env *env);

/* env_set_fp_mode: adopt m for code that runs from now on (own thread, between blocks). */
void env_set_fp_mode(Env *env, const FpMode *m);

/* env_set_guest_mode: the same for MODE_GUEST and MODE_GUEST2, whose meaning is the guest's own. */
void env_set_guest_mode(Env *env, uint32_t bits);

/*
 * env_fp_flags: sticky FP_ flags so far, also those the host's MXCSR holds.
 * env_set_fp_flags: replace them all. Own thread; callable from helpers.
 */
uint32_t env_fp_flags(Env *env);
void env_set_fp_flags(Env *env, uint32_t flags);

/*
 * env_lazy_flags: for guests that read their sticky flags all the time, when it is on. To read MXCSR
 * the host waits for all floating point that is under way; so division by zero, overflow and
 * underflow trap as long as they are not set (which they most often never are), and when inexact is
 * set, which it soon is, all flags are in fp_flags. Invalid always traps. A thread that traps often
 * is given up: it reads MXCSR. env_settle_flags: call when fp_flags may have changed. Own thread.
 */
void env_lazy_flags(Env *env, bool on);
void env_settle_flags(Env *env);

/*
 * env_watch_underflow: from now on (on) whether a result was tiny is decided before rounding in
 * translated code, too, as the C meaning of the ops always does. The host decides it after
 * rounding, so one that rounds up to the least normal number lacks FP_UNDERFLOW otherwise, and to
 * find it costs an integer comparison for each product and narrowing. So this is for
 * threads that look at their flags: code that does asks for it by IrBlock.wants_mode. Own thread;
 * threads and processes that it starts inherit it.
 */
void env_watch_underflow(Env *env, bool on);

static inline void env_poke_seen(Env *env)
{
    env->rt.own_poke = 0;
}
