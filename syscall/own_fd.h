/* SPDX-License-Identifier: MIT */
/*
 * own_fd.h: file descriptors that belong to mimus and not to the guest (its binary, the
 * log). They live high and close-on-exec; the guest's close, dup2, dup3 and close_range
 * pass them by, and listings of /proc/self/fd leave them out. At most 16; any thread,
 * no locks.
 */
#pragma once

#include <stdbool.h>

/* own_fd_add: move fd to a high number, mark it close-on-exec; returns the number or -errno. */
int own_fd_add(int fd);
void own_fd_remove(int fd);

bool own_fd_is(int fd);
/* own_fd_next: the lowest own descriptor >= fd, or -1. */
int own_fd_next(unsigned fd);
