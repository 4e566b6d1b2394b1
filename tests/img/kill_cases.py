# SPDX-License-Identifier: MIT
"""Killed in front of each change of the file there is: the image stays whole, what was flushed stays."""
import random
import shutil

from kit import Wrong, engines, expect, pattern

SIZE = 1 << 20


def script(rng, cluster):
    """Lines for img-io, and the disk after each flush: (text said, bytes)."""
    data = bytearray(SIZE)
    lines, states, snaps = [], [("start", bytes(data))], {}

    def say():
        lines.extend(["f", "say flushed %d" % len(states)])
        states.append(("flushed %d" % len(states), bytes(data)))

    def some(n):
        for _ in range(n):
            off = rng.randrange(SIZE)
            size = min(rng.choice([700, cluster, 5 * cluster, 40000]), SIZE - off)
            seed = rng.randrange(256)
            if rng.random() < 0.75:
                lines.append("w %d %d %d" % (off, size, seed))
                data[off:off + size] = pattern(off, size, seed)
            else:
                lines.append("u %d %d" % (off, size))
                data[off:off + size] = bytes(size)
            lines.append("wait")

    for round in range(3):
        some(4)
        say()
        name = "s%d" % round
        lines.append("snap " + name)
        snaps[name] = bytes(data)
        states.append(("flushed %d" % (len(states) - 1), bytes(data)))
        some(3)
        say()
        if round == 1:
            lines.append("apply s0")
            data[:] = snaps["s0"]
            say()
        if round == 2:
            lines.append("del s1")
            say()
    return "".join(line + "\n" for line in lines), states


def flushed_holds(kit, image, said, states):
    """Sectors that nothing after the last flush said changes are as they were then."""
    last = said[-1] if said else "start"
    at = max(i for i, (name, _) in enumerate(states) if name == last)
    raw = kit.path("raw")
    kit.mimus("convert", "-f", "qcow2", "-O", "raw", image, raw)
    with open(raw, "rb") as f:
        got = f.read()
    then, later = states[at][1], states[min(at + 1, len(states) - 1)][1]
    for off in range(0, SIZE, 512):
        a, b = then[off:off + 512], later[off:off + 512]
        if a == b and got[off:off + 512] != a:
            raise Wrong("sector %d is not what it was at '%s'" % (off // 512, last))


def killed_everywhere(kit, engine, cluster, settings):
    rng = random.Random("%d %d %s" % (kit.args.seed, cluster, engine))
    text, states = script(rng, cluster)
    fresh, image = kit.path("fresh"), kit.path("image")
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "cluster_size=%d%s" % (cluster, settings), fresh, SIZE)
    shutil.copy(fresh, image)
    total = int(kit.io(image, text, kill=10 ** 9).split()[-1])
    kit.check(image)
    expect(total > 50, "only %d changes" % total)
    # All of them where there is time; else a part that differs from run to run of other seeds.
    points = range(1, total + 1) if total < 40 else sorted(rng.sample(range(1, total + 1), 40))
    for n in points:
        shutil.copy(fresh, image)
        out = kit.io(image, text, kill=n, status=-9)
        kit.mimus("check", image, status=(0, 3))
        if n % 3 == 0 and kit.has_qemu:
            kit.qemu("check", image, status=(0, 3))
        flushed_holds(kit, image, out.splitlines(), states)
        if n % 8 == 0:
            kit.mimus("check", "-r", "leaks", image)
            kit.check(image)
    return len(points)


def case_killed_at_any_change(kit):
    n = 0
    for engine in engines(kit):
        cluster, settings = {"uring": (4096, ""), "threads": (512, ",refcount_bits=8")}[engine]
        n += killed_everywhere(kit, engine, cluster, settings)
    return n


def case_killed_while_growing(kit):
    """Tables that have to move: the first level, and that of refcounts."""
    fresh, image = kit.path("fresh"), kit.path("image")
    kit.mimus("create", "-q", "-f", "qcow2", "-o", "cluster_size=512,refcount_bits=64", fresh, 64 << 10)
    text = "w 0 65536 1\nwait\nf\nresize 4000000\nw 65536 3000000 5\nwait\nf\nresize 100000\nsnap a\nresize 9000000\n"
    shutil.copy(fresh, image)
    total = int(kit.io(image, text, kill=10 ** 9).split()[-1])
    kit.check(image)
    rng = random.Random(kit.args.seed)
    points = sorted(rng.sample(range(1, total + 1), min(total, 16)))
    for n in points:
        shutil.copy(fresh, image)
        kit.io(image, text, kill=n, status=-9)
        kit.check(image, leaks=True)
    return len(points)
