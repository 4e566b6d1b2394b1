#!/bin/sh
# SPDX-License-Identifier: MIT
# The work of a configure script: many small processes, here documents,
# sed, grep, test compilations and generated files. Runs in an empty folder.
set -eu
: "${CC:=gcc}"

check() {
    name=$1
    shift
    cat >conftest.c
    if $CC "$@" -o conftest conftest.c >/dev/null 2>&1; then
        echo "checking for $name... yes"
        up=$(echo "$name" | tr 'a-z./ -' 'A-Z____')
        echo "#define HAVE_$up 1" >>config.h
    else
        echo "checking for $name... no"
    fi
    rm -f conftest conftest.c
}

: >config.h
for h in stdio.h stdlib.h unistd.h sys/mman.h no_such.h; do
    check "$h" -c <<EOF
#include <$h>
int x;
EOF
done
for f in memmem strlcpy getline no_such_function; do
    check "$f" <<EOF
char $f(void);
int main(void) { return $f(); }
EOF
done

i=0
while [ $i -lt 25 ]; do
    i=$((i + 1))
    v=$(expr $i \* 3)
    d=$(dirname "/a/b$i/c")
    b=$(basename "/a/b$i/c.o" .o)
    case $(uname -s) in Linux) os=linux ;; *) os=other ;; esac
    echo "$i $v $d $b $os" | sed 's/\([0-9]*\) \([0-9]*\)/\2 \1/' >>config.log
    if echo "$v" | grep -q '7$'; then
        echo "VAR_$i = $v" >>vars.mk
    fi
done
for t in Makefile sub.mk pkg.pc; do
    printf '@PREFIX@/lib\n@VERSION@ of @NAME@\n%.0s' 1 2 3 4 5 6 >"$t.in"
    sed -e 's|@PREFIX@|/usr/local|g' -e 's|@VERSION@|1.2.3|g' \
        -e 's|@NAME@|demo|g' "$t.in" >"$t"
done
sort config.log | uniq -c | awk '{ s += $2 } END { print NR, s }'
cat config.h | sort | cksum
