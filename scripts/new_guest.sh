#!/bin/sh
# SPDX-License-Identifier: MIT
#
# new_guest.sh NAME PREFIX EM_NUMBER: make translate/guest/NAME, the skeleton of a guest that
# builds and whose every instruction is undefined. NAME as in mimus-NAME (riscv64), PREFIX of its
# C names (rv), EM_NUMBER its e_machine (243). Then: write base.dec row by row, a lift function
# for each row, cases in tests/insn/NAME, and linux.nr with linux_*.c (see aarch64).
set -eu
[ $# = 3 ] || { sed -n '4,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
name=$1 p=$2 machine=$3
up=$(printf %s "$p" | tr a-z A-Z)
case $p in [a-z]*) cap=$(printf %s "$p" | cut -c1 | tr a-z A-Z)$(printf %s "$p" | cut -c2-) ;; esac
dir=$(cd "$(dirname "$0")/.." && pwd)/translate/guest/$name
[ ! -e "$dir" ] || { echo "new_guest.sh: $dir exists" >&2; exit 1; }
mkdir -p "$dir" "$dir/../../../tests/insn/$name"

cat >"$dir/README.md" <<END
<!-- SPDX-License-Identifier: MIT -->
# The $name guest
Follows: (manual and issue). Missing: everything; the tables' \`todo\` rows are the list.
END

cat >"$dir/state.h" <<END
/* SPDX-License-Identifier: MIT */
/* state.h: the registers of a $name CPU as they lie in Env.state. */
#pragma once

#include "translate/env.h"

typedef struct {
    uint64_t x[32];
    uint64_t pc;
    uint32_t nzcv;              /* flags of the IR; exact whenever C code runs */
    uint32_t reserved;
    _Alignas(16) V128 v[32];
} ${cap}State;
_Static_assert(sizeof(${cap}State) <= ENV_STATE_BYTES, "layout of ${cap}State");
END

cat >"$dir/base.dec" <<END
# SPDX-License-Identifier: MIT
# Base instructions of $name, in the manual's order.
manual  "(the manual)"
word    32
prefix  $p
fields  rd:5

section "(the manual's first table)"
# name    | encoding, bit 31 first                     | operands | needs | manual
undefined | 0*27 rd                                    | todo     | -     | (example row)
END

cat >"$dir/guest.c" <<END
// SPDX-License-Identifier: MIT
/* guest.c: what the rest of the tree knows of $name. */
#include "translate/guest.h"

#include <capstone/capstone.h>

#include "gen/${name}_decode.h"
#include "translate/guest/$name/state.h"

static const GuestReg regs[] = {
#define X(n) { "x" #n, offsetof(${cap}State, x[n]), IR_I64, false }
    X(0),  X(1),  X(2),  X(3),  X(4),  X(5),  X(6),  X(7),
    X(8),  X(9),  X(10), X(11), X(12), X(13), X(14), X(15),
    X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23),
    X(24), X(25), X(26), X(27), X(28), X(29), X(30), X(31),
#undef X
};

/* Which registers deserve a host register: to be measured. */
static const uint8_t hot_int[] = { 10, 11, 12, 13, 14, 15, 8, 9, 2, 1 };

static unsigned lift_insn(Lift *l)
{
    uint32_t word;

    if (l->code_len < 4) {
        return 0;
    }
    memcpy(&word, l->code, 4);
    return ${p}_decode(l, word) ? 4 : 0;
}

static void state_init(Env *env)
{
    (void)env;
}

const Guest guest_$name = {
    .name = "$name",
    .elf_machine = $machine,
    .elf_class = 2,
    .elf_data = 1,
    .insn_min_bytes = 4,
    .insn_max_bytes = 4,
    .explicit_icache = true,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .pc_offset = offsetof(${cap}State, pc),
    .nzcv_offset = offsetof(${cap}State, nzcv),
    .state_bytes = sizeof(${cap}State),
    .hot_int = hot_int,
    .n_hot_int = ARRAY_LEN(hot_int),
    .lift_insn = lift_insn,
    .state_init = state_init,
    .capstone_arch = CS_ARCH_ALL,
};
END
echo "made $dir; next: base.dec, lift_*.c, tests/insn/$name ($up names follow the prefix)"
