# SPDX-License-Identifier: MIT
"""Random writes, zeroes, discards, snapshots and resizes, by mimus and by qemu-io in turn."""
import random

from kit import engines, expect, pattern

K = 1024
# cluster size, compat, refcount bits, backing file, disk size, settings
KINDS = [
    (512, "1.1", 16, False, 1 << 20, ""),
    (512, "1.1", 1, True, 700 * K, ""),
    (4096, "0.10", 16, True, 3 << 20, ""),
    (4096, "1.1", 64, False, 4 << 20, ",lazy_refcounts=on"),
    (4096, "1.1", 2, False, 3 * K * K + 1536, ",preallocation=metadata"),
    (65536, "1.1", 16, True, 9 << 20, ",compression_type=zstd"),
    (65536, "0.10", 16, False, 7 << 20, ""),
    (65536, "1.1", 8, False, 7 << 20, ",preallocation=falloc"),
    (2 << 20, "1.1", 32, True, 12 << 20, ""),
]
STEPS = 2


class Model:
    """A disk as bytes, and its snapshots."""

    def __init__(self, kit, rng, kind):
        self.kit, self.rng = kit, rng
        self.cluster, self.compat, self.bits, backing, size, more = kind
        self.image = kit.path("disk")
        self.snaps = {}
        self.made = 0
        settings = "cluster_size=%d,compat=%s,refcount_bits=%d%s" % (self.cluster, self.compat, self.bits, more)
        below = []
        base = b""
        if backing:
            base = self.base(kit, size)
            below = ["-b", "base", "-F", "qcow2"]
        maker = kit.mimus if rng.random() < 0.7 else kit.qemu
        maker("create", "-q", "-f", "qcow2", *below, "-o", settings, self.image, size)
        self.data = bytearray(base[:size].ljust(size, b"\0"))

    def base(self, kit, size):
        """A backing file, smaller or larger than the disk; written by mimus, in part compressed."""
        size = int(size * self.rng.choice([0.6, 1, 1.3])) & ~511
        data = bytearray(size)
        for _ in range(12):
            off = self.rng.randrange(size)
            n = min(self.rng.randrange(1, 200 * K), size - off)
            data[off:off + n] = pattern(off, n, self.rng.randrange(256))
        with open(kit.path("base.raw"), "wb") as f:
            f.write(data)
        kit.mimus("convert", "-f", "raw", "-O", "qcow2", *self.rng.choice([["-c"], []]),
                  "-o", "cluster_size=%d" % self.rng.choice([4096, 65536]), kit.path("base.raw"), kit.path("base"))
        return data

    def span(self, align=1):
        size = len(self.data)
        off = self.rng.randrange(size) // align * align
        n = min(self.rng.choice([1, 511, 512, 4096, self.cluster, 3 * self.cluster,
                                 self.rng.randrange(1, 300 * K)]), size - off)
        return off, max(n // align * align, min(align, size - off))

    # ---- by mimus ----

    def mimus(self):
        lines, busy = [], []
        for _ in range(self.rng.randrange(3, 15)):
            op = self.rng.choice("wwwwzudrf")
            if op == "f":
                lines.append("f")
                continue
            off, n = self.span()
            if any(a < off + n and off < b for a, b in busy):
                lines.append("wait")        # overlapping requests have no order
                busy = []
            busy.append((off, off + n))
            if op == "d":                   # what a discard leaves is open: zeroes follow it
                c = self.cluster
                first, last = -(-off // c) * c, (off + n) // c * c
                if last <= first:
                    continue
                lines += ["wait", "d %d %d" % (off, n), "wait", "z %d %d" % (first, last - first), "wait"]
                busy = []
                self.data[first:last] = bytes(last - first)
            elif op == "r":
                continue
            elif op == "w":
                seed = self.rng.randrange(256)
                lines.append("w %d %d %d" % (off, n, seed))
                self.data[off:off + n] = pattern(off, n, seed)
                if self.rng.random() < 0.3:
                    lines += ["wait", "r %d %d %d" % (off, n, seed)]
            else:
                lines.append("%s %d %d" % (op, off, n))
                self.data[off:off + n] = bytes(n)
        self.kit.io(self.image, "".join(line + "\n" for line in lines))

    # ---- by qemu-io ----

    def qemu(self):
        lines = []
        for _ in range(self.rng.randrange(1, 6)):
            off, n = self.span(512)
            if n % 512:
                continue
            op = self.rng.choice(["write -P", "write -z", "write -z -u"])
            if op == "write -P":
                value = self.rng.randrange(256)
                lines.append("write -P %d %d %d" % (value, off, n))
                self.data[off:off + n] = bytes([value]) * n
            else:
                lines.append("%s %d %d" % (op, off, n))
                self.data[off:off + n] = bytes(n)
        if lines:
            self.kit.qemu_io(self.image, lines)

    # ---- by either ----

    def tool(self):
        return self.rng.choice([self.kit.mimus, self.kit.qemu])

    def snapshot(self):
        if self.bits == 1:
            # No second reference to a cluster can be counted; only an empty disk has none to count.
            self.kit.mimus("snapshot", "-c", "s", self.image, status=(0, 1))
            if self.kit.status == 0:
                self.kit.mimus("snapshot", "-d", "s", self.image)
            return
        what = self.rng.choice("ccad")
        if what == "c" or not self.snaps:
            if len(self.snaps) >= 2 and self.bits == 2:
                return
            self.made += 1
            name = "snap%d" % self.made
            self.tool()("snapshot", "-c", name, self.image)
            self.snaps[name] = bytes(self.data)
        elif what == "a":
            name = self.rng.choice(list(self.snaps))
            # The other program first adds references: one too many for two bits.
            (self.kit.mimus if self.bits == 2 else self.tool())("snapshot", "-a", name, self.image)
            self.data = bytearray(self.snaps[name])
        else:
            name = self.rng.choice(list(self.snaps))
            self.tool()("snapshot", "-d", name, self.image)
            del self.snaps[name]

    def resize(self):
        if self.snaps:
            return              # sizes that differ from a snapshot's: the other program has limits here
        size = max(self.cluster, len(self.data) + self.rng.randrange(-1 << 20, 2 << 20)) & ~511
        grow = size > len(self.data)
        # Growing over a backing file: mimus makes what appears zeroes, and so does the other.
        self.tool()("resize", *([] if grow else ["--shrink"]), self.image, size)
        self.data = self.data[:size].ljust(size, b"\0")

    def compress(self):
        if self.snaps:
            return
        new = self.kit.path("new")
        self.kit.mimus("convert", "-c", "-O", "qcow2", "-o",
                       "cluster_size=%d,refcount_bits=%d,compat=%s" % (self.cluster, self.bits, self.compat),
                       self.image, new)
        self.kit.run(["mv", new, self.image])

    def verify(self):
        self.kit.check(self.image)
        raw = self.kit.path("raw")
        self.rng.choice([self.kit.mimus, self.kit.qemu])("convert", "-f", "qcow2", "-O", "raw", self.image, raw)
        with open(raw, "rb") as f:
            got = f.read()
        expect(len(got) == len(self.data), "%d bytes, not %d" % (len(got), len(self.data)))
        if got != self.data:
            at = next(i for i in range(len(got)) if got[i] != self.data[i])
            raise AssertionError("byte %d (cluster %d) is %d, not %d" % (at, at // self.cluster, got[at], self.data[at]))
        expect("identical" in self.kit.qemu("compare", "-f", "raw", "-F", "qcow2", raw, self.image), "compare")


def case_random_sequences(kit):
    kit.need_qemu()
    done = 0
    for k, kind in enumerate(KINDS):
        for engine in engines(kit):
            rng = random.Random("%d %d %s" % (kit.args.seed, k, engine))
            m, log = Model(kit, rng, kind), []
            for step in range(STEPS):
                for name in rng.choices(["mimus", "qemu", "snapshot", "resize", "compress"], [6, 3, 4, 1, 0.5], k=3):
                    log.append(name)
                    try:
                        getattr(m, name)()
                    except Exception as e:
                        raise AssertionError("kind %d %s %s, %s: %s" % (k, kind, engine, log, e)) from e
                try:
                    m.verify()
                except Exception as e:
                    raise AssertionError("kind %d %s %s, after %s: %s" % (k, kind, engine, log, e)) from e
            done += 1
    return done
