/* SPDX-License-Identifier: MIT */
/* A small bytecode interpreter with computed goto: indirect jumps. */
#include "bench.h"

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, SHR, LT, JZ, JMP, HALT };

static uint64_t run(const int32_t *code, uint64_t limit)
{
    static void *const op[] = {
        &&push, &&load, &&store, &&add, &&sub, &&mul, &&xor_, &&shr,
        &&lt, &&jz, &&jmp, &&halt
    };
    uint64_t st[16], var[8] = { 0 }, *sp = st;
    const int32_t *pc = code;

    var[7] = limit;
#define NEXT goto *op[*pc++]
    NEXT;
push:
    *sp++ = (uint64_t)(int64_t)*pc++;
    NEXT;
load:
    *sp++ = var[*pc++];
    NEXT;
store:
    var[*pc++] = *--sp;
    NEXT;
add:
    sp--; sp[-1] += sp[0];
    NEXT;
sub:
    sp--; sp[-1] -= sp[0];
    NEXT;
mul:
    sp--; sp[-1] *= sp[0];
    NEXT;
xor_:
    sp--; sp[-1] ^= sp[0];
    NEXT;
shr:
    sp--; sp[-1] >>= sp[0] & 63;
    NEXT;
lt:
    sp--; sp[-1] = sp[-1] < sp[0];
    NEXT;
jz:
    pc = *--sp ? pc + 1 : code + *pc;
    NEXT;
jmp:
    pc = code + *pc;
    NEXT;
halt:
    return var[1];
}

int main(int argc, char **argv)
{
    static const int32_t code[] = {
        LOAD, 0, LOAD, 7, LT, JZ, 0 /* patched: HALT */,
        LOAD, 1, PUSH, 31, MUL, LOAD, 0, ADD, STORE, 1,
        LOAD, 1, LOAD, 1, PUSH, 17, SHR, XOR, STORE, 1,
        LOAD, 0, PUSH, 1, ADD, STORE, 0,
        JMP, 0, HALT
    };
    static int32_t prog[64];
    long n = scaled(argc, argv, 2500000);

    memcpy(prog, code, sizeof code);
    prog[6] = (int32_t)(sizeof code / sizeof code[0]) - 1;
    printf("%016llx\n", (unsigned long long)run(prog, (uint64_t)n));
    return 0;
}
