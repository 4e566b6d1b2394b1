# SPDX-License-Identifier: MIT
"""Input data: made once, deterministic; and the work of the static programs, calibrated once."""
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys

import machine
from runner import Worker

HERE = os.path.dirname(os.path.abspath(__file__))
GO = {"x86_64": "amd64", "aarch64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64le",
      "s390x": "s390x", "arm": "arm", "i386": "386"}
NATIVE_SECONDS = 0.3


def make_text(path, size):
    state = 88172645463325252
    mask = (1 << 64) - 1
    parts = ("ta re mi con ver so lu dan per is ing ed the an or ble qui ex "
             "um ly").split()

    def rnd():
        nonlocal state
        state ^= state << 13 & mask
        state ^= state >> 7
        state ^= state << 17 & mask
        return state

    vocab = ["".join(parts[rnd() % 20] for _ in range(1 + rnd() % 4))
             for _ in range(4096)]
    out, n = [], 0
    while n < size:
        r = rnd()
        w = vocab[(r & 4095) * (r >> 12 & 4095) >> 12]
        w += "\n" if (r >> 58) == 0 else " "
        out.append(w)
        n += len(w)
    with open(path, "w") as f:
        f.write("".join(out)[:size])


def make_picture(path, w=640, h=480):
    data = bytearray()
    for y in range(h):
        for x in range(w):
            v = int(80 * math.sin(x / 31) + 60 * math.cos(y / 17) +
                    (x * y * 2654435761 >> 20 & 31))
            data += bytes(((v + x // 4) & 255, (v * 2 + y // 3) & 255,
                           (x ^ y) & 255))
    with open(path, "wb") as f:
        f.write(b"P6\n%d %d\n255\n" % (w, h) + data)


def make_texts(d):
    big = os.path.join(d, "text20m")
    make_text(big, 20 << 20)
    with open(big, "rb") as f:
        text = f.read()
    for name, size in (("text6m", 6 << 20), ("text3m", 3 << 20), ("text1m", 1 << 20)):
        with open(os.path.join(d, name), "wb") as f:
            f.write(text[:size])
    make_picture(os.path.join(d, "picture.ppm"))


def generate(script, path, *args):
    with open(path + ".new", "w") as f:
        subprocess.run([sys.executable, os.path.join(HERE, "guest", script), *args],
                       stdout=f, check=True)
    os.replace(path + ".new", path)


def newer(source, made):
    """Whether made is missing or older than the file of the kit it is made from."""
    return (not os.path.exists(made) or
            os.path.getmtime(os.path.join(HERE, "guest", source)) > os.path.getmtime(made))


def native_jobs(d, arches):
    """Commands for the native root, with what they are for."""
    at = lambda name: os.path.join(d, name)
    jobs = []
    if not os.path.exists(at("text20m.zst")):
        jobs.append(("zstd's input", ["/usr/bin/zstd", "-3", "-q", "-f", "/mnt/data/text20m",
                                      "-o", "/mnt/data/text20m.zst"]))
    if newer("Bench.java", at("Bench.class")):
        jobs.append(("Java class", ["/usr/bin/javac", "-d", "/mnt/data", "/mnt/kit/Bench.java"]))
    for arch in ["x86_64"] + arches:
        if arch in GO and newer("gobench.go", at("gobench." + arch)):
            jobs.append(("Go program, " + arch, [
                "/bin/sh", "-c", "HOME=/tmp CGO_ENABLED=0 GOARCH=%s go build -o "
                "/mnt/data/gobench.%s /mnt/kit/gobench.go" % (GO[arch], arch)]))
    if newer("gen_history.py", at("history.git/done")):
        shutil.rmtree(at("history.git"), ignore_errors=True)
        jobs.append(("git history", [
            "/bin/sh", "-ec", "cd /mnt/data; git init -q --bare -b main history.git; "
            "python3 /mnt/kit/gen_history.py 5000 | git -C history.git fast-import --quiet; "
            "touch history.git/done"]))
    return jobs


def make(d, roots, arches):
    """Makes what is missing in folder d. Returns the names of what could not be made."""
    os.makedirs(d, exist_ok=True)
    if not os.path.exists(os.path.join(d, "picture.ppm")):
        print("bench: making input data", file=sys.stderr, flush=True)
        make_texts(d)
    for name, functions in (("big.c", "40"), ("large.c", "150")):
        if newer("gen_c.py", os.path.join(d, name)):
            generate("gen_c.py", os.path.join(d, name), functions)
    native = roots.get("x86_64")
    jobs = native_jobs(d, arches) if native else []
    if not jobs:
        return []
    failed = []
    w = Worker(native, None, d, None)
    for what, job in jobs:
        print("bench: making %s" % what, file=sys.stderr, flush=True)
        r = w.run(job, 1, 600)
        if r.get("rc"):
            failed.append(what)
            print("bench: %s cannot be made: %s" % (what, r.get("out", "")[-300:].strip()),
                  file=sys.stderr)
    w.close()
    return failed


# --------------------------------------------------------------------------
# How much work a static program does: its argument, percent of what it does without.

def round_up(percent):
    """Two digits, so that a table of them reads well."""
    step = 10 ** max(0, int(math.log10(percent)) - 1)
    return int(math.ceil(percent / step) * step)


def find_scale(run, program, want):
    """The percentage with which program takes at least want seconds natively."""
    percent = 100
    for _ in range(8):
        costs = [run.run([program, str(percent)], 1, 60) for _ in range(2)]
        cpu = min(c["cpu"] for c in costs)    # a busy machine makes it seem longer
        if any(c["rc"] for c in costs) or cpu >= want:
            return percent
        # Work that grows with the square would overshoot: steps of ten at most.
        percent = round_up(percent * min(10, max(1.05, 1.05 * want / max(cpu, 1e-3))))
    return percent


def scales(d, bindir, cases, run):
    """{case: percent} for static cases whose work may be scaled; kept in d for this processor
    and these programs, so that later runs do the same work."""
    path = os.path.join(d, "scale.json")
    try:
        with open(path) as f:
            kept = json.load(f)
    except (OSError, ValueError):
        kept = {}
    out, changed = {}, False
    for c in cases:
        program = os.path.join(bindir, c.argv[0])
        if c.kind != "static" or c.fixed or not os.path.exists(program):
            continue
        with open(program, "rb") as f:
            key = "%s %s" % (machine.cpu_model(), hashlib.sha256(f.read()).hexdigest()[:16])
        if kept.get(c.name, {}).get("key") != key:
            percent = find_scale(run, program, NATIVE_SECONDS * 1.08)
            kept[c.name] = {"key": key, "percent": percent}
            print("bench: %s takes %.1f s natively with %d %% of its work"
                  % (c.name, NATIVE_SECONDS, percent), file=sys.stderr, flush=True)
            changed = True
        out[c.name] = kept[c.name]["percent"]
    if changed:
        os.makedirs(d, exist_ok=True)
        with open(path, "w") as f:
            json.dump(kept, f, indent=1, sort_keys=True)
    return out
