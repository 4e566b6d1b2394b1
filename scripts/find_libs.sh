#!/bin/sh
# SPDX-License-Identifier: MIT
# find_libs.sh [run|img]: print the line "LIBS := ..." for the Makefile: the static libraries mimus
# links; with run, "RUN_LIBS := ...": those that mimus-run links, too; with img, "IMG_LIBS := ...":
# those of mimus-img. Fails with one line when nothing links.
set -eu
cc=${CC:-cc}
what=${1:-}
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
if [ "$what" = run ]; then
    cat >"$t/a.c" <<'C'
#include <archive.h>
#include <jansson.h>
#include <nettle/sha2.h>
int main(void)
{
    struct sha256_ctx sha;
    struct archive *a = archive_read_new();
    sha256_init(&sha);
    archive_read_support_filter_gzip(a);
    archive_read_support_format_raw(a);
    archive_read_support_format_tar(a);
    return archive_read_support_filter_zstd(a) != ARCHIVE_OK || !json_object();
}
C
    name=RUN_LIBS
    tries="-ljansson -larchive -lnettle -lzstd -lz"
elif [ "$what" = img ]; then
    cat >"$t/a.c" <<'C'
#include <jansson.h>
#include <liburing.h>
#include <zlib.h>
#include <zstd.h>
int main(void)
{
    struct io_uring ring;
    return io_uring_queue_init(1, &ring, 0) || !json_object() || !zlibVersion() || !ZSTD_versionNumber();
}
C
    name=IMG_LIBS
    tries="-luring -ljansson -lzstd -lz -lm"
else
    cat >"$t/a.c" <<'C'
#include <capstone/capstone.h>
#include <ffi.h>
#include <libelf.h>
int main(void)
{
    ffi_cif cif;
    csh cs;
    return ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, 0) != FFI_OK ||
           cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &cs) || !elf_version(EV_CURRENT) || !elf_memory(0, 0);
}
C
    name=LIBS
    # libelf may have been built with or without zstd.
    tries="-lelf -lz -lcapstone -lffi
-lelf -lz -lzstd -lcapstone -lffi"
fi
echo "$tries" >"$t/tries"
while read -r libs; do
    if $cc -fPIE -static-pie -o "$t/a" "$t/a.c" $libs 2>"$t/err"; then
        echo "$name := $libs"
        exit 0
    fi
done <"$t/tries"
why=$(grep -E 'No such file|cannot find|not found' "$t/err" | head -n 1)
echo "make: a library or the compiler is missing (${why:-$cc does not link}); run \`make setup\`" >&2
exit 1
