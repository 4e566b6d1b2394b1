// SPDX-License-Identifier: MIT
/* own_memory.c: the hook of own_memory.h. */
#include "translate/base/own_memory.h"

void (*own_memory_hook)(uint64_t start, uint64_t len);
