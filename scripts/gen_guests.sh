#!/bin/sh
# SPDX-License-Identifier: MIT
# gen_guests.sh OUT GUEST...: write the C file that lists the guests' descriptors.
set -eu
out=$1
shift
{
    echo "/* Made by scripts/gen_guests.sh from the folders of translate/guest. */"
    echo '#include "translate/guest.h"'
    echo
    for g; do
        echo "extern const Guest guest_$g;"
    done
    echo
    echo "const Guest *const guest_list[] = {"
    for g; do
        echo "    &guest_$g,"
    done
    echo "    NULL,"
    echo "};"
} >"$out"
