#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run Mimus on damaged ELF files.

usage: elf_mutants.py [--mimus CMD] [--count N] [--seed N] [--out DIR] [--keep]

Half of the mutants come from a static program, half from a dynamic one: flipped bits and bytes
in the headers, fields set to limits, truncation, program headers swapped or repeated, PT_INTERP
damaged. Whatever the file, Mimus must end in time and not by a signal of its own. When it
refuses the file, it says so in one line that names the file and has status 126 or 127. A
damaged program that was accepted may well run into a fault: then the guest's death by SIGSEGV,
SIGBUS, SIGILL, SIGTRAP, SIGFPE or SIGABRT is right, and is told from Mimus's own by the
fault address that `-d signal` prints for the guest.
Also checked: missing, empty, non-executable and foreign files, and a directory.
"""
import argparse
import concurrent.futures
import os
import random
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys

SOURCE = r"""
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("ran %s with %d\n", argv[0] ? "named" : "unnamed", argc);
    return 0;
}
"""
SYSROOT = os.environ.get("MIMUS_SYSROOT", "/usr/aarch64-linux-gnu")
GUEST_SIGNALS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE,
                 signal.SIGABRT, signal.SIGKILL}
LIMITS64 = (0, 1, 0xfff, 0x1000, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 47,
            (1 << 47) - 4096, 1 << 63, (1 << 64) - 1, (1 << 64) - 4096, (1 << 48) - 1)
EHDR = (("H", 16), ("H", 18), ("I", 20), ("Q", 24), ("Q", 32), ("Q", 40), ("I", 48), ("H", 52),
        ("H", 54), ("H", 56), ("H", 58), ("H", 60), ("H", 62))
PHDR = (("I", 0), ("I", 4), ("Q", 8), ("Q", 16), ("Q", 24), ("Q", 32), ("Q", 40), ("Q", 48))
SIZE = {"H": 2, "I": 4, "Q": 8}


def put(data, fmt, at, value):
    if at + SIZE[fmt] <= len(data):
        struct.pack_into("<" + fmt, data, at, value & (1 << 8 * SIZE[fmt]) - 1)


def headers(data):
    phoff, = struct.unpack_from("<Q", data, 32)
    n, = struct.unpack_from("<H", data, 56)
    return [phoff + 56 * i for i in range(n)]


def flip_header_bits(rng, data):
    end = 64 + 56 * len(headers(data))
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)


def random_header_bytes(rng, data):
    end = 64 + 56 * len(headers(data))
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(end)] = rng.randrange(256)


def field_limits(rng, data):
    table = headers(data)       # before their number is one of the things that change
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.3:
            fmt, at = rng.choice(EHDR)
        else:
            fmt, off = rng.choice(PHDR)
            at = rng.choice(table) + off
        put(data, fmt, at, rng.choice(LIMITS64) + rng.choice((0, 0, 0, -1, 1)))


def truncate(rng, data):
    ends = [0, 1, 4, 16, 63, 64, 65, 64 + 56, 64 + 56 * len(headers(data)) - 1]
    del data[rng.choice(ends + [rng.randrange(len(data)) for _ in range(6)]):]


def shuffle_headers(rng, data):
    at = headers(data)
    a, b = rng.choice(at), rng.choice(at)
    x, y = bytes(data[a:a + 56]), bytes(data[b:b + 56])
    data[a:a + 56] = y
    if rng.random() < 0.5:
        data[b:b + 56] = x


def damage_interp(rng, data):
    for at in headers(data):
        if struct.unpack_from("<I", data, at)[0] != 3:
            continue
        off, = struct.unpack_from("<Q", data, at + 8)
        n, = struct.unpack_from("<Q", data, at + 32)
        way = rng.randrange(5)
        if way == 0:
            data[off + n - 1] = ord("x")            # not terminated
        elif way == 1:
            data[off:off + n] = b"\0" * n
        elif way == 2:
            data[off + rng.randrange(n)] ^= 0x40
        elif way == 3:
            put(data, "Q", at + 32, rng.choice((0, 1, n - 1, n + 1, 1 << 20, 1 << 40)))
        else:
            data[off:off + n] = (b"/tmp" + b"\0" * n)[:n]
        return
    flip_header_bits(rng, data)


def flip_anywhere(rng, data):
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def entry_anywhere(rng, data):
    entry, = struct.unpack_from("<Q", data, 24)
    put(data, "Q", 24, entry + rng.randrange(-4096, 4096))


MUTATIONS = (flip_header_bits, random_header_bytes, field_limits, field_limits, truncate,
             shuffle_headers, damage_interp, flip_anywhere, entry_anywhere)


def mutate(seed, base):
    rng = random.Random(seed)
    data = bytearray(base)
    how = rng.choice(MUTATIONS)
    how(rng, data)
    return how.__name__, bytes(data)


def run(cmd, path, timeout):
    p = subprocess.Popen(cmd + [path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return None, b"", ""
    return p.returncode, out, err.decode(errors="replace")


def refused(rc, err, path):
    """Why a refusal is not as it should be, or None."""
    lines = [x for x in err.splitlines() if x.strip()]
    if rc not in (126, 127):
        return "status %d" % rc
    if len(lines) != 1:
        return "%d lines of explanation" % len(lines)
    if os.path.basename(path) not in lines[0]:
        return "the file is not named: %s" % lines[0]
    return None


def own_crash(mimus, path):
    """Whether the death by signal was not the guest's: -d signal names a guest fault, and the
    last calls before the end of a guest's abort() are those of raise()."""
    _, _, err = run(mimus[:1] + ["-d", "signal", "-strace"] + mimus[1:], path, 20)
    return "signal:" not in err and not re.search(r"^\d+ get[pt]id\(\) = \d+$\s*\Z", err, re.M)


