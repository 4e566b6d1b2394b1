#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The results of VIXL's AArch64 simulator tests, which it keeps as traces, against both engines.

usage: vixl.py [--mimus CMD] [--tool isa-words] [--source DIR] [--oracle CMD] [--every N]
               [--engines jit,interp] [--jobs N] [--out DIR]

The source is Debian's package vixl (scripts/debian-source), or DIR, a tree of VIXL with
test/aarch64. The list of tests is what the C preprocessor makes of the macros in
test-simulator-aarch64.cc; each becomes kernels, one for each immediate or index, that
aarch64-linux-gnu-gcc assembles, and a row of the table that vixl_guest.c works through. With
--every N only each Nth test is run.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import isa          # noqa: E402
import check_encodings # noqa: E402

SUITES = ("trixie", "bookworm", "sid")
ARCH = "armv8.6-a+fp16+fp16fml+dotprod+rdma+sha3"
BYTES = {"B": 1, "H": 2, "S": 4, "D": 8}
# Arm ARM, FPMulAddH and FPProcessNaNs3H: a signalling NaN among the half-precision operands comes
# before a quiet one. VIXL's simulator makes them single precision first, which makes them quiet.
ANY_NAN = {"fmlal", "fmlal2", "fmlsl", "fmlsl2"}
PART = 40               # tests of one process
SHOWN = 40


def find_source(given):
    if given:
        return given
    for suite in SUITES:
        r = subprocess.run([os.path.join(ROOT, "scripts", "debian-source"), suite, "vixl",
                            "test/aarch64/*"], stdout=subprocess.PIPE, text=True)
        if r.returncode == 0:
            return r.stdout.strip()
    return None


def preprocess(text):
    cpp = shutil.which("cpp") or "cc -E"
    r = subprocess.run(shlex.split(cpp) + ["-P", "-undef", "-w", "-x", "c", "-"], input=text,
                       stdout=subprocess.PIPE, text=True)
    return r.stdout


