#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh MIMUS: fetch a small Debian arm64 root and run programs of it with MIMUS.
set -eu
mimus=$(realpath "${1:?usage: demo.sh MIMUS}")
here=$(cd "$(dirname "$0")" && pwd)
root=${MIMUS_DEMO_ROOT:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/mimus/demo-arm64}

"$here/guest-root" arm64 "$root" bash coreutils python3-minimal

cd /tmp
machine=$("$mimus" -L "$root" /usr/bin/uname -m)
shell=$("$mimus" -L "$root" /usr/bin/bash -c 'echo "$BASH_VERSION, 6 * 7 = $((6 * 7)), $(ls "$0" | wc -l) programs in bin"' "$root/bin")
python=$("$mimus" -L "$root" /usr/bin/python3 -c 'import sys, os; print("Python %d.%d on %s, 2**64 =" % (*sys.version_info[:2], os.uname().machine), 2**64)')

echo "uname -m    -> $machine"
echo "bash        -> $shell"
echo "python3     -> $python"
echo
echo "Run on this $(uname -m) machine: the arm64 programs uname, bash and python3 of Debian, from $root."
echo "Your own: $mimus ./prog (static), or $mimus -L $root ./prog (dynamic; libraries from that root)."
echo "More programs in a root: scripts/guest-root arm64 DIR PACKAGE..., then $mimus -L DIR PROGRAM."