def judge(mimus, path, timeout=15):
    rc, out, err = run(mimus, path, timeout)
    if rc is None:
        # A damaged program may loop for ever itself: only start-up must end.
        rc, out, err = run(mimus[:1] + ["-accel", "interp"] + mimus[1:], path, timeout)
        if rc is None and flips_code(path):
            return None
        return "hangs" if rc is None else None
    # The C library of the guest has assertions too; those name the guest's program.
    own = os.path.basename(mimus[0]) + ": "
    if any("assert" in x.lower() and x.startswith(own) for x in err.splitlines()):
        return "assertion: " + err.strip()[-200:]
    if rc < 0:
        if -rc not in {int(s) for s in GUEST_SIGNALS}:
            return "died by signal %d" % -rc
        return "died by signal %d, not the guest's" % -rc if own_crash(mimus, path) else None
    if out.startswith(b"ran ") or not err.strip():
        return None
    if err.startswith("mimus: "):
        return refused(rc, err, path)
    return None         # the guest's own words (its dynamic linker, say)


def flips_code(path):
    return re.search(r"flip_anywhere|entry_anywhere", os.path.basename(path)) is not None


def plain_files(mimus, out):
    """(name, problem) for files that are not damaged but wrong."""
    def make(name, data, mode=0o755):
        p = os.path.join(out, name)
        with open(p, "wb") as f:
            f.write(data)
        os.chmod(p, mode)
        return p

    with open(os.path.join(out, "base.static"), "rb") as f:
        elf = f.read()
    with open(os.path.join(out, "base.dynamic"), "rb") as f:
        dynamic = f.read()
    foreign = bytearray(elf)
    foreign[18] = 0x2b
    cases = [(os.path.join(out, "missing"), 127, "No such file"),
             (make("empty", b""), 126, "is empty"),
             (make("plain", elf, 0o644), 126, "Permission denied"),
             (make("foreign", bytes(foreign)), 126, "64-bit SPARC"),
             (make("text", b"just words\n"), 126, "neither an ELF"),
             (make("dynamic", dynamic), 127, "/lib/ld-linux-aarch64.so.1 is not found; -L"),
             (make("script", b"#!/nonexistent/interpreter\n"), 127, "/nonexistent/interpreter"),
             (make("blank", b"#!\n"), 126, "names no interpreter"),
             (make("short", elf[:40]), 126, "cut short"),
             (os.path.realpath(sys.executable), 126, "the host itself"),
             (out, 126, "is a directory")]
    for path, want, words in cases:
        rc, _, err = run(mimus, path, 10)
        if rc != want:
            why = "status %s, expected %d: %s" % (rc, want, err.strip()[-200:])
        elif words not in err:
            why = "no word of '%s': %s" % (words, err.strip()[-200:])
        else:
            why = refused(rc, err, path)
        yield os.path.basename(path), why


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--count", type=int, default=1000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--out", default="build/fuzz")
    ap.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 2)))
    a = ap.parse_args()
    out = os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    # Where a program that protects its own data against writing has an rseq area in it, the kernel ends
    # it at once, as it would natively: nothing is left that could tell of it.
    mimus += ["-E", "GLIBC_TUNABLES=glibc.pthread.rseq=0"]
    cc = shutil.which("aarch64-linux-gnu-gcc")
    if not cc:
        print("skipped: no aarch64-linux-gnu-gcc\n0 passed, 0 failed, 1 skipped")
        return 0
    bases = {}
    for kind, flags in (("static", ["-static"]), ("dynamic", [])):
        exe = os.path.join(out, "base." + kind)
        subprocess.run([cc, "-O1", *flags, "-x", "c", "-", "-o", exe, "-Wl,-s"],
                       input=SOURCE.encode(), check=True)
        with open(exe, "rb") as f:
            bases[kind] = f.read()

    def one(i):
        kind = ("static", "dynamic")[i & 1]
        how, data = mutate("%d/%d" % (a.seed, i), bases[kind])
        path = os.path.join(out, "%04d.%s.%s" % (i, kind, how))
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o755)
        why = judge(mimus + (["-L", SYSROOT] if kind == "dynamic" else []), path)
        if not why:
            os.unlink(path)
        return path, why

    failed = shown = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for path, why in pool.map(one, range(a.count)):
            if why:
                failed += 1
                shown += 1
                if shown <= 20:
                    print("%s: %s" % (path, why), flush=True)
    total = a.count
    for name, why in plain_files(mimus, out):
        total += 1
        if why:
            failed += 1
            print("%s: %s" % (name, why))
    print("%d passed, %d failed" % (total - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