def read_calls(path):
    """[(name, test function, arguments)] of the list of tests."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = text[text.index("#define STRINGIFY"):]
    keep = [x for x in text.splitlines() if not re.match(r"#\s*(if|else|endif|undef)", x)]
    out = preprocess("#define TEST(n) @TEST n\n" + "\n".join(keep))
    calls = []
    for part in out.split("@TEST")[1:]:
        m = re.search(r"\b(Test\w+)\s*\((.*?)\);", part, re.S)
        if m:
            calls.append((part.split()[0], m.group(1), split_arguments(m.group(2))))
    return calls


def split_arguments(text):
    args, depth, start = [], 0, 0
    for i, ch in enumerate(text + ","):
        depth += (ch == "(") - (ch == ")")
        if ch == "," and depth == 0:
            args.append(" ".join(text[start:i].split()))
            start = i + 1
    return args


def read_inputs(path):
    """{array: (bytes of an element, values as text)}"""
    with open(path, encoding="utf-8") as f:
        text = preprocess("\n".join(x for x in f.read().splitlines()
                                    if not x.startswith(("#include", "#error"))))
    sizes = {"uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "uint64_t": 8, "int": 4, "double": 8}
    out = {}
    for kind, name, body in re.findall(r"static const (\w+) (\w+)\[\]\s*=\s*\{(.*?)\};", text, re.S):
        out[name] = (sizes[kind], [x.strip() for x in body.split(",") if x.strip()])
    return out


def operand(form, number):
    """A register as it is written in format `form`, such as 8B or H."""
    if form[0].isdigit():
        return "v%d.%s" % (number, form.lower())
    return form.lower() + str(number)


class Test:
    """One test: what vixl_guest.c's table has, and the instructions."""

    def __init__(self, title, function, args, inputs, traces):
        self.name = "".join(re.findall(r'"([^"]*)"', args[0]))
        self.mnemonic = args[1].split("::")[1].strip("_")
        self.inputs = inputs
        self.forms = [a[7:] for a in args if a.startswith("kFormat")]
        arrays = [a for a in args if a in inputs]
        expected = next(a for a in args if a.startswith("kExpected_"))
        # Some trace files have the test's name, most that of the array in them.
        names = [re.sub("^kExpected_(NEON_)?", "", expected), title]
        files = ["sim-%s-trace-aarch64.h" % n.lower().replace("_", "-") for n in names]
        self.trace = next((n for n in files if n in traces), files[0])
        self.d = self.m = None
        self.window = 16
        getattr(self, "make_" + function)(arrays, args)

    def values(self, array):
        return self.inputs[array][1]

    def scalar(self, kind, arrays, code, result):
        self.kind, self.n, self.code, self.result_bytes = kind, arrays[0], code, result

    def registers(self, count):
        """fadd_d: operands d0 to d2; fcvt_sd: s0, d1."""
        variant = self.name.split("_")[1]
        return ["%s%d" % (variant[min(i, len(variant) - 1)], i) for i in range(count)]

    def make_fp(self, kind, count, arrays):
        regs = self.registers(count)
        self.scalar(kind, arrays, ["%s %s" % (self.mnemonic, ", ".join(regs))],
                    BYTES[regs[0][0].upper()])

    def make_Test1Op(self, arrays, args):
        self.make_fp("SCALAR_1", 2, arrays)

    def make_Test2Op(self, arrays, args):
        self.make_fp("SCALAR_2", 3, arrays)

    def make_Test3Op(self, arrays, args):
        self.make_fp("SCALAR_3", 4, arrays)

    def compare(self, kind, arrays, operands):
        code = "%s %s\n mrs x0, nzcv\n ubfx x0, x0, 28, 4\n fmov d0, x0" % (self.mnemonic, operands)
        self.scalar(kind, arrays, [code], 1)

    def make_TestCmp(self, arrays, args):
        regs = self.registers(3)
        self.compare("SCALAR_2", arrays, "%s, %s" % (regs[1], regs[2]))

    def make_TestCmpZero(self, arrays, args):
        self.compare("SCALAR_1", arrays, self.name.split("_")[1][0] + "1, #0.0")

    def make_TestFPToS(self, arrays, args, fixed=False):
        rd, rn = self.name.split("_")[1]
        bits = 64 if rd == "x" else 32
        code = ["%s %s0, %s1%s\n fmov %s0, %s0" % (
            self.mnemonic, rd, rn, ", #%d" % n if n else "", "d" if rd == "x" else "s", rd)
            for n in (range(bits + 1) if fixed else [0])]
        self.scalar("SCALAR_1", arrays, code, bits // 8)

    make_TestFPToU = make_TestFPToS

    def make_TestFPToFixedS(self, arrays, args):
        self.make_TestFPToS(arrays, args, True)

    make_TestFPToFixedU = make_TestFPToFixedS

    def vector(self, kind, arrays, code):
        self.kind, self.code = kind, code
        self.n, self.m = arrays[0], arrays[-1] if len(arrays) > 1 else None
        self.result_bytes = BYTES[self.forms[0][-1]]

    def make_Test1OpNEON(self, arrays, args):
        d, n = self.forms
        self.vector("VECTOR_1", arrays, ["%s %s, %s" % (self.mnemonic, operand(d, 0),
                                                        operand(n, 1))])

    def make_Test1OpAcrossNEON(self, arrays, args):
        self.make_Test1OpNEON(arrays, args)
        n = self.forms[1]
        self.window = int(n[:-1]) * BYTES[n[-1]]

    def make_Test2OpNEON(self, arrays, args):
        d, n, m = self.forms
        self.d = arrays[0]
        self.vector("VECTOR_2", arrays[1:2] + arrays[-1:], ["%s %s, %s, %s" % (
            self.mnemonic, operand(d, 0), operand(n, 1), operand(m, 2))])

    def make_TestByElementNEON(self, arrays, args):
        d, n, m = self.forms
        self.d = arrays[0]
        # A dot product's element is four bytes: the last argument tells how many.
        group = args[-1] if args[-1].isdigit() and args[-1] != "1" else ""
        self.vector("VECTOR_ELT", arrays[1:3], ["%s %s, %s, v2.%s[%s]" % (
            self.mnemonic, operand(d, 0), operand(n, 1), group + m[-1].lower(), i)
            for i in self.values(arrays[3])])

    def make_Test2OpImmNEON(self, arrays, args):
        d, n = self.forms
        code = []
        for imm in self.values(arrays[1]):
            source = operand(n, 1)
            if self.mnemonic == "dup":
                source, last = "v1.%s[%s]" % (n[-1].lower(), imm), ""
            elif re.match(r"fcvtz|[su]cvtf", self.mnemonic) and int(imm, 0) == 0:
                last = ""
            else:
                last = ", #" + imm
            code.append("%s %s, %s%s" % (self.mnemonic, operand(d, 0), source, last))
        self.vector("VECTOR_IMM", arrays[:1], code)

    def make_TestOpImmOpImmNEON(self, arrays, args):
        d = self.forms[0][-1].lower()
        self.d = arrays[0]
        self.vector("VECTOR_INS", arrays[2:3], ["%s v0.%s[%s], v1.%s[%s]" % (
            self.mnemonic, d, i, d, j) for i in self.values(arrays[1])
            for j in self.values(arrays[3])])

    def row(self, number):
        n, m = self.n, self.m or self.n
        return ('{ "%s", "%s", %s, kernels_%d, %d, %s, %s, %s, %d, %d, %d, %d, %d, %d, %d },' % (
            self.name, self.trace, self.kind, number, len(self.code), self.d or n, n, m,
            len(self.values(n)), len(self.values(m)), self.inputs[n][0], self.inputs[m][0],
            self.window, self.result_bytes, self.mnemonic in ANY_NAN))


def assemble(tests, out):
    """Write and assemble the kernels; returns those tests whose instructions gas knows."""
    path = os.path.join(out, "vixl_kernels.S")
    while True:
        owner, lines = {}, [".arch " + ARCH, ".text"]
        for i, t in enumerate(tests):
            for k, code in enumerate(t.code):
                lines += [".global kernel_%d_%d" % (i, k), "kernel_%d_%d:" % (i, k)]
                for text in code.split("\n") + ["ret"]:
                    lines.append(text)
                    owner[len(lines)] = t
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        r = subprocess.run(["aarch64-linux-gnu-gcc", "-c", "-o", path[:-1] + "o", path],
                           stderr=subprocess.PIPE, text=True)
        wrong = {}
        for n, why in re.findall(r":(\d+): Error: (.*)", r.stderr):
            wrong.setdefault(owner[int(n)], why)
        if not wrong:
            return tests
        print("left out: %d tests that the assembler does not take: %s" % (
            len(wrong), ", ".join("%s (%s)" % (t.name, why) for t, why in list(wrong.items())[:20])))
        tests = [t for t in tests if t not in wrong]


def build_guest(tests, inputs, out):
    with open(os.path.join(out, "vixl_tests.h"), "w", encoding="utf-8") as f:
        for name in sorted({x for t in tests for x in (t.d, t.n, t.m) if x}):
            f.write("static const uint%d_t %s[] = { %s };\n" % (
                8 * inputs[name][0], name, ", ".join(inputs[name][1])))
        for i, t in enumerate(tests):
            names = ["kernel_%d_%d" % (i, k) for k in range(len(t.code))]
            f.write("extern Kernel %s;\nstatic Kernel *const kernels_%d[] = { %s };\n" % (
                ", ".join(names), i, ", ".join(names)))
        f.write("static const Test tests[] = {\n%s\n};\n" % "\n".join(
            t.row(i) for i, t in enumerate(tests)))
    exe = os.path.join(out, "vixl_guest")
    subprocess.run(["aarch64-linux-gnu-gcc", "-O2", "-static", "-w", "-I", out, "-I", ROOT, "-o", exe,
                    os.path.join(HERE, "vixl_guest.c"), os.path.join(out, "vixl_kernels.o")],
                   check=True)
    return exe


def run_part(command, guest, traces, first, last):
    try:
        r = subprocess.run(command + [guest, traces, str(first), str(last)], timeout=600,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return r.stdout.decode(errors="replace").splitlines()
    except subprocess.TimeoutExpired:
        return ["timed out"]


def run_engine(name, command, guest, tests, traces, todo, jobs):
    """(tests that agree, tests that do not, names of those undefined here)"""
    bad, missing, results, shown = set(), collections.Counter(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        parts = [(at, min(at + PART, len(tests))) for at in range(0, len(tests), PART)]
        for (at, end), lines in zip(parts, pool.map(
                lambda p: run_part(command, guest, traces, *p), parts)):
            for line in lines:
                what, *rest = line.split()
                if what == "undefined":
                    row = todo.find(int(rest[1], 16))
                    if row:
                        missing[row] += 1
                        continue
                    bad.add(rest[0])
                elif what == "bad":
                    bad.add(rest[0].rstrip(":"))
                elif what == "done":
                    results += int(rest[1])
                    continue
                shown += 1
                if shown <= SHOWN:
                    print("%s: %s" % (name, line))
            if not lines or not lines[-1].startswith("done"):
                print("%s: tests %d to %d: %s" % (name, at, end, lines[-1:]))
                bad.update(t.name for t in tests[at:end])
    left = sum(missing.values())
    print("%s: %d tests, %d results; %d tests differ, %d need what is not lifted or advertised"
          % (name, len(tests) - left, results, len(bad), left), flush=True)
    for row, n in sorted(missing.items()):
        print("    %4d of row %s" % (n, row))
    return len(tests) - left - len(bad), len(bad)


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--source", help="a tree of VIXL")
    ap.add_argument("--oracle", help="run under this command, too")
    ap.add_argument("--every", type=int, default=1)
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--out", default="build/isa")
    a = ap.parse_args()
    out = os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)
    source = find_source(a.source)
    if not source or not shutil.which("aarch64-linux-gnu-gcc"):
        print("skipped: no %s" % ("aarch64-linux-gnu-gcc" if source else "source of VIXL"))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    start = time.monotonic()
    folder = os.path.join(source, "test", "aarch64")
    inputs = read_inputs(os.path.join(folder, "test-simulator-inputs-aarch64.h"))
    calls = read_calls(os.path.join(folder, "test-simulator-aarch64.cc"))
    traces = set(os.listdir(os.path.join(folder, "traces")))
    tests = assemble([Test(*call, inputs, traces) for call in calls[::a.every]], out)
    guest = build_guest(tests, inputs, out)
    print("%d tests in the source, %d of them here" % (len(calls), len(tests)), flush=True)
    mimus = shlex.split(a.mimus)
    commands = [(e, isa.diff.engine(mimus, e)) for e in a.engines.split(",") if e]
    if a.oracle:
        commands.append(("oracle", shlex.split(a.oracle)))
    todo, passed, failed = check_encodings.read_todo(a.tool), 0, 0
    check_encodings.read_exceptions("aarch64", todo)
    for name, command in commands:
        good, bad = run_engine(name, command, guest, tests, os.path.join(folder, "traces"), todo,
                               a.jobs)
        passed, failed = passed + good, failed + bad
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
