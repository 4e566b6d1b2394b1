# SPDX-License-Identifier: MIT
"""What is measured: the tables of cases, and the limits of the gates."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))

# In the order they are printed. The classes of GATES count for the limits; `real` are programs
# nobody tunes for; the others are measured for one figure each (see EXTRA_GATES) or to explain
# another one.
ORDER = ["integer", "fp", "simd", "jit", "script", "tools", "startup", "build", "syscalls",
         "threads", "real", "memory", "scaling", "info"]
# Their cases are no ratios of CPU time to be averaged.
NO_MEAN = ("memory", "scaling", "info")

# class: geometric mean and worst case against native, at most; times faster than the base, at
# least; a second limit of the worst case and its cases; whether every case must be faster.
GATES = {
    "integer": {"mean": 2.2, "worst": 3.5, "base": 2.7},
    "fp": {"mean": 2.3, "worst": 3.5, "base": 9},
    "simd": {"mean": 2.5, "worst": 4.0, "base": 5},
    "threads": {"mean": 1.7, "worst": 3.0, "base": 3.5},
    "jit": {"mean": 3.5, "worst": 6.0, "base": 4},
    "syscalls": {"mean": 1.7, "worst": 3.0, "base": 1, "each": True,
                 "special": ("fork, exec", 7.0, ("sys_fork", "sys_forkexec"))},
    "script": {"mean": 3.0, "worst": 4.5, "base": 5},
    "tools": {"mean": 2.3, "worst": 3.5, "base": 2.8},
    "startup": {"mean": 5, "worst": 8, "base": 3},
    "build": {"mean": 5, "worst": 8, "base": 4},
}

# what, kind, cases, limit. Kinds: `over` CPU milliseconds of a start above native, at most;
# `faster` times faster than the base, at least; `rss` peak memory against the base's, at most;
# `efficiency` parallel efficiency lost against native, at most; `cold` wall time of the second
# case against the first's, at most.
EXTRA_GATES = [
    ("empty static program, ms over native", "over", ("true_static",), 2.0),
    ("empty static program, vs {base}", "faster", ("true_static",), 6.0),
    ("memory of hello, vs {base}", "rss", ("mem_hello",), 0.7),
    ("memory of bash, vs {base}", "rss", ("bash_colon",), 0.7),
    ("memory of cc1 -O2, vs {base}", "rss", ("gcc_O2",), 0.7),
    ("8 workers on 2 cores, efficiency lost", "efficiency", ("scale_1", "scale_8"), 0.10),
    ("cold start, 4 threads vs 1", "cold", ("cold_1", "cold_4"), 1.2),
]

# Programs people run, of whatever class, shown together besides class `real`.
REAL = ("xz_6", "zstd_9", "openssl_aes128gcm", "openssl_sha256", "openssl_chacha20poly1305",
        "openssl_rsa2048", "py_nbody", "py_fannkuch", "lua_trees", "sqlite")


class Case:
    """One measured command.

    argv is a program's name and arguments for kind static, a command for kind root. reps
    repeats a short command within one measurement. rate is a pattern whose first group is a
    throughput, and a factor: the "time" is then factor / throughput (nanoseconds a byte,
    milliseconds a signature). check tells how outputs are compared: same, close (numbers within
    0.1 %) or none. cpus pins a case to that many processors. of names the case whose emulators a
    native-only case is compared with. fixed keeps the work of a static program as it is. alone
    keeps other cases from running at the same time, and gives the case all processors.
    """

    def __init__(self, name, cls, kind, argv, reps=1, rate=None, check="same", needs=None,
                 env=None, of=None, cpus=0, fixed=False, alone=False):
        self.name, self.cls, self.kind, self.argv = name, cls, kind, argv
        self.reps, self.rate, self.check, self.needs = reps, rate, check, needs
        self.env, self.of, self.cpus, self.fixed = env or {}, of, cpus, fixed
        self.alone = alone


PREFIX = {"int": "integer", "fp": "fp", "simd": "simd", "jit": "jit", "sys": "syscalls",
          "thr": "threads"}

# Static programs that are not simply "the program, scaled".
SPECIAL = {
    "start_true": [Case("true_static", "startup", "static", ["start_true"], reps=40,
                        fixed=True)],
    "mem_hello": [Case("mem_hello", "memory", "static", ["mem_hello"], reps=5, fixed=True)],
    # Needs exec of guest programs, which binfmt_misc gives.
    "sys_forkexec": [Case("sys_forkexec", "syscalls", "root",
                          ["/mnt/bin/sys_forkexec", "800"])],
    "scale_work": [Case("scale_%d" % n, "scaling", "static", ["scale_work", str(n)], cpus=c,
                        fixed=True, alone=True) for n, c in ((1, 1), (8, 2))],
    "cold_code": [Case("cold_%d" % n, "scaling", "static", ["cold_code", str(n)], fixed=True,
                       alone=True)
                  for n in (1, 4)],
}


def static_cases():
    cases = []
    for src in sorted(os.listdir(os.path.join(HERE, "src"))) + ["cold_code.c"]:
        name, ext = os.path.splitext(src)
        if ext != ".c":
            continue
        prefix = name.split("_")[0]
        cases += SPECIAL.get(name) or [
            Case(name, PREFIX[prefix], "static", [name],
                 check="close" if prefix in ("fp", "simd") else "same")]
    return cases


def root(name, cls, *argv, **more):
    return Case(name, cls, "root", list(argv), **more)


def shell(name, cls, script, **more):
    return Case(name, cls, "root", ["/bin/sh", "-c", script], **more)


OPENSSL = "/usr/bin/openssl"
# Every AVX-512 feature, and the vector AES that OpenSSL uses with them, masked out of CPUID 7.
NO_AVX512 = {"OPENSSL_ia32cap": ":~0x5e42dc230000"}
SPEED_BYTES = (r"^\+F:.*:([0-9.]+)$", 1e9)


def openssl(label, *args):
    """The kit's case, and its native side without AVX-512: NEON code is 128 bits wide, so what
    remains of the difference then is not the host's wider vectors."""
    argv = [OPENSSL, "speed", "-mr", "-seconds", "1", "-bytes", "16384", "-evp", *args]
    name = "openssl_" + label
    return [root(name, "simd", *argv, rate=SPEED_BYTES, check="none", needs=OPENSSL),
            root(name + "_avx2", "info", *argv, rate=SPEED_BYTES, check="none", needs=OPENSSL,
                 env=NO_AVX512, of=name)]


