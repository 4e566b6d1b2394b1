#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Execute every vector instruction of the riscv64 tables on both engines and another emulator.

usage: rvv.py [--mimus CMD] [--oracle CMD] [--words N] [--states N] [--seed N] [--rows REGEX]
              [--vlen 128,256] [--engines jit,interp] [--out DIR] [--show N]

For each row of rvv.dec and rvvk.dec N words are made, each is executed by rvv_guest.c on N states:
random vtype, vl, vstart, masks, rounding, registers and memory. Of cases that end with a memory
fault only the signal is compared with the other emulator (they differ in how much was stored
before); our engines must leave the same state. A line of
rvv.txt says which differences are known: `row REGEX | why`.
"""
import argparse
import collections
import os
import random
import re
import shlex
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GUEST = os.path.join(ROOT, "translate", "guest", "riscv64")
CASE = struct.Struct("<IBBBBQHHI")
MEMORY, WILD = 1, 2
DIED = "died"
FEATURES = ("v zvfh zvbb zvbc zvkg zvkned zvknha zvknhb zvksed zvksh zvfbfmin zvfbfwma").split()


class Row:
    def __init__(self, name, encoding, widths):
        self.name, self.parts = name, []
        for part in encoding.split():
            if re.fullmatch("[01]+", part):
                self.parts.append((None, len(part), int(part, 2)))
            else:
                self.parts.append((part, widths[part], 0))


def read_rows():
    rows = []
    for table in ("rvv.dec", "rvvk.dec"):
        widths = {}
        for line in open(os.path.join(GUEST, table), encoding="utf-8"):
            if line.startswith("fields"):
                widths = {k: int(w) for k, w in (f.split(":") for f in line.split()[1:])}
            cells = [c.strip() for c in line.split("|")]
            if len(cells) == 5 and not line.startswith("#"):
                rows.append(Row(cells[0], cells[1], widths))
    return rows


def vector_register(rnd):
    """Mostly a number that is right for large groups."""
    return rnd.choice((8, 16, 24, 4 * rnd.randrange(8), 2 * rnd.randrange(16), rnd.randrange(32)))


def make_word(row, rnd):
    word, vm = 0, rnd.random() < 0.6
    memory = re.match(r"v[ls]", row.name) and "_" not in row.name and not row.name.startswith("vset")
    for name, width, value in row.parts:
        if name == "vm":
            value = int(vm)
        elif name in ("vd", "vs1", "vs2", "vs3"):
            value = vector_register(rnd)
        elif name == "rd":
            value = rnd.choice((16, 16, 16, 0))
        elif name == "nf":
            value = rnd.choice((0, 0, 0, 0, 1, 1, 2, 3, 7, rnd.randrange(8)))
        elif name == "rs1":
            value = rnd.choice((10, 10, 10, 14)) if memory else rnd.choice((11, 12, 13, 15, 0))
        elif name == "rs2":
            value = rnd.choice((13, 13, 12, 0)) if memory else rnd.choice((11, 12, 13, 15))
        elif name in ("z10", "z11"):
            value = rnd.choice((rnd.randrange(256), rnd.randrange(256), rnd.randrange(1 << width)))
            value &= ~256           # reserved; newer emulators have Zvfbfa, where it is altfmt
        elif name:
            value = rnd.randrange(1 << width)
        word = word << width | value
    return word


def make_case(row, word, vlen, rnd):
    sew, lmul = rnd.randrange(4), rnd.choice((0, 0, 0, 1, 2, 3, 5, 6, 7))
    if rnd.random() < 0.02:
        sew, lmul = rnd.randrange(8), rnd.randrange(8)
    vtype = sew << 3 | lmul | rnd.randrange(4) << 6
    power = lmul - 8 if lmul > 4 else lmul
    vlmax = max(1, int(vlen / 8 / (1 << sew) * 2.0 ** power))
    avl = rnd.choice((vlmax, vlmax, vlmax, rnd.randrange(vlmax + 1), rnd.randrange(vlmax + 1), 0, 1))
    if rnd.random() < 0.1:
        avl &= ~3
    vstart = rnd.randrange(avl + 1) if rnd.random() < 0.1 else 0
    frm = rnd.choice((0, 0, 0, 0, 1, 2, 3, 4, 4)) if rnd.random() > 0.03 else rnd.randrange(8)
    m = re.match(r"v[ls][uo]xei(\d+)", row.name)
    kind = 0
    if re.match(r"v[ls]", row.name) and "_" not in row.name and not row.name.startswith("vset"):
        kind = MEMORY | (WILD if rnd.random() < 0.03 else 0)
    return CASE.pack(word, kind, int(m.group(1)) // 8 if m else 0, frm, rnd.randrange(8), vtype,
                     avl, vstart, rnd.randrange(1 << 32))


def build_guest(out):
    exe = os.path.join(out, "rvv_guest")
    src = os.path.join(HERE, "rvv_guest.c")
    if not os.path.exists(exe) or os.path.getmtime(exe) < os.path.getmtime(src):
        subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-o", exe, src], check=True)
    return exe


def run(cmd, args, timeout=900):
    r = subprocess.run(cmd + args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout)
    return r.stdout.decode().splitlines(), r.returncode, r.stderr.decode()[-300:]


def known(path):
    out = []
    for line in open(path, encoding="utf-8"):
        m = re.match(r"row (\S+) \| (.*)", line)
        if m:
            out.append((re.compile(m.group(1)), m.group(2)))
    return out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--mimus", default=os.path.join(ROOT, "build", "mimus"))
    p.add_argument("--oracle")
    p.add_argument("--words", type=int, default=12)
    p.add_argument("--states", type=int, default=12)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rows", default=".*")
    p.add_argument("--vlen", default="128")
    p.add_argument("--engines", default="jit,interp")
    p.add_argument("--out", default=os.path.join(ROOT, "build", "isa"))
    p.add_argument("--show", type=int, default=1, help="differences shown of each row")
    o = p.parse_args()

    os.makedirs(o.out, exist_ok=True)
    oracle = shlex.split(o.oracle) if o.oracle else None
    if not oracle:
        r = subprocess.run([os.path.join(ROOT, "scripts", "newest-qemu"), "riscv64"],
                           stdout=subprocess.PIPE, check=False)
        if r.returncode:
            print("rvv: skipped: no second emulator")
            print("0 passed, 0 failed")
            return 0
        oracle = [r.stdout.decode().strip()]
    guest = build_guest(o.out)
    passed = failed = 0
    for vlen in o.vlen.split(","):
        good, bad = compare(o, oracle, guest, int(vlen))
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return failed > 0


def compare(o, oracle, guest, vlen):
    """All rows with this vector length; how many are equal, how many not."""
    rnd = random.Random(o.seed)
    rows = [r for r in read_rows() if re.fullmatch(o.rows, r.name)]
    cases, owner = [], []
    for row in rows:
        for _ in range(o.words):
            word = make_word(row, rnd)
            for _ in range(o.states):
                cases.append(make_case(row, word, vlen, rnd))
                owner.append(row.name)
    path = os.path.join(o.out, f"rvv.{vlen}.{o.seed}")
    with open(path, "wb") as f:
        f.write(b"".join(cases))

    mimus = shlex.split(o.mimus)
    cpu = "max," + ",".join(f + "=on" for f in FEATURES) + f",vlen={vlen}"
    commands = {"oracle": oracle + ["-cpu", f"max,vlen={vlen},rvv_ta_all_1s=off,rvv_ma_all_1s=off"]}
    for e in o.engines.split(","):
        commands[e] = mimus + ["-accel", e, "-cpu", cpu]
    results = {}
    crashes = collections.Counter()
    for name, cmd in commands.items():
        lines = []
        while len(lines) < len(cases):
            more, code, err = run(cmd, [guest, path, str(len(lines))])
            lines += [x for x in more if re.fullmatch("[0-9a-f]{16} [0-9]+ [0-9a-f]{16}", x)]
            if len(lines) < len(cases):
                crashes[name, owner[len(lines)], err.strip()[-60:]] += 1
                lines.append(DIED)
        results[name] = lines[:len(cases)]
    for (name, row, err), n in crashes.items():
        print(f"rvv: {name} died {n} times of {row}: {err}")
    results, exact = split(results)
    want = results.pop("oracle")
    exceptions = known(os.path.join(HERE, "rvv.txt"))
    failed, excused, shown = collections.Counter(), collections.Counter(), collections.Counter()
    legal = collections.Counter()
    first = next(iter(results))
    for i in range(len(cases)):
        if want[i].endswith(" 0"):
            legal[owner[i]] += 1
        for name, got in results.items():
            if (want[i] == DIED or got[i] == want[i]) and exact[name][i] == exact[first][i]:
                continue
            why = next((w for r, w in exceptions if r.fullmatch(owner[i])), None)
            if why:
                excused[why] += 1
                continue
            failed[owner[i]] += 1
            if shown[owner[i]] < o.show:
                shown[owner[i]] += 1
                show(owner[i], name, commands, guest, path, i)
            break
    for why, n in excused.items():
        print(f"rvv: {n} known differences: {why}")
    never = [r.name for r in rows if not legal[r.name]]
    if never:
        print("rvv: never legal:", " ".join(never))
    for name, n in failed.items():
        print(f"rvv: {name}: {n} differences")
    bad = len(failed)
    print(f"rvv: vlen {vlen}, {len(rows)} rows, {len(cases)} cases, {sum(legal.values())} without a signal")
    return len(rows) - bad, bad


def split(results):
    """The last column of each line, a hash of the state whatever it is, by itself."""
    return ({k: [x.rsplit(" ", 1)[0] for x in v] for k, v in results.items()},
            {k: [x.rsplit(" ", 1)[-1] for x in v] for k, v in results.items()})


def show(row, name, commands, guest, path, i):
    a = run(commands["oracle"], [guest, path, str(i), str(i + 1)])[0]
    b = run(commands[name], [guest, path, str(i), str(i + 1)])[0]
    print(f"--- {row}: {name} differs (case {i})")
    print("    " + (a[1] if len(a) > 1 else "?"))
    for x, y in zip(a, b):
        if x != y:
            print(f"    oracle {x}\n    {name:6} {y}")


if __name__ == "__main__":
    sys.exit(main())
