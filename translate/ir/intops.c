/* SPDX-License-Identifier: MIT */
/*
 * intops.c: the integer ops of ir.def on numbers, in plain C.
 */
#include "translate/ir/intops.h"

/* MEANING(op) { ... }: the function of that op; not each uses all of w, imm, a and b. */
#define MEANING(name)                                                                    \
    static uint64_t int_##name(unsigned w __attribute__((unused)),                       \
                               uint32_t imm __attribute__((unused)),                     \
                               uint64_t a __attribute__((unused)),                       \
                               uint64_t b __attribute__((unused)))

MEANING(mov)
{
    return a;
}

MEANING(add)
{
    return a + b;
}

MEANING(sub)
{
    return a - b;
}

MEANING(mul)
{
    return a * b;
}

MEANING(mulh_s)
{
    return (unsigned __int128)((__int128)sext(a, w) * sext(b, w)) >> w;
}

MEANING(mulh_u)
{
    return (unsigned __int128)a * b >> w;
}

MEANING(div_s)
{
    int64_t x = sext(a, w), y = sext(b, w);

    if (y == 0) {
        return imm & IR_DIV_ONES ? ~0ull : 0;
    }
    return y == -1 ? 0 - (uint64_t)x : (uint64_t)(x / y);
}

MEANING(div_u)
{
    return b ? a / b : imm & IR_DIV_ONES ? ~0ull : 0;
}

MEANING(and)
{
    return a & b;
}

MEANING(or)
{
    return a | b;
}

MEANING(xor)
{
    return a ^ b;
}

MEANING(andn)
{
    return a & ~b;
}

MEANING(orn)
{
    return a | ~b;
}

MEANING(xorn)
{
    return a ^ ~b;
}

MEANING(shl)
{
    return a << (b & (w - 1));
}

MEANING(shr_u)
{
    return a >> (b & (w - 1));
}

MEANING(shr_s)
{
    return (uint64_t)(sext(a, w) >> (b & (w - 1)));
}

MEANING(ror)
{
    unsigned n = b & (w - 1);

    return n ? a >> n | a << (w - n) : a;
}

MEANING(extr)
{
    unsigned n = imm & (w - 1);

    return n ? b >> n | a << (w - n) : b;
}

MEANING(clz)
{
    return a ? (unsigned)__builtin_clzll(a) - (64 - w) : w;
}

MEANING(cls)
{
    int64_t x = sext(a, w);
    uint64_t differ = (uint64_t)(x ^ x >> 1);   /* bit i: bits i and i + 1 of a differ */

    differ = w == 64 ? differ : (uint32_t)differ;
    return differ ? (unsigned)__builtin_clzll(differ) - (64 - w) - 1 : w - 1;
}

MEANING(ctz)
{
    return a ? (unsigned)__builtin_ctzll(a) : w;
}

MEANING(popcnt)
{
    return (unsigned)__builtin_popcountll(a);
}

MEANING(min_s)
{
    return sext(a, w) < sext(b, w) ? a : b;
}

MEANING(max_s)
{
    return sext(a, w) > sext(b, w) ? a : b;
}

MEANING(min_u)
{
    return a < b ? a : b;
}

MEANING(max_u)
{
    return a > b ? a : b;
}

MEANING(rbit)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < w; i++) {
        r |= (a >> i & 1) << (w - 1 - i);
    }
    return r;
}

MEANING(bswap)
{
    return __builtin_bswap64(a) >> (64 - w);
}

MEANING(bswap16)
{
    return (a & 0x00ff00ff00ff00ff) << 8 | (a >> 8 & 0x00ff00ff00ff00ff);
}

MEANING(bswap32)
{
    uint64_t r = __builtin_bswap64(a);

    return r << 32 | r >> 32;
}

MEANING(sext)
{
    return (uint64_t)sext(a, imm);
}

MEANING(zext)
{
    return bits(a, 0, imm);
}

MEANING(bfx_s)
{
    return (uint64_t)sext(a >> (imm & 255), imm >> 8);
}

MEANING(bfx_u)
{
    return bits(a, imm & 255, imm >> 8);
}

MEANING(bfi)
{
    uint64_t mask = (~0ull >> (64 - (imm >> 8))) << (imm & 255);

    return (a & ~mask) | (b << (imm & 255) & mask);
}

/* Bit by bit, in the reflected form; the polynomial is given with its bits reversed. */
static uint32_t crc(uint32_t poly, uint32_t acc, uint64_t data, unsigned n)
{
    for (unsigned i = 0; i < n; i++, data >>= 1) {
        bool low = (acc ^ data) & 1;

        acc = acc >> 1 ^ (low ? poly : 0);
    }
    return acc;
}

MEANING(crc32)
{
    return crc(0xedb88320, (uint32_t)a, b, imm);
}

MEANING(crc32c)
{
    return crc(0x82f63b78, (uint32_t)a, b, imm);
}

IntFn *const int_fn[IR_OP_COUNT] = {
#define X(name) [IR_##name] = int_##name,
    INT_OPS(X)
#undef X
};
