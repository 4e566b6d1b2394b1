/* SPDX-License-Identifier: MIT */
/*
 * rseq.h: restartable sequences (rseq(2)): critical sections of the guest that are given up when
 * their thread is preempted, moved to another CPU, or gets a signal.
 *
 * The guest's area is registered with the host kernel as it is, so the kernel itself keeps cpu_id and
 * its kin current, and judges what is registered. What it cannot do is to find the guest's program
 * counter. But it does one more thing, which its interface promises: when one of those events finds a
 * thread outside of the section that the area's rseq_cs field names, it sets that field to NULL.
 * So:
 *
 *   - The instruction that stores the address of a section's descriptor in the field is run by the
 *     interpreter (how the JIT knows it: see below). It stores the address of a descriptor of our own
 *     instead. From now on an event makes the field NULL.
 *   - The section runs in the interpreter. When the field is found to be NULL, which is looked at
 *     after each block and before each store, the guest goes on at the section's abort address.
 *   - Memory is changed by one of a few host instructions, each the last one of a short sequence
 *     "is the field as it was? then store", and each of these is a section for the host kernel. So no
 *     store is made after an event, and an event after the section's last store comes too late, as
 *     natively.
 *   - After the section the field holds what the guest stored, unless it is NULL by now.
 *
 * So a section takes ten to thirty times as long as natively, and one that natively takes a good part
 * of a time slice will never get through.
 *
 * A section that faults is given up before its signal is delivered, as natively. One that is left by a
 * system call just goes on after it.
 *
 * The JIT leaves to the interpreter
 *   - a 64-bit store of a constant that is the address of a valid descriptor when it is translated:
 *     so do all libraries with such sections, in assembly made of macros;
 *   - any 64-bit store of something else, but by the stack pointer, in a page that holds the
 *     signature which has to stand before the abort address, or beside such a page.
 * A program that evades both has its sections run without protection.
 *
 * A host section's signature is the guest's: so the code is copied for each signature that is used.
 */
#pragma once

#include <ucontext.h>

#include "translate/env.h"
#include "translate/ir/ir.h"

/* rseq_supported: can this host do it? */
bool rseq_supported(void);

/*
 * rseq_set: the thread of env has registered (with the host) the area whose rseq_cs field is at guest
 * address field, with that signature; 0: none any more.
 */
void rseq_set(Env *env, uint64_t field, uint32_t sig);

/*
 * rseq_watched: called by the JIT's lifter with a block whose operations from first on are those of an
 * instruction at pc: must the interpreter run it?
 */
bool rseq_watched(const IrBlock *b, uint32_t first, uint64_t pc);

/*
 * rseq_fault: rseq_watched() looks at what an address may or may not point to; call first from the
 * handlers of SIGSEGV and SIGBUS: when it returns true, return from the handler.
 */
bool rseq_fault(ucontext_t *uc);

/* rseq_code_changed: code was written: pages may hold a signature now. */
void rseq_code_changed(void);

/*
 * rseq_follow: the interpreter has run something, which ended with kind. In a section: run the
 * rest of it, by some(). Returns how that ended.
 */
ExitKind rseq_follow_slow(Env *env, const Guest *guest, ExitKind kind, ExitKind (*some)(Env *env));

static inline ExitKind rseq_follow(Env *env, const Guest *guest, ExitKind kind,
                                   ExitKind (*some)(Env *env))
{
    return __builtin_expect(env->rt.rseq_on, 0) ? rseq_follow_slow(env, guest, kind, some) : kind;
}

/*
 * rseq_arm: value is about to be stored in the field. True: that was done, and a section begins; false:
 * it is no section's descriptor, to be stored as it is.
 */
bool rseq_arm(Env *env, uint64_t value);

/*
 * rseq_write, rseq_cas: change memory within a section, inside of a guest access; bytes 1, 2, 4, 8 or
 * 16. False: not done, the section is lost. rseq_cas: *old is what was compared with, and what was
 * there.
 */
bool rseq_write(Env *env, void *dst, const void *src, unsigned bytes);
bool rseq_cas(Env *env, void *dst, void *old, const void *new, unsigned bytes);
