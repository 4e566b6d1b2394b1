# SPDX-License-Identifier: MIT
"""aarch64: what tests/tcg.py must know of the suite's programs."""
ARCH, CC = "aarch64", "aarch64-linux-gnu-gcc"

# Some count on headers of a later libc that bring stdint.h along.
STDINT = "-include stdint.h"

# Program: options of the compiler, and after "--" of the emulator; in the suite's makefiles.
TABLE = {
    r"dcpop": "-march=armv8.2-a " + STDINT,
    r"dcpodp": "-march=armv8.5-a " + STDINT,
    r"pauth-[12]|test-2375": "-march=armv8.3-a -- -cpu max,pauth=on",
    r"pauth-[45]": "-march=armv8.3-a " + STDINT + " -- -cpu neoverse-v1",
    r"bti-[13]": "-fno-stack-protector -mbranch-protection=standard -nostdlib",
    r"test-aes": "-O -march=armv8-a+aes",
    r"sha1-vector|sha512-vector": "-O3",
}

# Sources changed before they are built: their handlers return with PSTATE.M = 1, which is no state of
# EL0; the kernel answers with SIGSEGV (arch/arm64/kernel/ptrace.c, valid_user_regs).
CHANGES = {r"bti-[123]": ("pstate = 1;", "pstate = 0;")}

# Variants: another program of the same source; or of a source elsewhere in the suite.
VARIANTS = {"sha1-vector": "sha1", "sha512-vector": "sha512", "fcvt": "arm/fcvt.c"}

LEFT_OUT = {
    r"mte-.*": "MTE is not offered",
    r"sve-.*|sme-.*|test-826": "SVE and SME are not offered",
    r"segfault": "dies by design, for a debugger to look at",
    r"sysregs": "wants SIGILL for MVFR0_EL1 and MVFR1_EL1, which Linux reads for programs "
                "(arch/arm64/kernel/cpufeature.c, is_emulated)",
    r"late-attach": "waits for a debugger",
}
