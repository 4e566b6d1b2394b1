#!/bin/sh
# SPDX-License-Identifier: MIT
# find_libs.sh: print the line "LIBS := ..." for the Makefile: the static libraries Mimus links.
# libelf may have been built with or without zstd, so the shorter list is tried first. Fails
# with one line when nothing links.
set -eu
cc=${CC:-cc}
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
cat >"$t/a.c" <<'C'
#include <capstone/capstone.h>
#include <ffi.h>
#include <libelf.h>
int main(void)
{
    ffi_cif cif;
    csh cs;
    return ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, 0) != FFI_OK ||
           cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &cs) || !elf_version(EV_CURRENT) || !elf_memory(0, 0);
}
C
for libs in "-lelf -lz" "-lelf -lz -lzstd"; do
    libs="$libs -lcapstone -lffi"
    if $cc -fPIE -static-pie -o "$t/a" "$t/a.c" $libs 2>"$t/err"; then
        echo "LIBS := $libs"
        exit 0
    fi
done
why=$(grep -E 'No such file|cannot find|not found' "$t/err" | head -n 1)
echo "make: a library or the compiler is missing (${why:-$cc does not link}); run \`make setup\`" >&2
exit 1
