/* SPDX-License-Identifier: MIT */
/* iov.h: vectors of guest buffers. */
#pragma once

#include "syscall/user.h"

enum { IOV_MOST = 1024 };       /* UIO_MAXIOV: longer vectors are EINVAL in the kernel */

/* guest_dirty_iov: guest_dirty() for the buffers of a guest iovec of n elements. */
void guest_dirty_iov(Thread *t, GuestAddr iov, uint64_t n);
