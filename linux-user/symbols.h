/* SPDX-License-Identifier: MIT */
/*
 * symbols.h: names for guest addresses, from the ELF files that are mapped there: the symbol
 * table, or the dynamic one of stripped files. Read when first asked for, through
 * /proc/self/maps; where there is none, nothing has a name.
 */
#pragma once

#include "translate/base/base.h"

typedef struct {
    const char *name;       /* of the symbol, or of the file's last part; NULL: unknown */
    bool is_symbol;
    uint64_t offset;        /* of the address from the symbol, or in the file's own addresses */
} Symbol;

/*
 * symbols_refresh: look at the memory map again before the next question.
 * symbols_find: what lies at pc. The strings stay valid. Not thread-safe: the caller's lock.
 */
void symbols_refresh(void);
Symbol symbols_find(uint64_t pc);
