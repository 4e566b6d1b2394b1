/* SPDX-License-Identifier: MIT */
/* magic.h: the entry of a guest, and the names that guests go by elsewhere. */
#pragma once

#include "binfmt/entry.h"

/*
 * magic_entry: what to register for a guest.
 *
 *   interpreter    absolute path of mimus
 *   credential     add flag C: set-user-id programs of the guest get their rights
 *
 * Matches ELF files of the guest's class, byte order and machine, ET_EXEC and ET_DYN, of the ABIs
 * System V and GNU. The ABI's version and the padding of e_ident do not count: AppImages keep their
 * own mark there.
 */
void magic_entry(const Guest *guest, const char *interpreter, bool credential, BinfmtEntry *e);

/* magic_head: the first bytes of a usual program of that guest; type is ET_EXEC or ET_DYN. */
void magic_head(const Guest *guest, unsigned type, uint8_t head[BINFMT_HEAD]);

/*
 * magic_guest: the guest of that name, which may be its own, Debian's, that of container images
 * or an entry's ("mimus-aarch64"), a variant ("arm64/v8") not counting; NULL: none.
 */
const Guest *magic_guest(const char *name);

/* magic_platform: what container images call it: "arm64". */
const char *magic_platform(const Guest *guest);

/* magic_native: does the host's CPU run programs of that guest? Then they are not registered. */
bool magic_native(const Guest *guest);

/*
 * magic_host_platforms: what the host's CPU runs, as "linux/amd64"; ended by NULL.
 *
 * magic_host_platform: is it one of those, with or without "linux/" and a variant after it ("/v3")?
 */
extern const char *const magic_host_platforms[];
bool magic_host_platform(const char *name);
