# SPDX-License-Identifier: MIT
"""Damaged images: an error in one line or an answer, never a crash, within 2 s and 256 MiB."""
import os
import random
import resource
import signal
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from kit import Skipped, Wrong

SECONDS, MEMORY = 2, 256 << 20
WORDS = [0, 1, 7, 0x7f, 0xff, 0x1ff, 0x200, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
         0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0xfffffffffffffe00, 1 << 40, 1 << 55]


def bases(kit):
    """Whole images with all there is: snapshots, compressed clusters, zeroes, a backing file."""
    made = []
    with open(kit.path("plain"), "wb") as f:
        f.write(random.Random(5).randbytes(150000) + b"text " * 30000 + bytes(100000))
    for i, settings in enumerate(["cluster_size=512", "cluster_size=4096,compat=0.10",
                                  "cluster_size=4096,compression_type=zstd,refcount_bits=64",
                                  "cluster_size=65536,lazy_refcounts=on", "cluster_size=1024,refcount_bits=8"]):
        name = kit.path("base%d" % i)
        kit.mimus("convert", "-f", "raw", "-O", "qcow2", *(["-c"] if i % 2 == 0 else []), "-o", settings,
                  kit.path("plain"), name)
        kit.io(name, "w 5000 30000 3\nwait\nf\nsnap one\nu 20000 60000\nw 300000 9000 4\nwait\nsnap two\nd 0 9000\n")
        made.append(name)
    name = kit.path("over")
    kit.mimus("create", "-q", "-f", "qcow2", "-b", "base1", "-F", "qcow2", name)
    kit.io(name, "w 1000 2000 9\nwait\nu 40000 30000\n")
    return made + [name]


def mutate(rng, data):
    """One to four fields changed: of the header, or of a table it names."""
    cluster = 1 << min(max(struct.unpack_from(">I", data, 20)[0], 9), 21)
    tables = [struct.unpack_from(">Q", data, o)[0] for o in (40, 48, 64)]
    l1 = tables[0]
    tables += [e & 0xfffffffffffe00 for e in struct.unpack_from(">4Q", data.ljust(l1 + 32, b"\0"), l1)]
    out = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        kind = rng.random()
        if kind < 0.45:
            at = rng.choice([4, 8, 16, 20, 24, 32, 36, 40, 48, 56, 60, 64, 72, 80, 88, 96, 100, 104, 112, 116, 120])
        else:
            at = rng.choice(tables) + rng.randrange(0, 128 if kind < 0.9 else cluster) // 8 * 8
        size = rng.choice([1, 2, 4, 8])
        if at + 8 > len(out):
            continue
        old = int.from_bytes(out[at:at + size], "big")
        new = rng.choice([rng.choice(WORDS), old ^ 1 << rng.randrange(size * 8), old + rng.choice([1, -1, 512, -512, cluster]),
                          rng.choice(tables), rng.choice(tables) | 1 << 63, rng.choice(tables) | 1 << 62])
        out[at:at + size] = (new & (1 << size * 8) - 1).to_bytes(size, "big")
    if rng.random() < 0.1:
        del out[rng.randrange(len(out)):]
    if rng.random() < 0.1:
        out += rng.randbytes(rng.randrange(100))
    return bytes(out)


def limits():
    # Address space says nothing with sanitizers, which reserve terabytes: memory is measured.
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 1))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 30, 64 << 30))


def run_one(command, stdin=None):
    start = time.monotonic()
    # leaks: those of the tool at its end are the kernel's business
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=0", UBSAN_OPTIONS="print_stacktrace=1")
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                         preexec_fn=limits)
    if stdin:
        p.stdin.write(stdin.encode())
    p.stdin.close()
    out = p.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    if p.returncode < 0 or "Sanitizer" in out or "runtime error" in out or p.returncode > 63:
        raise Wrong("%s: status %d: %s" % (" ".join(command), p.returncode, out[-3000:]))
    if cpu > SECONDS:
        raise Wrong("%s: %.1f s of CPU time, %.1f s in all" % (" ".join(command), cpu, time.monotonic() - start))
    if usage.ru_maxrss * 1024 > MEMORY:
        raise Wrong("%s: %d MiB" % (" ".join(command), usage.ru_maxrss >> 10))
    return p.returncode, out, cpu, usage.ru_maxrss


