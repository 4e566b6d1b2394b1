#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh MIMUS OUT [OPTION...]: build the programs into OUT and time them natively, under MIMUS
# and under the newest qemu, side by side; further options go to bench.py. OUT gets result.md,
# result.json and result.svg. Everything, five runs each, takes about half an hour on four cores.
# The guest is aarch64, or what ARCH says: its results are in OUT/ARCH.
set -eu
mimus=$(realpath "${1:?usage: run.sh MIMUS OUT [OPTION...]}")
out=${2:?usage: run.sh MIMUS OUT [OPTION...]}
arch=${ARCH:-aarch64}
case $arch in
aarch64) debian=arm64 results= ;;
# Without vectors in both: what programs find out they have is another on each CPU.
riscv64) debian=riscv64 results=/riscv64; set -- "$@" --env QEMU_CPU=max,v=off ;;
*) echo "bench: ARCH is aarch64 or riscv64, not $arch" >&2; exit 2 ;;
esac
mkdir -p "$out$results"
out=$(realpath "$out")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/../../scripts

"$here/build.sh" "$out/bin" x86_64 "$arch"
if [ -n "${MIMUS_PEER:-}" ]; then
    qemu=$MIMUS_PEER
else
    qemu=$("$scripts/newest-qemu" "$arch") || qemu=
fi
if [ -n "$qemu" ]; then
    "$qemu" --version | head -n 1
else
    echo "bench: no qemu-$arch to compare with; make setup installs one"
fi

# Programs of a distribution run in a namespace with its own binfmt_misc (Linux 6.7).
if ! unshare -Urm true 2>/dev/null; then
    echo "bench: programs of a distribution left out: user namespaces are not allowed here"
elif ! unshare -Urm mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null; then
    echo "bench: programs of a distribution left out: no binfmt_misc in user namespaces" \
        "(needs Linux 6.7)"
else
    roots=${MIMUS_ROOTS:-$out/roots}
    if "$scripts/test-roots" -b "$roots" "$debian"; then
        set -- --rootfs "x86_64=$roots/amd64" --rootfs "$arch=$roots/$debian" "$@"
    else
        echo "bench: programs of a distribution left out: no roots in $roots"
    fi
fi
mkdir -p "$out/data"
# Two cases at a time where there are four processors: no program of the kit keeps more than two
# busy for long. --lanes 1 among the options is quieter and takes twice as long.
lanes=1
[ "$(nproc)" -lt 4 ] || lanes=2
exec python3 "$here/bench.py" --lanes $lanes --bin "$out/bin" --data "$out/data" --out "$out$results" --arch "$arch" \
    ${qemu:+--emu "qemu=$qemu"} --emu "mimus=$mimus" "$@"
