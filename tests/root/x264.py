#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Encode a generated clip with Debian's x264 for arm64, and compare with the native one.

usage: x264.py [--mimus CMD] [--roots DIR]

DIR/arm64 and DIR/amd64 are made of the package x264 by scripts/guest-root (150 packages each, kept), so
this is not part of `make check`. The arm64 program uses its NEON code and threads; the streams must be
those of the native program's C code (--no-asm), byte for byte. x264's own code for x86 rounds
differently in places and is no reference.
"""
import argparse
import hashlib
import os
import shlex
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WIDTH, HEIGHT, FRAMES = 320, 176, 40
SETTINGS = ["--preset medium", "--preset slow --crf 18 --threads 2",
            "--preset faster --profile baseline --bitrate 400", "--preset veryslow --qp 30",
            "--preset ultrafast --qp 0"]


def clip():
    """A moving pattern with noise."""
    seed, half = 12345, range(HEIGHT // 2)
    parts = [b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT)]
    for f in range(FRAMES):
        luma = bytearray()
        for j in range(HEIGHT):
            for i in range(WIDTH):
                seed = (seed * 1103515245 + 12345) & 0x7fffffff
                luma.append(((i + 3 * f) * (j + f) >> 5 & 0xff) ^ (seed >> 27 & 7))
        u = bytes((i + f * 2 + j) & 0xff for j in half for i in range(WIDTH // 2))
        v = bytes((i - f + 2 * j) & 0xff for j in half for i in range(WIDTH // 2))
        parts += [b"FRAME\n", bytes(luma), u, v]
    return b"".join(parts)


def encode(command, settings, source, target):
    command = command + shlex.split(settings) + ["--quiet", "--no-progress", "-o", target, source]
    r = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True, timeout=600)
    if r.returncode:
        return "status %d %s" % (r.returncode, r.stderr.strip()[-200:])
    with open(target, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--roots", default="build/x264")
    a = ap.parse_args()
    roots = os.path.abspath(a.roots)
    arm, native = os.path.join(roots, "arm64"), os.path.join(roots, "amd64")
    for arch, root in (("arm64", arm), ("amd64", native)):
        if subprocess.run([os.path.join(TOP, "scripts", "guest-root"), arch, root, "x264"]).returncode:
            print("skipped: no packages for %s\n0 passed, 0 failed, 1 skipped" % arch)
            return 0
    source = os.path.join(roots, "clip.y4m")
    with open(source, "wb") as f:
        f.write(clip())
    guest = shlex.split(a.mimus) + ["-L", arm, "/usr/bin/x264"]
    host = [os.path.join(native, "usr/lib64/ld-linux-x86-64.so.2"), "--library-path",
            os.path.join(native, "usr/lib/x86_64-linux-gnu"),
            os.path.join(native, "usr/bin/x264"), "--no-asm"]
    failed = 0
    for settings in SETTINGS:
        got = encode(guest, settings, source, os.path.join(roots, "guest.264"))
        want = encode(host, settings, source, os.path.join(roots, "native.264"))
        failed += got != want or got.startswith("status")
        print("%-52s %s" % (settings, "ok" if got == want else "got %s, expected %s" % (got, want)))
    print("%d passed, %d failed" % (len(SETTINGS) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
