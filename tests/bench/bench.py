#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares user-mode emulators with native runs and with each other.

Every case does a fixed amount of work. Cases of kind "static" are the
programs that build.sh makes; they are started as TEMPLATE PROGRAM. Cases of
kind "root" are programs of a distribution inside a root file system: the
runner enters the root file system in a user and mount namespace of its own,
where it registers the emulator with binfmt_misc, so nothing is registered on
the machine itself (Linux 6.7 or newer).

  build.sh OUT x86_64 aarch64 riscv64
  bench.py --bin OUT --arch aarch64 --rootfs x86_64=DIR --rootfs aarch64=DIR \\
      --emu 'qemu=qemu-{arch}' --emu 'mine=/path/to/mine' --runs 3

BENCH_BIN and BENCH_ROOTFS_<ARCH> give the same paths through the environment.
"""
import argparse
import json
import math
import os
import re
import resource
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NATIVE = "native"
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"

# ELF header bytes 18 and 19 (machine), class and data order for binfmt_misc.
MACHINE = {
    "x86_64": (2, 1, 0x3E), "i386": (1, 1, 0x03), "aarch64": (2, 1, 0xB7),
    "arm": (1, 1, 0x28), "riscv64": (2, 1, 0xF3), "ppc64le": (2, 1, 0x15),
    "s390x": (2, 2, 0x16), "loongarch64": (2, 1, 0x102),
    "mips64el": (2, 1, 0x08),
}
DEBARCH = {
    "x86_64": "amd64", "i386": "i386", "aarch64": "arm64", "arm": "armhf",
    "riscv64": "riscv64", "ppc64le": "ppc64el", "s390x": "s390x",
    "loongarch64": "loong64", "mips64el": "mips64el",
}
PROGRAM_ARCH = {"riscv64v": "riscv64"}  # extra program sets of one machine


class Case:
    """One measured command.

    argv is a program name and scale for kind static, a command for kind
    root. reps repeats a short command within one measurement. rate is a
    pattern whose first group is a throughput and a factor: the "time" is
    then factor / throughput (nanoseconds a byte, milliseconds a signature).
    check tells how outputs are compared: same, close (numbers within 0.1 %)
    or none.
    """

    def __init__(self, name, cls, kind, argv, reps=1, rate=None,
                 check="same", needs=None, slow=False):
        self.name, self.cls, self.kind, self.argv = name, cls, kind, argv
        self.reps, self.rate, self.check = reps, rate, check
        self.needs, self.slow = needs, slow


def static_cases():
    classes = {"int": "integer", "fp": "fp", "simd": "simd", "jit": "jit",
               "sys": "syscalls", "thr": "threads"}
    cases = []
    for src in sorted(os.listdir(os.path.join(HERE, "src"))):
        name, ext = os.path.splitext(src)
        if ext != ".c":
            continue
        prefix = name.split("_")[0]
        if name == "start_true":
            cases.append(Case("true_static", "startup", "static",
                              ["start_true"], reps=40))
        elif name == "sys_forkexec":
            cases.append(Case(name, "syscalls", "root", ["/mnt/bin/" + name]))
        else:
            cases.append(Case(name, classes[prefix], "static", [name],
                              check="close" if prefix in ("fp", "simd")
                              else "same"))
    return cases


def root_cases():
    sh = ["/bin/sh", "-c"]
    speed = (r"^\+F:.*:([0-9.]+)$", 1e9)

    def openssl(label, *args):
        return Case("openssl_" + label, "simd", "root",
                    ["/usr/bin/openssl", "speed", "-mr", "-seconds", "1",
                     "-bytes", "16384", "-evp", *args],
                    rate=speed, check="none", needs="/usr/bin/openssl")

    cases = [
        Case("true_dynamic", "startup", "root", ["/bin/true"], reps=20),
        Case("bash_colon", "startup", "root", ["/bin/bash", "-c", ":"],
             reps=10),
        Case("perl_e", "startup", "root", ["/usr/bin/perl", "-e", "1"],
             reps=10),
        Case("python_pass", "startup", "root",
             ["/usr/bin/python3", "-c", "pass"], reps=3),
        Case("python_imports", "startup", "root",
             ["/usr/bin/python3", "-c",
              "import json, re, argparse, subprocess, http.client"], reps=2),
        Case("git_version", "startup", "root", ["/usr/bin/git", "--version"],
             reps=10),
        Case("node_e", "startup", "root", ["/usr/bin/node", "-e", "0"]),
        Case("java_version", "startup", "root",
             ["/usr/bin/java", "-version"], check="none"),
        Case("sh_60_forks", "startup", "root",
             sh + ["i=0; while [ $i -lt 60 ]; do i=$(expr $i + 1); done; "
                   "echo $i"]),

        Case("py_nbody", "script", "root",
             ["/usr/bin/python3", "/mnt/kit/nbody.py"], check="close"),
        Case("py_fannkuch", "script", "root",
             ["/usr/bin/python3", "/mnt/kit/fannkuch.py"]),
        Case("py_mixed", "script", "root",
             ["/usr/bin/python3", "/mnt/kit/mixed.py"]),
        Case("perl_text", "script", "root",
             ["/usr/bin/perl", "/mnt/kit/text.pl"]),
        Case("lua_trees", "script", "root",
             ["/usr/bin/lua5.4", "/mnt/kit/trees.lua"]),

        Case("node_objects", "jit", "root",
             ["/usr/bin/node", "/mnt/kit/objects.js"]),
        Case("node_numeric", "jit", "root",
             ["/usr/bin/node", "/mnt/kit/numeric.js"]),
        Case("node_strings", "jit", "root",
             ["/usr/bin/node", "/mnt/kit/strings.js"]),
        Case("java_bench", "jit", "root",
             ["/usr/bin/java", "-Xshare:auto", "-cp", "/mnt/data", "Bench"],
             needs="Bench.class"),
        Case("go_bench", "jit", "root", ["/mnt/data/gobench.{arch}"],
             needs="gobench"),

        Case("xz_6", "tools", "root",
             sh + ["xz -6 -T1 -k -c /mnt/data/text1m | wc -c"]),
        Case("zstd_9", "tools", "root",
             sh + ["zstd -9 --single-thread -q -c /mnt/data/text6m | wc -c"],
             check="none"),
        Case("zstd_d", "tools", "root",
             sh + ["for i in 1 2 3; do zstd -d -q -c /mnt/data/text20m.zst; "
                   "done | cksum"]),
        Case("gzip_6", "tools", "root",
             sh + ["gzip -6 -n -c /mnt/data/text3m | cksum"]),
        Case("bzip2_9", "tools", "root",
             sh + ["bzip2 -9 -c /mnt/data/text3m | cksum"]),
        Case("7z_a", "tools", "root",
             sh + ["7z a -mx=5 -mmt=1 -bso0 -bsp0 out.7z /mnt/data/text1m; "
                   "echo $?"],
             needs="/usr/bin/7z"),
        Case("sqlite", "tools", "root",
             sh + ["sqlite3 :memory: </mnt/kit/sqlite.sql"]),
        Case("sort_uniq", "tools", "root",
             sh + ["tr ' ' '\\n' </mnt/data/text3m | LC_ALL=C sort | "
                   "uniq -c | LC_ALL=C sort -rn | sed -n 1,3p"]),
        Case("grep_sed_awk", "tools", "root",
             sh + ["grep -c 'ta[nmr]' /mnt/data/text20m; "
                   "sed -n 's/\\(ver\\)\\(so\\)/\\2\\1/gp' /mnt/data/text6m | "
                   "cksum; gawk '{ n += NF } END { print n }' "
                   "/mnt/data/text6m"]),
        openssl("aes128gcm", "aes-128-gcm"),
        openssl("chacha20poly1305", "chacha20-poly1305"),
        openssl("sha256", "sha256"),
        openssl("sha512", "sha512"),
        Case("openssl_rsa2048", "integer", "root",
             ["/usr/bin/openssl", "speed", "-mr", "-seconds", "1", "rsa2048"],
             rate=(r"^\+F2:\d+:\d+:([0-9.]+)", 1e3), check="none"),
        Case("openssl_p256", "integer", "root",
             ["/usr/bin/openssl", "speed", "-mr", "-seconds", "1",
              "ecdsap256"],
             rate=(r"^\+F4:\d+:\d+:([0-9.]+)", 1e3), check="none"),
        Case("cwebp", "simd", "root",
             sh + ["cwebp -quiet -m 4 /mnt/data/picture.ppm -o - | wc -c"],
             check="none",
             needs="/usr/bin/cwebp"),
        Case("cjpeg_djpeg", "simd", "root",
             sh + ["for i in 1 2 3 4 5 6 7 8; do "
                   "cjpeg -quality 85 /mnt/data/picture.ppm | djpeg -ppm; "
                   "done | cksum"],
             needs="/usr/bin/cjpeg"),
        Case("flac", "simd", "root",
             sh + ["flac -5 -s -f --force-raw-format --endian=little "
                   "--sign=signed --channels=2 --bps=16 --sample-rate=44100 "
                   "-c /mnt/data/text6m | wc -c"], check="none",
             needs="/usr/bin/flac"),

        Case("gcc_O2", "build", "root",
             ["/usr/bin/gcc", "-O2", "-c", "/mnt/data/big.c", "-o", "big.o"]),
        Case("gcc_O0", "build", "root",
             ["/usr/bin/gcc", "-O0", "-c", "/mnt/data/big.c", "-o", "big.o"]),
        Case("gxx_stl", "build", "root",
             ["/usr/bin/g++", "-O1", "/mnt/kit/stl.cc", "-o", "stl"]),
        Case("make_kit", "build", "root",
             sh + ["cp /mnt/src/bench.h /mnt/src/int_[a-h]*.c .; printf 'S := $(wildcard *.c)\\n"
                   "all: $(S:.c=.o)\\n%%.o: %%.c\\n"
                   "\\tgcc -O2 -c -o $@ $<\\n' >Makefile; "
                   "make -s -j2 && ls *.o | wc -l"], slow=True),
        Case("configure", "build", "root",
             ["/bin/sh", "/mnt/kit/configure.sh"]),
        Case("git_work", "build", "root", ["/bin/sh", "/mnt/kit/gitwork.sh"]),
    ]
    return cases


# --------------------------------------------------------------------------
# Input data: made once, deterministic.

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


def make_data(d, roots):
    os.makedirs(d, exist_ok=True)
    big = os.path.join(d, "text20m")
    if not os.path.exists(big):
        make_text(big, 20 << 20)
        with open(big, "rb") as f:
            text = f.read()
        for name, size in (("text6m", 6 << 20), ("text3m", 3 << 20),
                           ("text1m", 1 << 20)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(text[:size])
        make_picture(os.path.join(d, "picture.ppm"))
    if not os.path.exists(os.path.join(d, "big.c")):
        with open(os.path.join(d, "big.c"), "w") as f:
            subprocess.run([sys.executable,
                            os.path.join(HERE, "guest", "gen_c.py")],
                           stdout=f, check=True)
    native = roots.get("x86_64")
    if not native:
        return
    w = Worker(native, None, d, None)
    z = ["/usr/bin/zstd", "-3", "-q", "-f", "/mnt/data/text20m", "-o",
         "/mnt/data/text20m.zst"]
    jobs = []
    if not os.path.exists(big + ".zst"):
        jobs.append(z)
    if not os.path.exists(os.path.join(d, "Bench.class")):
        jobs.append(["/usr/bin/javac", "-d", "/mnt/data",
                     "/mnt/kit/Bench.java"])
    for arch, go in (("x86_64", "amd64"), ("aarch64", "arm64"),
                     ("riscv64", "riscv64"), ("ppc64le", "ppc64le"),
                     ("s390x", "s390x"), ("arm", "arm"), ("i386", "386")):
        name = "gobench." + arch
        if not os.path.exists(os.path.join(d, name)):
            jobs.append(["/bin/sh", "-c", "HOME=/tmp CGO_ENABLED=0 GOARCH=%s "
                         "go build -o /mnt/data/%s /mnt/kit/gobench.go"
                         % (go, name)])
    for job in jobs:
        r = w.run(job, 1, 600)
        if r.get("rc"):
            print("bench: preparing data: %s failed: %s"
                  % (job[0], r.get("out", "")[-300:]), file=sys.stderr)
    w.close()


# --------------------------------------------------------------------------
# Running commands.

def measure(argv, reps, timeout, cwd, env, root=None):
    """Runs argv reps times and adds up; gives a dictionary of figures."""
    total = {"wall": 0.0, "cpu": 0.0, "rss": 0, "rc": 0, "out": ""}
    for _ in range(reps):
        if cwd.startswith("/mnt/work"):
            base = (root or "") + cwd
            for e in os.listdir(base):
                p = os.path.join(base, e)
                if os.path.isdir(p) and not os.path.islink(p):
                    shutil.rmtree(p, ignore_errors=True)
                else:
                    os.unlink(p)
        out = tempfile.TemporaryFile()
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                null = os.open("/dev/null", os.O_RDONLY)
                os.dup2(null, 0)
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
                if root:
                    os.chroot(root)
                os.chdir(cwd)
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                os.execve(argv[0], argv, env)
            except OSError as e:
                os.write(2, ("cannot run %s: %s\n" % (argv[0], e)).encode())
            os._exit(127)
        signal.signal(signal.SIGALRM, lambda *a: os.killpg(pid, 9))
        signal.setitimer(signal.ITIMER_REAL, timeout)
        _, status, ru = os.wait4(pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        wall = time.monotonic() - start
        try:
            os.killpg(pid, 9)
        except OSError:
            pass
        out.seek(0)
        total["out"] = out.read(20000).decode("utf-8", "replace")
        out.close()
        total["wall"] += wall
        total["cpu"] += ru.ru_utime + ru.ru_stime
        total["rss"] = max(total["rss"], ru.ru_maxrss)
        rc = os.waitstatus_to_exitcode(status)
        if rc:
            total["rc"] = rc
            if wall >= timeout:
                total["out"] = "timed out"
            break
    return total


class Direct:
    """Runs TEMPLATE + argv on the machine itself."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/tmp"}

    def run(self, argv, reps, timeout):
        return measure(self.prefix + argv, reps, timeout, SCRATCH, self.env)

    def close(self):
        pass


