/* SPDX-License-Identifier: MIT */
/*
 * layer.h: archives to folders. libarchive reads them; what it finds is written here, below a folder
 * that nothing in an archive leads out of, whatever its names and links say.
 */
#pragma once

#include "run/tool.h"

enum { SHA256_HEX = 64 };

/*
 * layer_unpack: unpack the layer at fd (a tar, plain or compressed by gzip or zstd) onto what lower
 * layers left in root_fd: what its whiteouts name goes first. diff_id: what the digest of the
 * plain tar must be. NULL when all went well, else why not.
 */
const char *layer_unpack(int fd, int root_fd, const char *diff_id);

/*
 * layer_unpack_archive: the same with an archive that is no layer, and only with members of at most
 * size_max bytes.
 */
const char *layer_unpack_archive(int fd, int root_fd, int64_t size_max);

/* layer_remove: what folder dir_fd has under this name, and all in it. Returns 0 or -errno. */
int layer_remove(int dir_fd, const char *name);

/* layer_sha256: of all that fd holds, as hexadecimal text. False: it cannot be read. */
bool layer_sha256(int fd, char hex[SHA256_HEX + 1]);
