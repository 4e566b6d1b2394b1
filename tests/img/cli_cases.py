# SPDX-License-Identifier: MIT
"""Commands, exit statuses and outputs of mimus-img, next to those of qemu-img."""
import json
import os
import random
import re
import struct
import subprocess

from kit import engines, expect


def plain(kit, name="plain", size=3 << 20):
    rng = random.Random(3)
    data = bytearray(size)
    for _ in range(10):
        at = rng.randrange(size - 100000)
        data[at:at + 70000] = rng.choice([rng.randbytes(70000), b"words " * 11666 + b"end!"])
    path = kit.path(name)
    with open(path, "wb") as f:
        for at in range(0, size, 4096):
            if any(data[at:at + 4096]):
                f.seek(at)
                f.write(data[at:at + 4096])
        f.truncate(size)
    return path, bytes(data)


def says(kit, words, *args, status=1):
    out = kit.mimus(*args, status=status)
    expect(words in out, "%s: %r says nothing of %r" % (args, out, words))
    expect(len(out.splitlines()) == 1, "%s: more than one line: %r" % (args, out))
    expect(out.startswith("mimus-img: "), "%s: %r" % (args, out))


def case_convert_between_all(kit):
    path, data = plain(kit)
    for engine in engines(kit):
        for settings in [[], ["-c"], ["-c", "-o", "compression_type=zstd"], ["-o", "cluster_size=512"],
                         ["-o", "compat=0.10,cluster_size=2M"], ["-S", "0"], ["-S", "64k"],
                         ["-o", "preallocation=metadata,refcount_bits=1"], ["-o", "preallocation=full"]]:
            kit.mimus("convert", "-f", "raw", "-O", "qcow2", *settings, path, kit.path("q"))
            kit.mimus("convert", "-O", "raw", kit.path("q"), kit.path("back"))
            with open(kit.path("back"), "rb") as f:
                expect(f.read() == data, "%s %s: other bytes" % (engine, settings))
            kit.check("q")
            expect(kit.mimus("compare", "-f", "raw", path, "q") == "Images are identical.\n", "compare")
            if kit.has_qemu:
                kit.qemu("compare", "-f", "raw", "-F", "qcow2", path, "q")


def case_converted_by_the_other(kit):
    path, data = plain(kit)
    for settings in [["-c"], ["-c", "-o", "compression_type=zstd"], ["-c", "-o", "cluster_size=512"],
                     ["-o", "compat=0.10"], ["-o", "refcount_bits=64,cluster_size=1M"]]:
        kit.qemu("convert", "-f", "raw", "-O", "qcow2", *settings, path, "q")
        kit.check("q")
        kit.mimus("convert", "q", "back")
        with open(kit.path("back"), "rb") as f:
            expect(f.read() == data, "%s: other bytes" % settings)


def case_sparse_stays_sparse(kit):
    path, _ = plain(kit, size=64 << 20)
    kit.mimus("convert", "-f", "raw", "-O", "raw", path, "out")
    used = os.stat(kit.path("out")).st_blocks * 512
    expect(used <= os.stat(path).st_blocks * 512 + 65536, "%d bytes used" % used)
    kit.mimus("convert", "-S", "0", "-f", "raw", "-O", "raw", path, "full")
    expect(os.stat(kit.path("full")).st_blocks * 512 >= 64 << 20, "-S 0 left holes")


def case_several_inputs(kit):
    _, a = plain(kit, "a", 1 << 20)
    _, b = plain(kit, "b", (1 << 20) + 512)
    for c in ([], ["-c"]):
        kit.mimus("convert", "-f", "raw", "-O", "qcow2", *c, "a", "b", "a", "q")
        kit.mimus("convert", "q", "out")
        with open(kit.path("out"), "rb") as f:
            expect(f.read() == a + b + a, "not one behind the other")


def case_into_an_image_that_is_there(kit):
    path, data = plain(kit, size=1 << 20)
    kit.mimus("create", "-q", "-f", "qcow2", "t", "2M")
    kit.io(kit.path("t"), "w 0 2097152 9\n")
    kit.mimus("convert", "-n", "-f", "raw", "-O", "qcow2", path, "t")
    kit.mimus("convert", "t", "out")
    with open(kit.path("out"), "rb") as f:
        got = f.read()
    expect(got[:1 << 20] == data and len(got) == 2 << 20 and got[1 << 20] == 9 + 2048 & 255, "other bytes")
    kit.check("t")
    says(kit, "smaller", "convert", "-n", "-f", "raw", "-O", "raw", "out", path)


