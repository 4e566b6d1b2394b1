#!/bin/sh
# SPDX-License-Identifier: MIT
# gen_guests.sh OUT FOLDER...: write the C file that lists the descriptors which the guest.c of these
# folders of translate/guest define; most define one.
set -eu
out=$1
shift
guests=$(for g; do
    sed -n 's/^const Guest guest_\([a-z0-9_]*\) = {.*/\1/p' "translate/guest/$g/guest.c"
done)
{
    echo "/* Made by scripts/gen_guests.sh from the folders of translate/guest. */"
    echo '#include "translate/guest.h"'
    echo
    for g in $guests; do
        echo "extern const Guest guest_$g;"
    done
    echo
    echo "const Guest *const guest_list[] = {"
    for g in $guests; do
        echo "    &guest_$g,"
    done
    echo "    NULL,"
    echo "};"
} >"$out"
