#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the static benchmark programs: build.sh OUTDIR [ARCH ...]
# ARCH: x86_64 aarch64 riscv64 arm ppc64le s390x i386 riscv64v
# A missing compiler skips its architecture. CC_<ARCH> overrides a compiler,
# CFLAGS the common flags. Compilers on Debian: gcc gcc-aarch64-linux-gnu
# gcc-riscv64-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc64le-linux-gnu
# gcc-s390x-linux-gnu gcc-i686-linux-gnu
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUTDIR [ARCH ...]}
shift
[ $# -gt 0 ] || set -- x86_64 aarch64 riscv64
mkdir -p "$out"

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
    for src in "$here"/src/*.c; do
        name=$(basename "$src" .c)
        opt=-O2
        case $name in simd_*) opt=-O3 ;; esac
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
