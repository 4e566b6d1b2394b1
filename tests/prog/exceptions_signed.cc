// SPDX-License-Identifier: MIT
// C++ exceptions unwind through frames whose return addresses are signed (libgcc strips by xpaclri,
// or authenticates). Output as native.
// cflags-aarch64: -march=armv8.5-a -mbranch-protection=standard
// options: -cpu max,pauth=on
#include "exceptions_deep.cc"
