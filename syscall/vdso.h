/* SPDX-License-Identifier: MIT */
/*
 * vdso.h: makes the vDSO of 64-bit guests from a table of its functions.
 */
#pragma once

#include "translate/base/base.h"

enum { VDSO_MAX_FUNCS = 8, VDSO_WORDS = 4 };

typedef struct {
    const char *name;
    uint32_t code[VDSO_WORDS];  /* position independent */
    uint8_t entry;              /* word the symbol names */
} VdsoFunc;

typedef struct {
    uint16_t machine;           /* EM_ */
    uint32_t elf_flags;
    const char *version;        /* symbol version that programs ask for */
    const VdsoFunc *func;
    unsigned n;                 /* at most VDSO_MAX_FUNCS */
} VdsoSpec;

/* vdso_image: the image, linked at 0, into buf. Returns its length, or 0 when len is too short. */
size_t vdso_image(void *buf, size_t len, const VdsoSpec *spec);

/* vdso_code_offset: where word 0 of a function lies in the image. */
size_t vdso_code_offset(unsigned func);
