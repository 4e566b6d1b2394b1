# SPDX-License-Identifier: MIT
"""riscv64: what tests/tcg.py must know of the suite's programs."""
ARCH, CC = "riscv64", "riscv64-linux-gnu-gcc"

# Program: options of the compiler, and after "--" of the emulator; in the suite's makefiles.
TABLE = {
    r"sha512-vector": "-O3",
    r"test-fcvtmod": "-march=rv64imafdc_zfa",
}

CHANGES = {}

# Variants: another program of the same source.
VARIANTS = {"sha512-vector": "sha512"}

LEFT_OUT = {
    r"segfault": "dies by design, for a debugger to look at",
    r"late-attach": "waits for a debugger",
}
