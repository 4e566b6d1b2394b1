# SPDX-License-Identifier: MIT
"""Exercises the standard library and prints what comes out; run on both sides and compared."""
import bisect
import collections
import datetime
import decimal
import fractions
import hashlib
import io
import itertools
import json
import math
import pickle
import random
import re
import sqlite3
import statistics
import string
import struct
import textwrap
import zlib


def floats():
    values = [0.1, 1e22, 1e23, 5e-324, 1.7976931348623157e308, 2.675, -0.0, 1 / 3, 1e16, 123456.789]
    for v in values:
        print(repr(v), "%.3f" % v, "%e" % v, "%g" % v, format(v, ",.2f"), v.hex(),
              float.fromhex(v.hex()) == v, round(v, 2) if abs(v) < 1e15 else "-")
    print(math.fsum([0.1] * 10), math.isclose(math.gamma(5.5), 52.34277778455352),
          math.sqrt(2), math.hypot(3, 4), math.fma(2, 3, 4) if hasattr(math, "fma") else 10.0)
    rng = random.Random(42)
    print([rng.random() for _ in range(3)], rng.gauss(0, 1), rng.sample(range(1000), 5))
    print(["%.12g" % f(0.7) for f in (math.sin, math.cos, math.tan, math.exp, math.log, math.erf)])
    print(statistics.mean([1, 2, 3.5]), statistics.pstdev([1, 2, 4, 8]))


def exact():
    decimal.getcontext().prec = 60
    print(decimal.Decimal(2).sqrt(), decimal.Decimal(1) / 7, decimal.Decimal("1e-30").ln())
    print(fractions.Fraction(355, 113) ** 3, math.factorial(60), pow(3, 10 ** 12, 10 ** 9 + 7))
    n = 3 ** 4000
    print(len(str(n)), hashlib.sha256(str(n).encode()).hexdigest(), n % 1000003, math.isqrt(n) % 997)
    print(int("z" * 50, 36) % 10 ** 12, (1 << 200).bit_length(), -7 // 2, -7 % 3, divmod(7, -2))


def text():
    words = [a + b for a, b in itertools.product(string.ascii_lowercase, string.ascii_lowercase)]
    s = " ".join(words * 20)
    print(len(re.findall(r"\b(\w)\1\b", s)), re.sub(r"(\w)(\w)", r"\2\1", s[:30]),
          re.split(r"[aeiou]+", s[:40]), bool(re.fullmatch(r"(?:[a-z]{2} ?)+", s[:600])))
    print(textwrap.fill(s[:200], 40))
    print("ünïcödé ß".upper(), "ĳ".encode("utf-8"), "naïve".encode("latin-1"), "日本".encode("utf-16-le"))
    print("{:>10}|{:<8}|{:^9}|{:+d}|{:#x}|{:08.3f}|{!r}".format("r", "l", "mid", 5, 255, 3.14159, "q"))
    print(sorted(words, key=lambda w: (w[1], -ord(w[0])))[:8])


def data():
    obj = {"a": [1, 2.5, None, True, "x\u20ac\n"], "b": {"c": list(range(20))}, "d": 1e100}
    j = json.dumps(obj, sort_keys=True, indent=1)
    print(j, json.loads(j) == obj, len(json.dumps([obj] * 2000)))
    p = pickle.dumps(obj, protocol=4)
    print(len(p), pickle.loads(p) == obj)
    print(struct.pack("<bhiqfd4s", -1, -2, -3, -4, 1.5, -2.25, b"abcd").hex(), struct.unpack(">HIQ", bytes(range(14))))
    print(struct.pack("<e", 1.1).hex(), struct.calcsize("@bhilqfdP"), struct.unpack("<e", b"\x01\x00")[0])
    blob = bytes(i * i & 255 for i in range(200000))
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"):
        print(name, hashlib.new(name, blob).hexdigest())
    z = zlib.compress(blob, 9)
    print(len(z), zlib.decompress(z) == blob, zlib.crc32(blob), zlib.adler32(blob))
    print(datetime.datetime(2024, 2, 29, 12) + datetime.timedelta(days=365.5), datetime.date(2023, 1, 1).isocalendar())
    c = collections.Counter("mississippi")
    print(c.most_common(2), collections.deque(range(10), 3), bisect.bisect([1, 3, 5], 4))


def database():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL)")
    db.executemany("INSERT INTO t VALUES(?, ?, ?)", ((i, "row%d" % (i % 97), i / 3) for i in range(20000)))
    print(db.execute("SELECT count(*), sum(a), avg(c), max(b) FROM t").fetchone())
    print(db.execute("SELECT b, count(*) FROM t GROUP BY b ORDER BY 2 DESC, 1 LIMIT 3").fetchall())


class Node:
    __slots__ = ("left", "right", "value")

    def __init__(self, value):
        self.left = self.right = None
        self.value = value


def programs():
    root = None
    rng = random.Random(7)
    for _ in range(3000):
        v = rng.randrange(10 ** 6)
        if root is None:
            root = Node(v)
            continue
        n = root
        while True:
            side = "left" if v < n.value else "right"
            child = getattr(n, side)
            if child is None:
                setattr(n, side, Node(v))
                break
            n = child

    def walk(n):
        if n:
            yield from walk(n.left)
            yield n.value
            yield from walk(n.right)
    values = list(walk(root))
    print(values == sorted(values), sum(values))
    sieve = bytearray([1]) * 100000
    for i in range(2, 317):
        if sieve[i]:
            sieve[i * i::i] = bytes(len(range(i * i, 100000, i)))
    print(sum(sieve) - 2)
    try:
        def deep(n):
            return deep(n + 1)
        deep(0)
    except RecursionError:
        print("RecursionError")
    buf = io.StringIO()
    print(*range(5), sep="-", file=buf)
    print(buf.getvalue().strip(), eval("[x for x in range(5) if x % 2]"))
    gc_objects = [[] for _ in range(50000)]
    for i, o in enumerate(gc_objects):
        o.append(gc_objects[i - 1])
    del gc_objects
    import gc
    print(gc.collect() > 40000)


for part in (floats, exact, text, data, database, programs):
    print("--", part.__name__)
    part()
