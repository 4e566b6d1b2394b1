#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh MIMUS OUT [OPTION...]: build the programs into OUT and time them natively, under MIMUS
# and under the newest qemu, side by side; further options go to bench.py. Without options: the
# classes integer, fp, simd and startup, three runs.
set -eu
mimus=$(realpath "${1:?usage: run.sh MIMUS OUT [OPTION...]}")
out=${2:?usage: run.sh MIMUS OUT [OPTION...]}
mkdir -p "$out"
out=$(realpath "$out")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/../../scripts

"$here/build.sh" "$out/bin" x86_64 aarch64
qemu=$("$scripts/newest-qemu" aarch64) && "$qemu" --version | head -n 1 || qemu=
[ $# -gt 0 ] || set -- --classes integer,fp,simd,startup

# Programs of a distribution run in a namespace with its own binfmt_misc (Linux 6.7).
if unshare -Urm sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc' 2>/dev/null; then
    roots=${MIMUS_ROOTS:-$out/roots}
    "$scripts/test-roots" -b "$roots"
    set -- --rootfs "x86_64=$roots/amd64" --rootfs "aarch64=$roots/arm64" "$@"
else
    echo "bench: programs of a distribution left out: no user namespace with binfmt_misc here"
fi
mkdir -p "$out/data"
exec python3 "$here/bench.py" --bin "$out/bin" --data "$out/data" --arch aarch64 \
    ${qemu:+--emu "qemu=$qemu"} --emu "mimus=$mimus" --json "$out/result.json" "$@"
