/* SPDX-License-Identifier: MIT */
/*
 * disas.h: disassembly for -d in_asm and -d out_asm, by capstone.
 */
#pragma once

#include "translate/guest.h"

/* disas_guest, disas_host: log n bytes of code that lie at address pc, one instruction a line. */
void disas_guest(const Guest *guest, const void *code, size_t n, uint64_t pc);
void disas_host(const void *code, size_t n);

/* disas_count_guest, _host: how many instructions; of guest code that may be unmapped: 0. */
unsigned disas_count_guest(const Guest *guest, uint64_t pc, uint64_t n);
unsigned disas_count_host(const void *code, size_t n);
