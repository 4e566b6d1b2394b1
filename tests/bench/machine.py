# SPDX-License-Identifier: MIT
"""What was measured where: the head of a result file."""
import datetime
import hashlib
import os
import platform
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def cpu_model():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith(("model name", "Processor")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def vector_width():
    """The widest vectors the host's own code can use."""
    try:
        with open("/proc/cpuinfo") as f:
            flags = set(next(x for x in f if x.startswith("flags")).split())
    except (OSError, StopIteration):
        return ""
    return next((n for n in ("avx512f", "avx2", "avx", "sse4_2") if n in flags), "")


def output(*cmd):
    try:
        r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                           timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return r.stdout.strip() if r.returncode == 0 else ""


def first_line(*cmd):
    return (output(*cmd).splitlines() or [""])[0]


def commit():
    """The commit of the tree this file is in; says when files differ from it."""
    rev = output("git", "-C", HERE, "rev-parse", "--short=12", "HEAD")
    return rev + ("+" if rev and output("git", "-C", HERE, "status", "--porcelain", "-uno") else "")


def root_version(path):
    """The suite and number of packages of a root that guest-root made, and a digest of their
    versions."""
    try:
        with open(os.path.join(path, ".guest-root")) as f:
            words = f.read().split()
    except OSError:
        return "made elsewhere"
    debs = sorted(w for w in words if w.endswith(".deb"))
    suite = next((w for w in words[2:] if not w.endswith(".deb")), "")
    digest = hashlib.sha256("\n".join(debs).encode()).hexdigest()[:12]
    return "Debian %s, %d packages, %s" % (suite, len(debs), digest)


def describe(emus, roots):
    with open("/proc/loadavg") as f:
        load = f.read().split()[0]
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": {
            "cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "vectors": vector_width(),
            "kernel": platform.release(), "memory_mib": os.sysconf("SC_PHYS_PAGES") *
            os.sysconf("SC_PAGE_SIZE") >> 20, "load_at_start": float(load),
        },
        "versions": {
            "commit": commit(),
            "compiler": first_line("gcc", "--version"),
            "emulators": {n: first_line(t.split()[0], "--version") for n, t in emus.items() if t},
            "roots": {a: root_version(p) for a, p in sorted(roots.items())},
        },
    }
