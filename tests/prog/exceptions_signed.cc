// SPDX-License-Identifier: MIT
// guests: aarch64
// C++ exceptions unwind through frames whose return addresses are signed. Output as native.
// timeout: 60
// cflags: -fnon-call-exceptions -fexceptions
// cflags-aarch64: -fasynchronous-unwind-tables -march=armv8.5-a -mbranch-protection=standard
// options: -cpu max,pauth=on
#include "exceptions_deep.cc"
