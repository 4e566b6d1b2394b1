#!/bin/sh
# SPDX-License-Identifier: MIT
# check_headers.sh HEADER...: compile each header alone, with $CC and $FLAGS; warnings count.
# A header without #pragma once is a table to be included with macros, and is left out.
set -u
passed=0
failed=0
for h; do
    grep -q '^#pragma once' "$h" || continue
    # As a forced include of an empty file, #pragma once is not in a main file.
    if out=$(eval "${CC:-cc} ${FLAGS:-} -Werror -fsyntax-only -include '$h' -x c /dev/null" 2>&1)
    then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "check_headers: $h does not compile alone"
        printf '%s\n' "$out" | head -n 12
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