def try_mutant(job):
    """Its bytes are made here: what this process holds when it forks counts as the program's memory."""
    bins, folder, n, seed, files = job
    rng = random.Random(seed * 1000003 + n)
    data = mutate(rng, rng.choice(files))
    path = os.path.join(folder, "m%d" % n)
    out = os.path.join(folder, "o%d" % n)
    img = os.path.join(bins, "mimus-img")
    with open(path, "wb") as f:
        f.write(data)
    runs = [[img, "info", "-f", "qcow2", path], [img, "check", "-f", "qcow2", "-q", path],
            [img, "convert", "-f", "qcow2", "-O", "raw", path, out]]
    # What writes: with the disk in use, and repairs.
    extra = [[img, "check", "-q", "-r", "all", path], [img, "snapshot", "-c", "new", path], [img, "snapshot", "-a", "one", path],
             [img, "snapshot", "-d", "two", path], [img, "map", "--output=json", path], [img, "check", "-q", "-r", "leaks", path]]
    if n % 2:
        runs.append(extra[n // 2 % len(extra)])
    results = [run_one(r) for r in runs]
    for rc, text, _, _ in results:
        # An error is one line that begins with the program's name.
        if rc == 1 and not any(line.startswith("mimus-img: ") for line in text.splitlines()):
            raise Wrong("m%d: status 1 without an error: %r" % (n, text[:300]))
    io = os.path.join(bins, "img-io")
    if not n % 2:
        run_one([io, "-f", "qcow2", path], "w 0 20000 1\nr 0 20000 1\nu 30000 50000\nd 0 100000\nwait\nf\nw 200000 70000 2\n")
    for name in (path, out):
        if os.path.exists(name):
            os.remove(name)
    return max(r[2] for r in results), max(r[3] for r in results), results[0][0] == 0


def case_mutants(kit):
    if not kit.args.san:
        raise Skipped("no build with sanitizers (--san)")
    san = os.path.abspath(kit.args.san)
    files = []
    for name in bases(kit):
        kit.mimus("check", name)
        with open(name, "rb") as f:
            files.append(f.read())
    jobs = [(san, kit.dir, n, kit.args.seed, files) for n in range(kit.args.mutants)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(try_mutant, jobs))
    opened = sum(r[2] for r in results)
    print("mutants: %d, of which %d open; at most %.2f s of CPU time and %d MiB" % (
        len(jobs), opened, max(r[0] for r in results), max(r[1] for r in results) >> 10))
    if not len(jobs) // 5 < opened < len(jobs):
        raise Wrong("%d of %d mutants open: the mutations are no test" % (opened, len(jobs)))
    return len(jobs)


def sparse(kit, name, patch, size):
    """A small image whose file claims to be large."""
    path = kit.path(name)
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "cluster_size=%d" % patch.pop("cluster"), path, patch.pop("disk"))
    with open(path, "r+b") as f:
        f.truncate(size)
        for at, (fmt, *values) in patch.items():
            f.seek(at)
            f.write(struct.pack(fmt, *values))
    return path


def case_claims_of_sparse_files(kit):
    """Tables spread over a file of many TiB that holds nothing."""
    bins = os.path.abspath(kit.args.san or kit.args.bin)
    img = os.path.join(bins, "mimus-img")
    n = 0
    big = 8 << 40
    spread = [0x8000000000000000 | (i << 40 | 1 << 39) & 0xfffffffffffe00 for i in range(1, 8)]
    for name, patch in [
            ("l1_large", {"cluster": 512, "disk": 1 << 20, 36: (">I", 4 << 20), 40: (">Q", 1 << 40)}),
            ("l1_spread", {"cluster": 65536, "disk": 3 << 30, 0x30000: (">6Q", *spread[:6])}),
            ("reftable_large", {"cluster": 65536, "disk": 1 << 30, 48: (">Q", 1 << 41), 56: (">I", 128)}),
            ("snapshots_many", {"cluster": 65536, "disk": 1 << 30, 60: (">I", 65536), 64: (">Q", 1 << 41)}),
            ("snapshots_deep", {"cluster": 65536, "disk": 1 << 30, 60: (">I", 50000), 64: (">Q", 0x30000)})]:
        path = sparse(kit, name, patch, big)
        for command in (["info"], ["check", "-q"], ["convert", "-O", "raw"]):
            run_one([img, *command, path, *([kit.path("out")] if command[0] == "convert" else [])])
            n += 1
    return n
