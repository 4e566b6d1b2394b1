#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the launcher and the static benchmark programs: build.sh OUTDIR [ARCH ...]
# build.sh -l OUTDIR: the launcher alone.
# ARCH: x86_64 aarch64 riscv64 arm ppc64le s390x i386 riscv64v
# A missing compiler skips its architecture. CC_<ARCH> overrides a compiler,
# CFLAGS the common flags. Compilers on Debian: gcc gcc-aarch64-linux-gnu
# gcc-riscv64-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc64le-linux-gnu
# gcc-s390x-linux-gnu gcc-i686-linux-gnu
set -eu

here=$(cd "$(dirname "$0")" && pwd)
only=
[ "${1:-}" != -l ] || { only=1; shift; }
out=${1:?usage: build.sh [-l] OUTDIR [ARCH ...]}
shift
[ $# -gt 0 ] || set -- x86_64 aarch64 riscv64
mkdir -p "$out"

# The launcher belongs to the host. Static, so that it is small; where there is no static C
# library it is a little larger, and so is the least memory that can be shown.
if [ ! -e "$out/launch" ] || [ "$here/launch.c" -nt "$out/launch" ]; then
    ${HOSTCC:-gcc} -O2 -std=gnu17 -Wall -Wextra -static -o "$out/launch" "$here/launch.c" \
        2>/dev/null ||
        ${HOSTCC:-gcc} -O2 -std=gnu17 -Wall -Wextra -o "$out/launch" "$here/launch.c"
fi
[ -z "$only" ] || exit 0
if [ ! -e "$out/cold_code.c" ] || [ "$here/gen_cold.py" -nt "$out/cold_code.c" ]; then
    python3 "$here/gen_cold.py" >"$out/cold_code.c.new"
    mv "$out/cold_code.c.new" "$out/cold_code.c"
fi

for arch; do
    extra=
    case $arch in
    x86_64) cc=gcc ;;
    aarch64) cc=aarch64-linux-gnu-gcc ;;
    riscv64) cc=riscv64-linux-gnu-gcc ;;
    riscv64v) cc=riscv64-linux-gnu-gcc-14 extra=-march=rv64gcv ;;
    arm) cc=arm-linux-gnueabihf-gcc ;;
    ppc64le) cc=powerpc64le-linux-gnu-gcc ;;
    s390x) cc=s390x-linux-gnu-gcc ;;
    i386) cc=i686-linux-gnu-gcc ;;
    *) echo "build.sh: unknown architecture $arch" >&2; exit 2 ;;
    esac
    cc=$(eval "echo \${CC_$arch:-$cc}")
    if ! command -v "$cc" >/dev/null 2>&1; then
        echo "build.sh: $arch skipped: no $cc" >&2
        continue
    fi
    mkdir -p "$out/$arch"
    for src in "$here"/src/*.c "$out/cold_code.c"; do
        name=$(basename "$src" .c)
        opt=-O2
        case $name in
        simd_*) opt=-O3 ;;
        cold_*) opt=-O1 ;;    # much code, quickly
        esac
        bin=$out/$arch/$name
        if [ ! -e "$bin" ] || [ "$src" -nt "$bin" ] ||
           [ "$here/src/bench.h" -nt "$bin" ]; then
            # -Wl,-z,noseparate-code and the like stay at their defaults:
            # the programs should look like a distribution's.
            $cc $opt -std=gnu11 -Wall -Wextra -static -pthread \
                ${CFLAGS:-} $extra -o "$bin" "$src" -lm
        fi
    done
    echo "$arch: $(ls "$out/$arch" | wc -l) programs with $($cc --version | head -n 1)"
done
