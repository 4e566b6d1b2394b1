/* SPDX-License-Identifier: MIT */
/*
 * disas_archs.c: the parts of capstone that are left out.
 *
 * Its archive refers to every architecture from one table, which would put megabytes of tables
 * and 70,000 relocations, done at every start, into mimus. Defining an architecture's two
 * entries here keeps its object files out of the link; cs_open() then refuses it. A new guest
 * takes its line away.
 */
#include <capstone/capstone.h>

struct cs_struct;

// clang-format off
#define LEFT_OUT(X) \
    X(ARM) X(EVM) X(M680X) X(M68K) X(Mips) X(PPC) X(Sparc) X(SystemZ) X(TMS320C64x) X(XCore)
// clang-format on

#define X(arch)                                                                          \
    cs_err arch##_global_init(struct cs_struct *handle);                                 \
    cs_err arch##_option(struct cs_struct *handle, cs_opt_type type, size_t value);      \
    cs_err arch##_global_init(struct cs_struct *handle)                                  \
    {                                                                                    \
        (void)handle;                                                                    \
        return CS_ERR_ARCH;                                                              \
    }                                                                                    \
    cs_err arch##_option(struct cs_struct *handle, cs_opt_type type, size_t value)       \
    {                                                                                    \
        (void)handle, (void)type, (void)value;                                           \
        return CS_ERR_ARCH;                                                              \
    }
LEFT_OUT(X)
#undef X
