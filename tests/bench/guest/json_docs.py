# SPDX-License-Identifier: MIT
# Reads, changes and writes JSON: nested documents, escapes, floats, big integers.
import json


def document(i):
    return {
        "id": i, "key": "item-%05d" % (i * 7919 % 99991), "ok": i % 3 == 0, "none": None,
        "price": i * 1.25 + 1 / (i + 1), "big": 3 ** (i % 50),
        "text": "caf\u00e9 \"%d\"\n\t\\ %s" % (i, "\u2603" * (i % 4)),
        "list": [[j, j * 0.5, str(j)] for j in range(i % 9)],
        "sub": {"a%d" % j: {"x": j, "y": [j] * 3} for j in range(i % 5)},
    }


docs = [document(i) for i in range(5000)]
total = 0
for round in range(3):
    text = json.dumps(docs, sort_keys=True, indent=(None, 2, None)[round],
                      ensure_ascii=round != 1)
    docs = json.loads(text)
    for d in docs:
        d["price"] += round
        d["list"].append([round, d["key"], d["ok"]])
    total += len(text)
    strict = json.loads(text, parse_float=str, object_pairs_hook=lambda p: len(p))
    total += sum(strict)
print(total, docs[4321]["text"], sum(d["price"] for d in docs) > 0)
