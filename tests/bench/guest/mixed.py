# SPDX-License-Identifier: MIT
# Dictionaries, strings, JSON, regular expressions, sorting, classes.
import collections
import hashlib
import json
import random
import re
import sys


class Vec:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, o):
        return Vec(self.x + o.x, self.y ^ o.y)


for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
    rng = random.Random(5)
    words = ["".join(rng.choice("abcdefgh") for _ in range(rng.randint(2, 9)))
             for _ in range(3000)]
    text = " ".join(rng.choice(words) for _ in range(40000))

    count = collections.Counter(text.split())
    top = sorted(count.items(), key=lambda kv: (-kv[1], kv[0]))[:5]

    doc = [{"id": i, "name": rng.choice(words), "tags": rng.sample(words, 4),
            "score": i / 7} for i in range(4000)]
    again = json.loads(json.dumps(doc, indent=1))
    assert again == doc

    pat = re.compile(r"\b([a-c]+)(d|e)*([f-h]{2,})\b")
    hits = sum(len(m.group(1)) for m in pat.finditer(text))
    swapped = re.sub(r"(\w)(\w+)", lambda m: m.group(2) + m.group(1), text[:80000])

    acc = Vec(0, 0)
    for i in range(100000):
        acc = acc + Vec(i, i * 3)

    big = 3 ** 8000
    print(top[0], hits, hashlib.md5(swapped.encode()).hexdigest(), acc.x, acc.y,
          big % 1000003, len(str(big)))
