#!/bin/sh
# SPDX-License-Identifier: MIT
#
# deb.sh DIR: build the Debian packages in a copy of the tree, DIR/mimus, where packaging/debian is
# debian/, as debhelper wants it. The packages are in DIR then, checked by lintian if that is there.
set -eu
dir=${1:?usage: deb.sh DIR}
for program in dpkg-buildpackage dh; do
    if ! command -v $program >/dev/null; then
        echo "make deb: $program is missing; run: apt-get install dpkg-dev debhelper" >&2
        exit 1
    fi
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -rf "$dir/mimus" "$dir"/*.deb "$dir"/*.changes "$dir"/*.buildinfo
mkdir "$dir/mimus"
if [ -e .git ]; then git ls-files -z --cached --others --exclude-standard; else find . -type f -print0; fi |
    tar -c --null --exclude="./${dir#"$PWD/"}" -T - -f - | tar -x -C "$dir/mimus" -f -
mv "$dir/mimus/packaging/debian" "$dir/mimus/debian"
log=$dir/build.log
# What make itself was called with is not for the packages.
if ! (cd "$dir/mimus" && env -u MAKEFLAGS -u MAKEOVERRIDES -u O -u CC dpkg-buildpackage -b -us -uc) >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "make deb: dpkg-buildpackage failed; all it said is in $log" >&2
    exit 1
fi
rm -rf "$dir/mimus"
ls "$dir"/*.deb
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "$dir"/*.changes
else
    echo "not checked: lintian is not installed"
fi
