/* SPDX-License-Identifier: MIT */
/*
 * lift_fuse.h: sequences lifted as one atomic operation. With Lift.fuse only; otherwise, and
 * when the code at hand is nothing they know, these return false and have emitted nothing.
 */
#pragma once

#include "translate/guest/aarch64/lift.h"

/*
 * a64_fuse_exclusive: at a load-exclusive of 1 << size bytes from [rn] to rt: with what follows
 * up to the store-exclusive (and its loop). Sets Lift.more.
 */
bool a64_fuse_exclusive(Lift *l, unsigned size, unsigned rn, unsigned rt);

/*
 * a64_skip_fence: where a branch not taken goes on: behind a full fence that comes next, when
 * it is nothing because the block did an atomic operation and stored nothing since.
 */
IrVal a64_skip_fence(Lift *l);

/*
 * a64_fuse_call: at a branch by offset to a helper for atomics: all it does but the return.
 * The helper does not use the link register, so the caller writes it after this.
 */
bool a64_fuse_call(Lift *l, int64_t offset);
