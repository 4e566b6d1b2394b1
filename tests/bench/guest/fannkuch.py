# SPDX-License-Identifier: MIT
# Permutations of a small list: list slicing and integer loops.
import sys


def fannkuch(n):
    perm1 = list(range(n))
    count = [0] * n
    best = checksum = perms = 0
    r = n
    while True:
        while r != 1:
            count[r - 1] = r
            r -= 1
        p = perm1[:]
        flips = 0
        k = p[0]
        while k:
            p[:k + 1] = p[k::-1]
            flips += 1
            k = p[0]
        best = max(best, flips)
        checksum += -flips if perms & 1 else flips
        while True:
            if r == n:
                return checksum, best
            perm1.insert(r, perm1.pop(0))
            count[r] -= 1
            if count[r] > 0:
                break
            r += 1
        perms += 1


for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
    print(fannkuch(8))
