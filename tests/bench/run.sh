#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh MIMUS OUT [OPTION...]: build the programs into OUT and time them natively, under MIMUS
# and under the newest qemu, side by side; further options go to bench.py. OUT gets result.md,
# result.json and result.svg. Everything, five runs each, takes about half an hour on four cores.
set -eu
mimus=$(realpath "${1:?usage: run.sh MIMUS OUT [OPTION...]}")
out=${2:?usage: run.sh MIMUS OUT [OPTION...]}
mkdir -p "$out"
out=$(realpath "$out")
shift 2
here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/../../scripts

"$here/build.sh" "$out/bin" x86_64 aarch64
if [ -n "${MIMUS_PEER:-}" ]; then
    qemu=$MIMUS_PEER
else
    qemu=$("$scripts/newest-qemu" aarch64) || qemu=
fi
if [ -n "$qemu" ]; then
    "$qemu" --version | head -n 1
else
    echo "bench: no qemu-aarch64 to compare with; make setup installs one"
fi

# Programs of a distribution run in a namespace with its own binfmt_misc (Linux 6.7).
if ! unshare -Urm true 2>/dev/null; then
    echo "bench: programs of a distribution left out: user namespaces are not allowed here"
elif ! unshare -Urm mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null; then
    echo "bench: programs of a distribution left out: no binfmt_misc in user namespaces" \
        "(needs Linux 6.7)"
else
    roots=${MIMUS_ROOTS:-$out/roots}
    if "$scripts/test-roots" -b "$roots"; then
        set -- --rootfs "x86_64=$roots/amd64" --rootfs "aarch64=$roots/arm64" "$@"
    else
        echo "bench: programs of a distribution left out: no roots in $roots"
    fi
fi
mkdir -p "$out/data"
# Two cases at a time where there are four processors: no program of the kit keeps more than two
# busy for long. --lanes 1 among the options is quieter and takes twice as long.
lanes=1
[ "$(nproc)" -lt 4 ] || lanes=2
exec python3 "$here/bench.py" --lanes $lanes --bin "$out/bin" --data "$out/data" --out "$out" --arch aarch64 \
    ${qemu:+--emu "qemu=$qemu"} --emu "mimus=$mimus" "$@"