# ---- shapes of outputs ----

def shape(value):
    """JSON without its numbers and strings: what programs rely on."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return type(value).__name__


def case_info_is_as_people_know_it(kit):
    kit.need_qemu()
    path, _ = plain(kit)
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "plain", "-F", "raw", "over")
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "compat=0.10,cluster_size=4k", "old", "1023k")
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=on,refcount_bits=32,compression_type=zstd", "new", "1.5G")
    kit.qemu("snapshot", "-c", "first", "new")
    kit.mimus("snapshot", "-c", "second one", "new")
    for image in ("plain", "over", "old", "new"):
        for options in ([], ["--backing-chain"]):
            mine, other = kit.both("info", *options, image)
            expect(mine == other, "info %s:\n%s\n%s" % (image, mine, other))
            mine, other = (json.loads(t) for t in kit.both("info", *options, "--output=json", image))
            expect(mine == other, "info %s:\n%s\n%s" % (image, mine, other))
    expect(kit.mimus("snapshot", "-l", "new") == kit.qemu("snapshot", "-l", "new"), "snapshot -l")


def case_map_is_as_people_know_it(kit):
    kit.need_qemu()
    plain(kit)
    kit.mimus("convert", "-f", "raw", "-O", "qcow2", "plain", "low")
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "low", "-F", "qcow2", "over", "4M")
    kit.io(kit.path("over"), "w 100000 200000 1\nu 500000 200000\nd 900000 70000\nw 3000000 5 5\n")
    for image in ("plain", "low", "over"):
        mine, other = kit.both("map", "--output=json", image)
        mine, other = json.loads(mine), json.loads(other)
        for r in mine:
            expect(r.pop("compressed") is False, "compressed")
        for r in other:
            r.pop("compressed", None)
        expect(mine == other, "map %s:\n%s\n%s" % (image, mine, other))
        mine, other = kit.both("map", image)
        expect(mine == other, "map %s:\n%s\n%s" % (image, mine, other))
    kit.mimus("convert", "-c", "-O", "qcow2", "low", "packed")
    expect(json.loads(kit.mimus("map", "--output=json", "packed"))[0]["compressed"], "compressed")
    kit.both("map", "packed", status=1)


def case_check_is_as_people_know_it(kit):
    kit.need_qemu()
    plain(kit)
    kit.both("check", "-f", "raw", "plain", status=63)
    kit.mimus("convert", "-f", "raw", "-O", "qcow2", "plain", "q")
    mine, other = kit.both("check", "q")
    expect(mine == other, "check:\n%s\n%s" % (mine, other))
    mine, other = kit.both("check", "--output=json", "q")
    expect(json.loads(mine) == json.loads(other), "check:\n%s\n%s" % (mine, other))
    kit.both("check", "nonesuch", status=1)


def refcount(path, cluster, value):
    """Set one refcount of 16 bits in the first block."""
    with open(path, "r+b") as f:
        f.seek(48)
        table, = struct.unpack(">Q", f.read(8))
        f.seek(table)
        block, = struct.unpack(">Q", f.read(8))
        f.seek(block + cluster * 2)
        f.truncate(max(os.path.getsize(path), (cluster + 1) << 16))
        f.write(struct.pack(">H", value))


def case_check_repairs(kit):
    path, data = plain(kit)
    for repair, wrong, status in [("leaks", [(90, 1), (91, 3)], 3), ("all", [(90, 1)], 3), ("all", [(6, 0)], 2),
                                  ("all", [(6, 2), (7, 0), (90, 1)], 2), ("all", [(1, 0), (2, 0)], 2)]:
        kit.mimus("convert", "-f", "raw", "-O", "qcow2", path, "q")
        for cluster, value in wrong:
            refcount(kit.path("q"), cluster, value)
        kit.mimus("check", "q", status=status)
        if kit.has_qemu:
            kit.qemu("check", "q", status=status)
        out = kit.mimus("check", "-r", repair, "q")
        expect("repaired" in out, out)
        kit.check("q")
        kit.mimus("compare", "-f", "raw", path, "q")
    # Leaks are repaired, what is corrupt stays for -r all.
    refcount(kit.path("q"), 90, 1)
    refcount(kit.path("q"), 6, 0)
    kit.mimus("check", "-r", "leaks", "q", status=2)
    r = json.loads(kit.mimus("check", "--output=json", "q", status=2))
    expect("leaks" not in r and r["corruptions"] >= 1, r)
    kit.mimus("check", "-r", "all", "q")
    kit.check("q")


def case_marks(kit):
    """Dirty and corrupt images: who may write to them."""
    path, _ = plain(kit)
    kit.mimus("convert", "-f", "raw", "-O", "qcow2", "-o", "lazy_refcounts=on", path, "q")
    refcount(kit.path("q"), 6, 0)
    with open(kit.path("q"), "r+b") as f:
        f.seek(79)
        f.write(b"\1")
    expect("cleanly shut down: no" in kit.mimus("info", "q"), "dirty")
    kit.mimus("compare", "-f", "raw", path, "q")
    kit.io(kit.path("q"), "w 0 100 1\n")            # opened to write: refcounts are made anew
    kit.check("q")
    expect("cleanly" not in kit.mimus("info", "q"), "still dirty")
    with open(kit.path("q"), "r+b") as f:
        f.seek(79)
        f.write(b"\2")
    expect("corrupt: true" in kit.mimus("info", "q"), "corrupt")
    says(kit, "marked corrupt", "snapshot", "-c", "x", "q")
    kit.mimus("check", "-r", "all", "q")
    kit.mimus("snapshot", "-c", "x", "q")
    kit.check("q")


def case_compare_statuses(kit):
    plain(kit)
    kit.mimus("convert", "-f", "raw", "-O", "qcow2", "plain", "q")
    kit.mimus("convert", "-f", "raw", "-O", "raw", "plain", "r")
    with open(kit.path("r"), "r+b") as f:
        f.seek(2 << 20)
        f.write(b"?")
    kit.both("compare", "-f", "raw", "plain", "q", status=0)
    kit.both("compare", "-s", "-f", "raw", "plain", "q", status=1)
    out, _ = kit.both("compare", "-f", "raw", "r", "q", status=1)
    expect("offset %d!" % (2 << 20) in out, out)
    kit.both("compare", "nonesuch", "q", status=2)
    kit.mimus("create", "-q", "-f", "raw", "big", "5M")
    kit.mimus("create", "-q", "-f", "qcow2", "small", "4M")
    mine, other = kit.both("compare", "-f", "raw", "big", "small")
    expect("size mismatch" in mine and other in (None, mine), mine)
    kit.both("compare", "-s", "-f", "raw", "big", "small", status=1)


def case_create_and_resize(kit):
    plain(kit)
    for settings in ["", "cluster_size=512,refcount_bits=1", "preallocation=metadata", "preallocation=falloc,compat=0.10",
                     "preallocation=full,cluster_size=2M", "lazy_refcounts=on,compression_type=zstd"]:
        kit.mimus("create", "-f", "qcow2", "-o", settings, "q", "20M")
        kit.check("q")
        used = os.stat(kit.path("q")).st_blocks * 512
        expect((used > 20 << 20) == ("falloc" in settings or "full" in settings), "%s: %d bytes" % (settings, used))
        if kit.has_qemu:
            kit.qemu_io(kit.path("q"), ["read -P 0 0 20M"])
        kit.mimus("resize", "q", "+10M")
        kit.mimus("resize", "q", "-5M", status=1)
        kit.mimus("resize", "--shrink", "q", "-5M")
        kit.check("q")
        expect(json.loads(kit.mimus("info", "--output=json", "q"))["virtual-size"] == 25 << 20, "size")
    for bad in ["cluster_size=3k", "cluster_size=4M", "cluster_size=256", "refcount_bits=3", "compat=2", "nonesuch=1", "size",
                "compat=0.10,refcount_bits=8", "preallocation=some", "compression_type=lz"]:
        kit.mimus("create", "-f", "qcow2", "-o", bad, "q", "1M", status=1)
    for bad in (["-f", "raw", "-o", "preallocation=metadata"], ["-f", "qcow2", "-o", "cluster_size=512"]):
        kit.mimus("create", *bad, "q", "1T", status=1)
    # What was refused has left the image alone that was there before.
    expect(json.loads(kit.mimus("info", "--output=json", "q"))["virtual-size"] == 25 << 20, "size after refusals")
    says(kit, "named", "create", "-f", "qcow2", "-b", "q", "x")
    says(kit, "exclude", "create", "-f", "qcow2", "-b", "q", "-F", "qcow2", "-o", "preallocation=metadata", "x")
    says(kit, "too large", "create", "-f", "qcow2", "-o", "cluster_size=512", "x", "1T")
    kit.check("q")
    says(kit, "not a size", "create", "x", "1Z")
    kit.mimus("create", "-q", "-f", "raw", "r", "1k")
    kit.mimus("resize", "-f", "raw", "r", "+1.5K")
    expect(os.stat(kit.path("r")).st_size == 2560, "raw size")


def case_narrow_refcounts(kit):
    """A snapshot that cannot be counted is refused, and nothing was changed."""
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "refcount_bits=1", "q", "1M")
    kit.io(kit.path("q"), "w 0 1000 1\n")
    with open(kit.path("q"), "rb") as f:
        before = f.read()
    says(kit, "too narrow", "snapshot", "-c", "x", "q")
    kit.check("q")
    with open(kit.path("q"), "rb") as f:
        expect(f.read()[:len(before)] == before, "changed")


def case_help_and_usage(kit):
    listed = kit.mimus("--help")
    for command in ("check", "compare", "convert", "create", "info", "map", "resize", "snapshot"):
        expect(re.search(r"^  %s " % command, listed, re.M), "--help: " + command)
        expect("usage: mimus-img " + command in kit.mimus(command, "--help"), command)
        says(kit, "no such option", command, "--nonesuch", status=2 if command == "compare" else 1)
    says(kit, "frob", "frob")
    kit.mimus("create", "-q", "-f", "qcow2", "q", "1M")
    says(kit, "no snapshot", "snapshot", "-d", "none", "q")


def case_progress(kit):
    plain(kit)
    out = kit.mimus("convert", "-p", "-f", "raw", "-O", "qcow2", "plain", "q")
    expect("(0.00/100%)" in out and "(100.00/100%)" in out, out)
    expect("%" not in kit.mimus("convert", "-p", "-q", "-f", "raw", "-O", "qcow2", "plain", "q"), "-q")


# ---- locks ----

def held(kit, image, fmt="qcow2"):
    """A process of ours that has the image open to write, until its input ends."""
    p = subprocess.Popen([kit.io_program, "-f", fmt, "-a", image], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         cwd=kit.dir, text=True)
    p.stdin.write("say here\n")
    p.stdin.flush()
    expect(p.stdout.readline() == "here\n", "not open")
    return p


def case_locks(kit):
    kit.mimus("create", "-q", "-f", "qcow2", "q", "1M")
    p = held(kit, kit.path("q"))
    try:
        says(kit, "in use", "info", "q")
        says(kit, "in use", "convert", "q", "out")
        says(kit, "in use", "resize", "q", "2M")
        says(kit, "in use", "create", "-f", "qcow2", "q", "1M")
        kit.mimus("info", "-U", "q")
        kit.mimus("info", "--force-share", "q")
        if kit.has_qemu:
            expect("lock" in kit.qemu("info", "q", status=1), "the other program does not see our lock")
    finally:
        p.communicate()
    kit.mimus("info", "q")
    # Readers bear each other, as backing files of two disks.
    for name in ("a", "b"):
        kit.mimus("create", "-q", "-f", "qcow2", "-b", "q", "-F", "qcow2", name)
    p = held(kit, kit.path("a"))
    try:
        kit.io(kit.path("b"), "w 0 100 1\n")
        kit.mimus("info", "q")
        says(kit, "in use", "resize", "q", "2M")
    finally:
        p.communicate()


def case_locks_of_the_other_program(kit):
    kit.need_qemu()
    kit.mimus("create", "-q", "-f", "qcow2", "q", "1M")
    p = subprocess.Popen(["qemu-io", "-f", "qcow2", kit.path("q")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        p.stdin.write("write 0 512\n")
        p.stdin.flush()
        line = p.stdout.readline()
        while "wrote" not in line:
            line = p.stdout.readline()
        says(kit, "in use", "info", "q")
        says(kit, "in use", "snapshot", "-c", "x", "q")
        kit.mimus("info", "-U", "q")
    finally:
        p.communicate()


# ---- what images refer to ----

def case_backing_files(kit):
    plain(kit)
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "plain", "-F", "raw", "one")
    os.mkdir(kit.path("sub"))
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "../one", "-F", "qcow2", "sub/two")
    says(kit, "outside", "convert", "sub/two", "out")
    kit.mimus("convert", "--any-backing", "sub/two", "out")
    kit.mimus("compare", "-f", "raw", "-F", "raw", "plain", "out")
    kit.mimus("info", "sub/two")
    os.symlink("/etc/hostname", kit.path("link"))
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "link", "-F", "raw", "linked")
    says(kit, "outside", "convert", "linked", "out2")
    # Without a format a raw file's own bytes would decide what it is.
    with open(kit.path("one"), "rb") as f:
        image = bytearray(f.read())
    at = image.find(struct.pack(">I", 0xe2792aca))
    image[at:at + 4] = struct.pack(">I", 0x12345678)
    with open(kit.path("unnamed"), "wb") as f:
        f.write(image)
    says(kit, "not named", "convert", "unnamed", "out2")
    kit.mimus("convert", "--any-backing", "unnamed", "out2")


def backing(kit, name, target, fmt="qcow2"):
    """An image that names target, which need not be there."""
    path = kit.path(name)
    with open(kit.path("dummy"), "wb"):
        pass
    dummy = "d" * len(target)
    kit.mimus("create", "-q", "-f", fmt, kit.path(dummy), "1M")
    kit.mimus("create", "-q", "-f", "qcow2", "-b", dummy, "-F", fmt, path)
    with open(path, "rb") as f:
        data = f.read().replace(dummy.encode(), target.encode())
    with open(path, "wb") as f:
        f.write(data)


def case_hostile_references(kit):
    backing(kit, "self", "self")
    says(kit, "its own backing", "convert", "self", "out")
    backing(kit, "ring1", "ring2")
    backing(kit, "ring2", "ring1")
    says(kit, "its own backing", "info", "--backing-chain", "ring1")
    for i in range(70):
        backing(kit, "c%02d" % i, "c%02d" % (i + 1))
    says(kit, "more than 64", "convert", "c00", "out")
    backing(kit, "json", 'json:{"driver":"raw","file.filename":"/etc/passwd"}')
    says(kit, "not a file name", "convert", "--any-backing", "json", "out")
    backing(kit, "nbd", "nbd://localhost/x")
    says(kit, "not a file name", "convert", "nbd", "out")
    os.mkfifo(kit.path("fifo1"))
    backing(kit, "pipe", "fifo1", "raw")
    says(kit, "neither", "convert", "pipe", "out")
    backing(kit, "folder", "zubdir", "raw")
    os.mkdir(kit.path("zubdir"))
    says(kit, "directory", "convert", "folder", "out")
    expect(json.loads(kit.mimus("info", "--output=json", "json"))["backing-filename"].startswith("json:"), "info")


def case_refused_features(kit):
    """Each by its name, also those that no program has yet."""
    kit.mimus("create", "-q", "-f", "qcow2", "q", "1M")
    with open(kit.path("q"), "rb") as f:
        good = f.read()

    def patched(at, value):
        with open(kit.path("p"), "wb") as f:
            f.write(good[:at] + value + good[at + len(value):])
        return kit.path("p")

    says(kit, "data_file", "info", patched(79, b"\4"))
    says(kit, "extended_l2", "info", patched(79, b"\x10"))
    says(kit, "'bit 40'", "info", patched(74, b"\1"))
    names = good.find(struct.pack(">I", 0x6803f857)) + 8
    with open(kit.path("q"), "r+b") as f:
        f.seek(names)
        f.write(b"\0\x28" + b"time travel".ljust(46, b"\0"))
    with open(kit.path("q"), "rb") as f:
        good = f.read()
    says(kit, "'time travel'", "check", patched(74, b"\1"))
    says(kit, "encrypted", "info", patched(32, struct.pack(">I", 2)))
    says(kit, "version 4", "info", patched(4, struct.pack(">I", 4)))
    says(kit, "compression", "info", patched(79, b"\x08"))
    if not kit.has_qemu:
        return
    kit.qemu("create", "-q", "-f", "qcow2", "-o", "extended_l2=on", "ext", "1M")
    says(kit, "extended_l2", "convert", "ext", "out")
    kit.qemu("create", "-q", "-f", "qcow2", "-o", "data_file=data", "df", "1M")
    says(kit, "data_file", "convert", "df", "out")
    kit.qemu("create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
             "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", "luks", "1M")
    says(kit, "encrypted", "convert", "luks", "out")


def case_bitmaps_of_others(kit):
    """We do not keep them: used in check, dropped from an image we write to."""
    kit.qemu("create", "-q", "-f", "qcow2", "q", "8M")
    kit.qemu("bitmap", "--add", "q", "b0")
    kit.qemu_io(kit.path("q"), ["write 1M 1M"])
    kit.check("q")
    kit.io(kit.path("q"), "w 0 100 1\n")
    kit.mimus("check", "q", status=(0, 3))
    kit.mimus("check", "-r", "leaks", "q")
    kit.check("q")
