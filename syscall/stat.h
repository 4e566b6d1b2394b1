/* SPDX-License-Identifier: MIT */
/* stat.h: struct stat of the guest, for file.c and path.c. */
#pragma once

#include <sys/stat.h>

#include "syscall/user.h"

/* stat_to_guest: store st as the guest's struct stat. 0 or -EFAULT. */
long stat_to_guest(Thread *t, GuestAddr dst, const struct stat *st);
