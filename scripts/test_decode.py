#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Test gen_decode.py with the tables in tests/decode.

usage: test_decode.py

bad/*.dec must be refused with the message their first line names: '# expect: MESSAGE'.
ok/*.dec must be accepted; their lines '# decode WORD FEATURES => NAME operand=value ...' are
run through the decoder, compiled with $CC (default cc). NAME may be 'undefined' or 'todo';
signed operands print signed. FILE_a.dec and FILE_b.dec make one decoder together.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GEN = os.path.join(ROOT, "scripts", "gen_decode.py")
TESTS = os.path.join(ROOT, "tests", "decode")
FORMAT = {"uint32_t": '%u", (unsigned)', "uint64_t": '%llu", (unsigned long long)',
          "int64_t": '%lld", (long long)'}


def generate(tmp, paths):
    return subprocess.run([sys.executable, GEN, os.path.join(tmp, "t_decode.h"),
                           os.path.join(tmp, "t_decode.c"), "test", *paths],
                          capture_output=True, text=True, timeout=60)


def bad_case(path, tmp):
    with open(path, encoding="utf-8") as f:
        want = f.readline().partition("expect:")[2].strip()
    run = generate(tmp, [path])
    if run.returncode != 1:
        return f"exit status {run.returncode}, not 1"
    if not want or want not in run.stderr:
        return f"expected '{want}', got '{run.stderr.strip()}'"
    return None


def printers(header):
    """Lift functions that print their operands, for each struct of the header."""
    out = []
    for body, name in re.findall(r"typedef struct \{\n(.*?)\} tst_(\w+)_args;", header, re.S):
        out.append(f"bool tst_{name}(Lift *l, const tst_{name}_args *a)\n{{\n"
                   f'    (void)l;\n    printf("{name}");')
        for kind, member in re.findall(r"    (\w+) (\w+);", body):
            if member != "word":
                out.append(f'    printf(" {member}={FORMAT[kind]}a->{member});')
        out.append("    return a != NULL;\n}")
    return "\n".join(out)


def driver(tmp, cases):
    with open(os.path.join(tmp, "t_decode.h"), encoding="utf-8") as f:
        header = f.read()
    out = ["#include <stdio.h>", '#include "t_decode.h"', printers(header),
           "bool lift_todo(Lift *l, uint32_t w)",
           '{\n    (void)w;\n    printf("todo");\n    l->row = "";\n    return false;\n}',
           "static void one(uint32_t w, uint64_t f)\n{\n    Lift l = { .features = f };\n"
           "    if (!tst_decode(&l, w) && !l.row)\n"
           '        printf("undefined");\n    printf("\\n");\n}', "int main(void)\n{"]
    for word, features, _ in cases:
        mask = " | ".join(f"TST_FEAT_{f}" for f in features.split(",") if f != "none") or "0"
        out.append(f"    one(0x{word}, {mask});")
    return "\n".join(out + ["    return 0;", "}", ""])


def ok_case(paths, tmp):
    run = generate(tmp, paths)
    if run.returncode != 0:
        return run.stderr.strip()
    text = "".join(open(p, encoding="utf-8").read() for p in paths)
    cases = re.findall(r"^# decode ([0-9a-f]+) (\S+) => (.*?)\s*$", text, re.M)
    with open(os.path.join(tmp, "main.c"), "w", encoding="utf-8") as f:
        f.write(driver(tmp, cases))
    exe = os.path.join(tmp, "run")
    build = subprocess.run([*os.environ.get("CC", "cc").split(), "-std=gnu17", "-Wall", "-Wextra",
                            "-Werror", "-I", ROOT, "-I", tmp, "-o", exe,
                            os.path.join(tmp, "main.c"), os.path.join(tmp, "t_decode.c")],
                           capture_output=True, text=True, timeout=120)
    if build.returncode != 0:
        return build.stderr.strip()
    lines = subprocess.run([exe], capture_output=True, text=True, timeout=60).stdout.splitlines()
    for (word, features, want), got in zip(cases, lines + [""] * len(cases)):
        # operands may be listed in any order
        if sorted(want.split()) != sorted(got.split()):
            return f"{word} {features}: expected '{want}', got '{got}'"
    return None


def main():
    passed = failed = 0
    jobs = [(p, bad_case) for p in sorted(glob.glob(os.path.join(TESTS, "bad", "*.dec")))]
    for path in sorted(glob.glob(os.path.join(TESTS, "ok", "*.dec"))):
        if not path.endswith("_b.dec"):
            jobs.append((path, lambda p, t: ok_case(
                [p] + ([p[:-6] + "_b.dec"] if p.endswith("_a.dec") else []), t)))
    for path, check in jobs:
        with tempfile.TemporaryDirectory() as tmp:
            problem = check(path, tmp)
        if problem:
            print(f"{os.path.relpath(path, ROOT)}: {problem}")
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
