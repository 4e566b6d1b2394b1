#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""late_relocs.py PROGRAM MAP: leave the disassembler's relocations to its first use.

A static-pie program relocates itself at every start, and each page that it writes is copied. Half
of these pages hold tables of the disassembler, which only -d in_asm and out_asm read. This takes
their entries out of .relr.dyn and puts them, in the same encoding, into the array late_relocs,
which late_relocs_apply() (translate/late_relocs.c) works off. MAP is the linker's map, which says
whose data lie where. When anything is not as expected the program stays as it is.
"""
import bisect
import re
import struct
import sys

LIBRARY = "libcapstone.a"
DT_NULL, DT_RELRSZ, DT_RELR = 0, 35, 36
SHT_SYMTAB, SHT_DYNAMIC = 2, 6


def ranges_of(map_text):
    """Address ranges of the library's writable data."""
    row = re.compile(r"^ \.data\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*" +
                     re.escape(LIBRARY) + r"\(", re.M)
    found = [(int(a, 16), int(n, 16)) for a, n in row.findall(map_text)]
    return sorted((a, a + n) for a, n in found if a and n)


def decode(words):
    at = 0
    for w in words:
        if not w & 1:
            yield w
            at = w + 8
            continue
        for i in range(63):
            if w >> (i + 1) & 1:
                yield at + 8 * i
        at += 63 * 8


def encode(addresses):
    words, i = [], 0
    while i < len(addresses):
        words.append(addresses[i])
        at = addresses[i] + 8
        i += 1
        while True:
            bits = 0
            while i < len(addresses) and addresses[i] - at < 63 * 8 and not (addresses[i] - at) % 8:
                bits |= 1 << ((addresses[i] - at) // 8 + 1)
                i += 1
            if not bits:
                break
            words.append(bits | 1)
            at += 63 * 8
    return words


class Elf:
    def __init__(self, image):
        self.b = image
        off, = struct.unpack_from("<Q", image, 40)
        size, count, names = struct.unpack_from("<HHH", image, 58)
        self.head = [off + i * size for i in range(count)]
        self.sec = [struct.unpack_from("<IIQQQQIIQQ", image, h) for h in self.head]
        strings = self.sec[names][4]
        self.name = [self.text(strings + s[0]) for s in self.sec]

    def text(self, at):
        return self.b[at:self.b.index(0, at)].decode()

    def place(self, address):
        """File offset of an address in a section that has contents."""
        for s in self.sec:
            if s[2] & 2 and s[1] != 8 and s[3] <= address < s[3] + s[5]:
                return s[4] + address - s[3]
        raise ValueError("no section holds 0x%x" % address)

    def symbol(self, name):
        for s in self.sec:
            if s[1] != SHT_SYMTAB:
                continue
            strings = self.sec[s[6]][4]
            for at in range(s[4], s[4] + s[5], s[9]):
                n, _, _, _, value, size = struct.unpack_from("<IBBHQQ", self.b, at)
                if n and self.text(strings + n) == name:
                    return value, size
        raise ValueError("no symbol " + name)


def move(image, ranges):
    elf = Elf(image)
    i = elf.name.index(".relr.dyn")
    _, _, _, _, off, size = elf.sec[i][:6]
    starts = [a for a, _ in ranges]
    keep, late = [], []
    for a in decode(struct.unpack_from("<%dQ" % (size // 8), image, off)):
        k = bisect.bisect(starts, a) - 1
        (late if k >= 0 and a < ranges[k][1] else keep).append(a)
    keep, late = encode(keep), encode(late)
    table, room = elf.symbol("late_relocs")
    if len(keep) * 8 > size or (len(late) + 1) * 8 > room:
        raise ValueError("no room")
    image[off:off + size] = struct.pack("<%dQ" % len(keep), *keep).ljust(size, b"\0")
    struct.pack_into("<%dQ" % (len(late) + 1), image, elf.place(table), len(late), *late)
    struct.pack_into("<Q", image, elf.head[i] + 32, len(keep) * 8)
    dyn = next(s for s in elf.sec if s[1] == SHT_DYNAMIC)
    for at in range(dyn[4], dyn[4] + dyn[5], 16):
        if struct.unpack_from("<Q", image, at)[0] == DT_RELRSZ:
            struct.pack_into("<Q", image, at + 8, len(keep) * 8)
            return
    raise ValueError("no DT_RELRSZ")


def main():
    program, link_map = sys.argv[1:]
    with open(link_map, encoding="utf-8", errors="replace") as f:
        ranges = ranges_of(f.read())
    with open(program, "rb") as f:
        image = bytearray(f.read())
    if image[:6] != b"\x7fELF\x02\x01":
        return
    try:
        move(image, ranges)
    except (ValueError, struct.error, StopIteration) as e:
        print("late_relocs.py: all relocations stay at start: %s" % e, file=sys.stderr)
        return
    with open(program, "r+b") as f:
        f.write(image)


main()
