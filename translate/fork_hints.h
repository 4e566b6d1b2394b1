/* SPDX-License-Identifier: MIT */
/*
 * fork_hints.h: what children translate, the parent learns.
 *
 * A shell forks for each command, and each child translates the same code anew on its way to exec:
 * what one child translated is lost with it. So a process that forks repeatedly shares one page
 * with its children, in which they note where units start that they had to translate. What
 * was noted by two children the parent translates itself before its next fork, and all later
 * children come with it.
 *
 * The notes are hints from a process that may since have dropped privileges or gone mad: an entry
 * is no more than an address to be translated if it is executable here and not translated yet.
 */
#pragma once

#include "translate/env.h"

enum { HINT_MODE_SHIFT = 56 };      /* a key is guest pc | mode << 56, as in the block map */

/*
 * fork_hints_take: before a fork by env's thread, which holds no host code address: up to max
 * addresses worth translating, in key[]; returns how many. The caller does it.
 */
unsigned fork_hints_take(Env *env, uint64_t *key, unsigned max);

/* fork_hints_child: in the child, before its first guest instruction; env is its only one. */
void fork_hints_child(Env *env);

/* fork_hints_note: env's thread translated the unit at key. */
void fork_hints_note(Env *env, uint64_t key);
