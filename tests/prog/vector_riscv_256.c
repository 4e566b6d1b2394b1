// SPDX-License-Identifier: MIT
// vector_riscv.c with registers of 256 bits.
// guests: riscv64
// builds: static interp
// options: -cpu max,v=on,vlen=256
// expect: loops of every length: 0 wrong
// expect: with signals: 0 wrong, some came 1
// expect: load: vstart 21, then 0 wrong
// expect: store: vstart 9, before it 9 of 9, behind 0, then 0 wrong
// expect: first only: vl 13, 0 wrong
// expect: code that changes: 11 9 30 11
// expect: length in vl: 5 3
// expect: jumps to addresses that are none: 14 of 14 faulted there
#include "vector_riscv.c"
