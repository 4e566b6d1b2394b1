/* SPDX-License-Identifier: MIT */
/*
 * image.h: container images: an OCI image layout (a folder, or a tar of one) or what `docker save`
 * writes. Layers are unpacked once, to a folder of the user's cache that is named by the image's
 * content; what runs on it changes an overlay (mounts.c).
 *
 * Images are hostile input: names lead nowhere outside the folder, contents must have the digests
 * they are named by, device files are left out, numbers of layers and sizes of texts are bounded.
 * Files belong to the caller, as does everything a program inside sees as root's; only root keeps
 * owners.
 */
#pragma once

#include "run/tool.h"

/* What an image says about how it wants to be run; strings live as long as the program. */
typedef struct {
    char root[PATH_MAX];            /* the unpacked root */
    const char *architecture;       /* as images call it */
    const char *env[RUN_ENV_MAX];
    unsigned n_env;
    const char *entrypoint[RUN_WORDS_MAX], *cmd[RUN_WORDS_MAX];     /* ended by NULL */
    const char *workdir, *user;     /* NULL: not said */
} RunImage;

/*
 * image_open: find the image of a platform ("linux/arm64", "arm64"; NULL: the first that mimus or the
 * host can run) at path and unpack it when that has not been done. Ends the program with one line
 * when it cannot.
 */
void image_open(const char *path, const char *platform, RunImage *image);
