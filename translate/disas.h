/* SPDX-License-Identifier: MIT */
/*
 * disas.h: printing and counting instructions, by capstone.
 */
#pragma once

#include "translate/guest.h"

/* disas_count_guest, _host: how many instructions; of guest code that may be unmapped: 0. */
unsigned disas_count_guest(const Guest *guest, uint64_t pc, uint64_t n);
unsigned disas_count_host(const void *code, size_t n);

/* disas_guest: guest code, meant to be at pc, as lines in the log. */
void disas_guest(const Guest *guest, const void *code, size_t n, uint64_t pc);
