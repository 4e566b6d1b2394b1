# SPDX-License-Identifier: MIT
"""Prints a stream for `git fast-import`: the same history of COUNT commits every time.

A few hundred files in folders; each commit changes two of them, some are merged from a side
branch, so there are blobs with deltas, trees of three levels and merge commits.
"""
import random
import sys


def main():
    rng = random.Random(3)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    out = sys.stdout
    files = {"d%d/s%d/f%d.txt" % (i % 7, i % 11, i): ["line %d of %d" % (k, i) for k in range(40)]
             for i in range(300)}
    names = sorted(files)
    side = 0
    for n in range(1, count + 1):
        message = "change %d\n\nwhy: %d\n" % (n, rng.randrange(10 ** 9))
        merge = n % 50 == 0
        branch = "side" if n % 50 in range(40, 45) else "main"
        out.write("commit refs/heads/%s\nmark :%d\n" % (branch, n))
        out.write("committer A U Thor <a@example.org> %d +0000\n" % (1577836800 + n * 60))
        out.write("data %d\n%s\n" % (len(message), message))
        if branch == "side" and n % 50 == 40:
            out.write("from :%d\n" % (n - 1))
        if n % 50 == 45:
            out.write("from :%d\n" % (n - 6))
        if merge:
            out.write("merge :%d\n" % side)
        if branch == "side":
            side = n
        for name in names if n == 1 else rng.sample(names, 2):
            lines = files[name]
            lines[rng.randrange(len(lines))] = "line %d, %d" % (n, rng.randrange(10 ** 6))
            text = "\n".join(lines) + "\n"
            out.write("M 100644 inline %s\ndata %d\n%s\n" % (name, len(text), text))
        out.write("\n")


if __name__ == "__main__":
    main()