def startup_cases():
    return [
        root("true_dynamic", "startup", "/bin/true", reps=20),
        root("bash_colon", "startup", "/bin/bash", "-c", ":", reps=10),
        root("perl_e", "startup", "/usr/bin/perl", "-e", "1", reps=10),
        root("python_pass", "startup", "/usr/bin/python3", "-c", "pass", reps=3),
        root("python_imports", "startup", "/usr/bin/python3", "-c",
             "import json, re, argparse, subprocess, http.client", reps=2),
        root("git_version", "startup", "/usr/bin/git", "--version", reps=10),
        root("node_e", "startup", "/usr/bin/node", "-e", "0"),
        root("java_version", "startup", "/usr/bin/java", "-version", check="none"),
        shell("sh_60_forks", "startup",
              "i=0; while [ $i -lt 60 ]; do i=$(expr $i + 1); done; echo $i"),
    ]


def script_cases():
    # The last argument is how often the script does its work: native takes 0.3 s or more.
    return [
        root("py_nbody", "script", "/usr/bin/python3", "/mnt/kit/nbody.py", "13",
             check="close"),
        root("py_fannkuch", "script", "/usr/bin/python3", "/mnt/kit/fannkuch.py", "11"),
        root("py_mixed", "script", "/usr/bin/python3", "/mnt/kit/mixed.py", "4"),
        root("perl_text", "script", "/usr/bin/perl", "/mnt/kit/text.pl", "6"),
        root("lua_trees", "script", "/usr/bin/lua5.4", "/mnt/kit/trees.lua", "7"),

        root("node_objects", "jit", "/usr/bin/node", "/mnt/kit/objects.js", "2"),
        root("node_numeric", "jit", "/usr/bin/node", "/mnt/kit/numeric.js", "2"),
        root("node_strings", "jit", "/usr/bin/node", "/mnt/kit/strings.js", "2"),
        root("java_bench", "jit", "/usr/bin/java", "-Xshare:auto", "-cp", "/mnt/data", "Bench",
             needs="/mnt/data/Bench.class"),
        root("go_bench", "jit", "/mnt/data/gobench.{arch}", "7"),
    ]


def tool_cases():
    return [
        shell("xz_6", "tools", "xz -6 -T1 -k -c /mnt/data/text1m | wc -c"),
        shell("zstd_9", "tools",
              "for i in 1 2; do zstd -9 --single-thread -q -c /mnt/data/text6m; done | wc -c",
              check="none"),
        shell("zstd_d", "tools",
              "for i in 1 2 3 4 5 6; do zstd -d -q -c /mnt/data/text20m.zst; done | cksum"),
        shell("gzip_6", "tools",
              "for i in 1 2; do gzip -6 -n -c /mnt/data/text3m; done | cksum"),
        shell("bzip2_9", "tools",
              "for i in 1 2; do bzip2 -9 -c /mnt/data/text3m; done | cksum"),
        shell("7z_a", "tools",
              "7z a -mx=5 -mmt=1 -bso0 -bsp0 out.7z /mnt/data/text1m; echo $?",
              needs="/usr/bin/7z"),
        shell("sqlite", "tools",
              "for i in 1 2 3; do sqlite3 :memory: </mnt/kit/sqlite.sql; done"),
        shell("sort_uniq", "tools",
              "for i in 1 2 3; do tr ' ' '\\n' </mnt/data/text3m | LC_ALL=C sort | uniq -c | "
              "LC_ALL=C sort -rn | sed -n 1,3p; done"),
        shell("grep_sed_awk", "tools",
              "for i in 1 2 3 4 5; do grep -c 'ta[nmr]' /mnt/data/text20m; "
              "sed -n 's/\\(ver\\)\\(so\\)/\\2\\1/gp' /mnt/data/text6m | cksum; "
              "gawk '{ n += NF } END { print n }' /mnt/data/text6m; done"),
    ]