class Worker:
    """Runs commands inside a root file system, from a child in namespaces."""

    def __init__(self, root, emu, data, bindir, arch=None, flags="F"):
        cmd = ["unshare", "-Urm", "--propagation", "private", sys.executable,
               os.path.abspath(__file__), "--worker", root, data,
               bindir or "", emu or "", arch or "", flags]
        self.p = subprocess.Popen(cmd, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        first = self.p.stdout.readline()
        if first.strip() != "ready":
            raise RuntimeError("cannot enter %s: %s" % (root, first.strip()))

    def run(self, argv, reps, timeout):
        self.p.stdin.write(json.dumps([argv, reps, timeout]) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        return json.loads(line) if line else {"rc": 125, "out": "worker died"}

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def magic_line(name, arch, path, flags):
    cls, order, mach = MACHINE[arch]
    m = [mach & 255, mach >> 8]
    typ = [2, 0]
    tmask = [0xFE, 0xFF]
    if order == 2:
        m.reverse()
        typ.reverse()
        tmask.reverse()
    magic = [0x7F, 0x45, 0x4C, 0x46, cls, order, 1] + [0] * 9 + typ + m
    mask = [255] * 7 + [0] + [255] * 8 + tmask + [255, 255]
    esc = lambda v: "".join("\\x%02x" % b for b in v)
    return ":%s:M::%s:%s:%s:%s" % (name, esc(magic), esc(mask), path, flags)


def worker_main(argv):
    root, data, bindir, emu, arch, flags = argv
    run = lambda *a: subprocess.run(a, check=True)
    try:
        run("mount", "-t", "tmpfs", "tmpfs", root + "/mnt")
        for d in ("kit", "src", "data", "bin", "work"):
            os.mkdir(root + "/mnt/" + d)
        run("mount", "--bind", os.path.join(HERE, "guest"), root + "/mnt/kit")
        run("mount", "--bind", os.path.join(HERE, "src"), root + "/mnt/src")
        run("mount", "--bind", data, root + "/mnt/data")
        if bindir:
            run("mount", "--bind", bindir, root + "/mnt/bin")
        run("mount", "-t", "tmpfs", "tmpfs", root + "/tmp")
        run("mount", "--rbind", "/proc", root + "/proc")
        run("mount", "--rbind", "/dev", root + "/dev")
        if emu:
            misc = "/proc/sys/fs/binfmt_misc"
            run("mount", "-t", "binfmt_misc", "binfmt_misc", misc)
            with open(misc + "/register", "w") as f:
                f.write(magic_line("bench-" + arch, arch, emu, flags))
    except (OSError, subprocess.CalledProcessError) as e:
        print("worker: %s" % e, flush=True)
        return 1
    print("ready", flush=True)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
           "LC_ALL": "C", "HOME": "/tmp", "LANG": "C",
           "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    for line in sys.stdin:
        argv, reps, timeout = json.loads(line)
        try:
            res = measure(argv, reps, timeout, "/mnt/work", env, root)
        except Exception as e:  # keep the line protocol alive
            res = {"rc": 126, "out": repr(e)}
        print(json.dumps(res), flush=True)
    return 0


# --------------------------------------------------------------------------
# Comparing and printing.

def close_enough(a, b):
    ta, tb = re.split(r"[\s,]+", a.strip()), re.split(r"[\s,]+", b.strip())
    if len(ta) != len(tb):
        return False
    for x, y in zip(ta, tb):
        if x == y:
            continue
        try:
            u, v = float(x), float(y)
        except ValueError:
            return False
        if abs(u - v) > 1e-3 * max(abs(u), abs(v), 1e-9):
            return False
    return True


def gmean(v):
    return math.exp(sum(math.log(x) for x in v) / len(v)) if v else None


def fmt(x):
    if x is None:
        return "–"
    return "%.3f" % x if x < 1 else "%.2f" % x if x < 100 else "%.0f" % x


def table(arch, cases, names, res, metric, base):
    """Markdown: one row a case, then geometric means by class."""
    emus = [n for n in names if n != NATIVE]
    lines = ["### %s (%s seconds, median)" % (arch, metric), ""]
    head = ["case", "class", "native s"]
    head += ["%s s" % e for e in emus]
    head += ["%s / native" % e for e in emus]
    head += ["%s / %s" % (e, base) for e in emus if e != base and base]
    lines.append("| " + " | ".join(head) + " |")
    lines.append("|" + " --- |" * 2 + " ---: |" * (len(head) - 2))
    ratios, notes = {}, []
    for c in cases:
        r = res.get(c.name, {})
        med = {}
        for n in names:
            runs = r.get(n, [])
            good = [x["t"][metric] for x in runs if x["ok"]]
            if good and len(good) == len(runs):
                med[n] = statistics.median(good)
            elif runs:
                bad = next(x for x in runs if not x["ok"])
                notes.append("%s, %s: %s" % (c.name, n, bad["why"]))
        if not med:
            continue
        row = [c.name, c.cls, fmt(med.get(NATIVE))]
        row += [fmt(med.get(e)) if e in med else
                ("FAIL" if r.get(e) else "–") for e in emus]
        for e in emus:
            q = med[e] / med[NATIVE] if e in med and med.get(NATIVE) else None
            row.append(fmt(q))
            if q:
                ratios.setdefault((e, NATIVE), []).append((c.cls, q))
        for e in emus:
            if e == base or not base:
                continue
            q = med[e] / med[base] if e in med and med.get(base) else None
            row.append(fmt(q))
            if q:
                ratios.setdefault((e, base), []).append((c.cls, q))
        lines.append("| " + " | ".join(row) + " |")
    classes = []
    for c in cases:
        if c.cls not in classes:
            classes.append(c.cls)
    lines += ["", "Geometric means (%s), %s; in brackets the cases counted:"
              % (metric, arch), "",
              "| ratio | " + " | ".join(classes) + " | all |",
              "| --- |" + " ---: |" * (len(classes) + 1)]
    for (e, b), v in ratios.items():
        row = []
        for k in classes + [None]:
            q = [x for cls, x in v if k is None or cls == k]
            row.append("%s (%d)" % (fmt(gmean(q)), len(q)) if q else "–")
        lines.append("| %s / %s | %s |" % (e, b, " | ".join(row)))
    if notes:
        lines += ["", "Not counted:", ""] + ["- " + n for n in notes]
    return "\n".join(lines)


def rss_table(arch, cases, names, res):
    lines = ["### %s: peak resident memory of the largest process, MiB" % arch,
             "", "| case | " + " | ".join(names) + " |",
             "| --- |" + " ---: |" * len(names)]
    for c in cases:
        r = res.get(c.name, {})
        row = []
        for n in names:
            v = [x["rss"] for x in r.get(n, []) if x["ok"]]
            row.append("%.1f" % (statistics.median(v) / 1024) if v else "–")
        if any(x != "–" for x in row):
            lines.append("| %s | %s |" % (c.name, " | ".join(row)))
    return "\n".join(lines)


def main():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("--emu", action="append", default=[],
                    metavar="NAME=TEMPLATE", help="an emulator; {arch}, "
                    "{debarch} and {rootfs} are filled in")
    ap.add_argument("--static-only", action="append", default=[],
                    metavar="NAME", help="this emulator runs no root cases")
    ap.add_argument("--binfmt-flags", action="append", default=[],
                    metavar="NAME=FLAGS", help="binfmt_misc flags, default F")
    ap.add_argument("--arch", action="append", default=[])
    ap.add_argument("--bin", default=os.environ.get("BENCH_BIN"))
    ap.add_argument("--rootfs", action="append", default=[],
                    metavar="ARCH=DIR")
    ap.add_argument("--data", help="folder for input data (kept)")
    ap.add_argument("--cases", default="", help="regular expression of names")
    ap.add_argument("--classes", default="", help="comma-separated classes")
    ap.add_argument("--skip", default="", help="regular expression of names")
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--scale", type=int, default=100,
                    help="work of the static programs in percent")
    ap.add_argument("--timeout", type=float, default=120)
    ap.add_argument("--metric", choices=("cpu", "wall", "both"),
                    default="both")
    ap.add_argument("--base", help="emulator the others are compared with "
                    "(default: the first)")
    ap.add_argument("--no-native", action="store_true")
    ap.add_argument("--rss", action="store_true", help="print memory too")
    ap.add_argument("--json", help="write every figure there")
    ap.add_argument("--load", action="append", default=[],
                    help="print from figures written by --json, run nothing")
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()

    cases = static_cases() + root_cases()
    if a.cases:
        cases = [c for c in cases if re.search(a.cases, c.name)]
    if a.skip:
        cases = [c for c in cases if not re.search(a.skip, c.name)]
    if a.classes:
        cases = [c for c in cases if c.cls in a.classes.split(",")]
    order = ["integer", "fp", "simd", "jit", "script", "tools", "startup",
             "build", "syscalls", "threads"]
    cases.sort(key=lambda c: order.index(c.cls))
    if a.list:
        for c in cases:
            print("%-20s %-9s %-7s %s" % (c.name, c.cls, c.kind,
                                          " ".join(c.argv)))
        return 0

    emus = dict(e.split("=", 1) for e in a.emu)
    flags = dict(e.split("=", 1) for e in a.binfmt_flags)
    all_res, arches = {}, a.arch or ["aarch64"]
    if a.load:
        arches = a.arch
        for path in a.load:
            with open(path) as f:
                got = json.load(f)
            for arch, r in got["results"].items():
                if a.arch and arch not in a.arch:
                    continue
                if arch not in arches:
                    arches.append(arch)
                for case, by in r.items():
                    all_res.setdefault(arch, {}).setdefault(case, {}).update(by)
                    for n in by:
                        if n != NATIVE:
                            emus.setdefault(n, "")
    else:
        roots = {k[len("BENCH_ROOTFS_"):].lower(): v
                 for k, v in os.environ.items()
                 if k.startswith("BENCH_ROOTFS_")}
        roots.update(r.split("=", 1) for r in a.rootfs)
        roots = {k: os.path.abspath(v) for k, v in roots.items()}
        data = os.path.abspath(a.data) if a.data else tempfile.mkdtemp()
        if roots and any(c.kind == "root" and "/mnt/data" in " ".join(c.argv) for c in cases):
            make_data(data, roots)
        for arch in arches:
            all_res[arch] = run_arch(a, arch, cases, emus, flags, roots, data)
            if a.json:
                with open(a.json, "w") as f:
                    json.dump({"results": all_res}, f, indent=1)
        if not a.data:
            shutil.rmtree(data, ignore_errors=True)

    base = a.base or next(iter(emus), None)
    for arch in arches:
        res = all_res.get(arch, {})
        names = [NATIVE] + [e for e in emus
                            if any(e in by for by in res.values())]
        b = base if base in names else None
        for m in (("cpu", "wall") if a.metric == "both" else (a.metric,)):
            print("\n" + table(arch, cases, names, res, m, b))
        if a.rss:
            print("\n" + rss_table(arch, cases, names, res))
    return 0


def run_arch(a, arch, cases, emus, flags, roots, data):
    real = PROGRAM_ARCH.get(arch, arch)
    root = roots.get(real)
    bindir = os.path.abspath(a.bin) if a.bin else None
    runners = {}

    def fill(t):
        return t.format(arch=real, debarch=DEBARCH[real], rootfs=root or "/")

    def bins(x):
        d = bindir and os.path.join(bindir, x)
        return d if d and os.path.isdir(d) else None

    if not a.no_native:
        runners[NATIVE, "static"] = Direct([])
        if roots.get("x86_64"):
            runners[NATIVE, "root"] = Worker(roots["x86_64"], None, data,
                                             bins("x86_64"))
    for n, t in emus.items():
        words = shlex.split(fill(t))
        words[0] = shutil.which(words[0]) or words[0]
        runners[n, "static"] = Direct(words)
        if root and len(words) == 1 and n not in a.static_only:
            runners[n, "root"] = Worker(root, os.path.abspath(words[0]), data,
                                        bins(arch), real, flags.get(n, "F"))
    names = ([] if a.no_native else [NATIVE]) + list(emus)
    res = {}
    for r in range(a.runs):
        for c in cases:
            ref = None
            turn = names if r % 2 == 0 else names[:1] + names[1:][::-1]
            for n in turn:
                run = runners.get((n, c.kind))
                host = "x86_64" if n == NATIVE else arch
                if not run:
                    continue
                if c.kind == "static":
                    d = bins(host)
                    if not d or not os.path.exists(os.path.join(d, c.argv[0])):
                        continue
                    argv = [os.path.join(d, c.argv[0]), str(a.scale)]
                else:
                    rd = roots["x86_64"] if n == NATIVE else root
                    argv = [x.format(arch="x86_64" if n == NATIVE else real)
                            if "{arch}" in x else x for x in c.argv]
                    prog = argv[0]
                    for place, host_dir in (("/mnt/data/", data),
                                            ("/mnt/bin/", bins(host) or "/")):
                        if prog.startswith(place):
                            here = os.path.join(host_dir, prog[len(place):])
                            break
                    else:
                        here = rd + prog
                    if not os.path.lexists(here):
                        continue
                    if (c.needs or "").startswith("/") and not os.path.lexists(rd + c.needs):
                        continue
                past = res.get(c.name, {}).get(n, [])
                if past and not past[-1]["ok"]:
                    continue  # it failed once: do not wait for it again
                m = run.run(argv, c.reps, a.timeout)
                ok, why = m["rc"] == 0, ""
                if not ok:
                    tail = m["out"].strip().splitlines()[-1:] or [""]
                    why = "exit %s: %s" % (m["rc"], tail[0][:120])
                t = {"wall": m.get("wall", 0), "cpu": m.get("cpu", 0)}
                if ok and c.rate:
                    got = re.search(c.rate[0], m["out"], re.M)
                    if got and float(got.group(1)) > 0:
                        s = c.rate[1] / float(got.group(1))
                        t = {"wall": s, "cpu": s}
                    else:
                        ok, why = False, "no rate in the output"
                elif ok and n == NATIVE:
                    ref = m["out"]
                elif ok and ref is not None and c.check != "none":
                    same = (m["out"] == ref if c.check == "same"
                            else close_enough(m["out"], ref))
                    if not same:
                        ok = False
                        why = "output %r, native %r" % (m["out"][-60:],
                                                        ref[-60:])
                res.setdefault(c.name, {}).setdefault(n, []).append(
                    {"t": t, "rss": m.get("rss", 0), "ok": ok, "why": why})
                print("%d %-8s %-18s %-10s %8.3f s cpu %8.3f s wall %s"
                      % (r + 1, arch, c.name, n, t["cpu"], t["wall"],
                         "" if ok else "FAIL " + why),
                      file=sys.stderr, flush=True)
    for w in runners.values():
        w.close()
    return res


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        sys.exit(worker_main(sys.argv[2:]))
    sys.exit(main())
