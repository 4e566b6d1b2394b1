#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh [build|all]: install the Debian packages Mimus is built with (build) and tested with
# (all). Installs only what is missing, says which packages and how, and does nothing when all
# are there. Works as root or through sudo.
set -eu

build="gcc libc6-dev make python3 libelf-dev zlib1g-dev libzstd-dev libcapstone-dev libffi-dev
       libarchive-dev nettle-dev libjansson-dev liburing-dev"
tests="libcriterion-dev clang g++ binutils gcc-aarch64-linux-gnu g++-aarch64-linux-gnu
       libc6-dev-arm64-cross gcc-riscv64-linux-gnu g++-riscv64-linux-gnu libc6-dev-riscv64-cross
       qemu-user qemu-utils git util-linux debian-archive-keyring cmake meson ninja-build"

case ${1:-all} in
build) want=$build ;;
all) want="$build $tests" ;;
*) echo "usage: setup.sh [build|all]" >&2; exit 2 ;;
esac

if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: no apt-get here; install the equivalents of:" $want
    exit 0
fi

missing=
for p in $want; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $p"
done
if [ -z "$missing" ]; then
    echo "setup: everything is installed"
    exit 0
fi

sudo=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "setup: not root and no sudo; as root, run: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
fi
echo "setup: installing with apt-get:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_them() {
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1
}
# The package lists may be old or absent: refresh them only when the install does not succeed.
if ! install_them; then
    echo "setup: refreshing the package lists (apt-get update)"
    $sudo apt-get update -q >"$log" 2>&1 || true
    if ! install_them; then
        tail -n 15 "$log" >&2
        echo "setup: apt-get could not install:$missing" >&2
        exit 1
    fi
fi
echo "setup: done"