def library_cases():
    return [
        *openssl("aes128gcm", "aes-128-gcm"),
        *openssl("chacha20poly1305", "chacha20-poly1305"),
        *openssl("sha256", "sha256"),
        *openssl("sha512", "sha512"),
        root("openssl_rsa2048", "integer", OPENSSL, "speed", "-mr", "-seconds", "1", "rsa2048",
             rate=(r"^\+F2:\d+:\d+:([0-9.]+)", 1e3), check="none"),
        root("openssl_p256", "integer", OPENSSL, "speed", "-mr", "-seconds", "1", "ecdsap256",
             rate=(r"^\+F4:\d+:\d+:([0-9.]+)", 1e3), check="none"),
        # RSA uses 52-bit AVX-512 multiplication natively where there is one.
        root("openssl_rsa2048_avx2", "info", OPENSSL, "speed", "-mr", "-seconds", "1",
             "rsa2048", rate=(r"^\+F2:\d+:\d+:([0-9.]+)", 1e3), check="none",
             env=NO_AVX512, of="openssl_rsa2048"),
        shell("cwebp", "simd",
              "for i in 1 2 3 4 5 6 7; do "
              "cwebp -quiet -m 4 /mnt/data/picture.ppm -o - | wc -c; done",
              check="none", needs="/usr/bin/cwebp"),
        shell("cjpeg_djpeg", "simd",
              "i=0; while [ $i -lt 44 ]; do i=$((i + 1)); "
              "cjpeg -quality 85 /mnt/data/picture.ppm | djpeg -ppm; done | cksum",
              needs="/usr/bin/cjpeg"),
        shell("flac", "simd",
              "for i in 1 2 3 4 5 6; do flac -5 -s -f --force-raw-format --endian=little "
              "--sign=signed --channels=2 --bps=16 --sample-rate=44100 "
              "-c /mnt/data/text6m; done | wc -c", check="none", needs="/usr/bin/flac"),
    ]


def build_cases():
    return [
        root("gcc_O2", "build", "/usr/bin/gcc", "-O2", "-c", "/mnt/data/big.c", "-o", "big.o"),
        root("gcc_O0", "build", "/usr/bin/gcc", "-O0", "-c", "/mnt/data/big.c", "-o", "big.o"),
        root("gxx_stl", "build", "/usr/bin/g++", "-O1", "/mnt/kit/stl.cc", "-o", "stl"),
        shell("make_kit", "build",
              "cp /mnt/src/bench.h /mnt/src/int_[a-h]*.c .; "
              "printf 'S := $(wildcard *.c)\\nall: $(S:.c=.o)\\n%%.o: %%.c\\n"
              "\\tgcc -O2 -c -o $@ $<\\n' >Makefile; make -s -j2 && ls *.o | wc -l"),
        root("configure", "build", "/bin/sh", "/mnt/kit/configure.sh"),
        root("git_work", "build", "/bin/sh", "/mnt/kit/gitwork.sh"),
    ]


def real_cases():
    return [
        # The dictionary is small and one pass enough: the rating is the same within a percent.
        root("7z_b", "real", "/usr/bin/7z", "b", "-mmt1", "-md18", "-mtime=0", "1",
             rate=(r"^Tot:\s+\d+\s+(\d+)", 1e3), check="none", needs="/usr/bin/7z"),
        root("py_json", "real", "/usr/bin/python3", "/mnt/kit/json_docs.py"),
        root("py_regex", "real", "/usr/bin/python3", "/mnt/kit/regexes.py"),
        root("node_loops", "real", "/usr/bin/node", "/mnt/kit/loops.js"),
        root("node_alloc", "real", "/usr/bin/node", "/mnt/kit/alloc.js"),
        shell("git_fsck", "real",
              "for i in 1 2; do git -C /mnt/data/history.git fsck --full 2>&1; done",
              needs="/usr/bin/git"),
        shell("gawk_words", "real",
              "gawk '{ for (i = 1; i <= NF; i++) n[$i]++ } "
              "END { for (w in n) { s += n[w] * length(w); k++ } print k, s }' "
              "/mnt/data/text20m", needs="/usr/bin/gawk"),
        shell("sort_lines", "real",
              "for i in 1 2; do LC_ALL=C sort --parallel=1 /mnt/data/text20m | cksum; "
              "LC_ALL=C sort --parallel=1 -k3,3 -k2n,2 /mnt/data/text20m | cksum; done"),
        # The text was never seen while tuning: a compiler's own input, ten times gcc_O2's.
        root("cc_large", "real", "/usr/bin/gcc", "-O1", "-c", "/mnt/data/large.c", "-o",
             "large.o"),
    ]


def all_cases():
    cases = static_cases()
    for part in (startup_cases, script_cases, tool_cases, library_cases, build_cases,
                 real_cases):
        cases += part()
    cases.sort(key=lambda c: ORDER.index(c.cls))
    return cases
