/* SPDX-License-Identifier: MIT */
/* system.h: what the command line may say about the machine the guest sees. */
#pragma once

/* system_uname_release: text of uname -r (-r, QEMU_UNAME), or NULL for the host's own. */
extern const char *system_uname_release;
