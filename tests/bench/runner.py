# SPDX-License-Identifier: MIT
"""Runs measured commands, on the machine itself or inside a root file system.

All of them are started by the launcher (launch.c): see there for why.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"
LAUNCH = [""]    # the launcher's path: bench.py sets it

# ELF header: class, data order, machine (bytes 18 and 19), for binfmt_misc.
MACHINE = {
    "x86_64": (2, 1, 0x3E), "i386": (1, 1, 0x03), "aarch64": (2, 1, 0xB7),
    "arm": (1, 1, 0x28), "riscv64": (2, 1, 0xF3), "ppc64le": (2, 1, 0x15),
    "s390x": (2, 2, 0x16), "loongarch64": (2, 1, 0x102),
    "mips64el": (2, 1, 0x08),
}


def launch(argv, reps, timeout, env, cwd, root=None, cpus=()):
    """Runs argv reps times, on the processors cpus if any are named, and adds up. Returns a
    dictionary: wall, user, sys and cpu in seconds, rss in KiB, rc, out (output of the last run).
    """
    fd, out = tempfile.mkstemp(dir=SCRATCH)
    os.close(fd)
    cmd = [LAUNCH[0], "-o", out, "-d", cwd, "-n", str(reps), "-t", str(timeout)]
    if root:
        cmd += ["-r", root]
    if cpus:
        cmd += ["-c", ",".join(map(str, cpus))]
    try:
        p = subprocess.run(cmd + ["--"] + argv, env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with open(out, "rb") as f:
            text = f.read(20000).decode("utf-8", "replace")
    finally:
        os.unlink(out)
    if p.returncode:
        return {"rc": 126, "out": p.stderr, "wall": 0, "cpu": 0, "rss": 0}
    cost = json.loads(p.stdout)
    cost["cpu"] = cost["user"] + cost["sys"]
    cost["out"] = "timed out" if cost.pop("timeout") else text
    return cost


class Direct:
    """Runs PREFIX + argv on the machine itself."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/tmp"}

    def run(self, argv, reps, timeout, env=None, cpus=()):
        return launch(self.prefix + argv, reps, timeout, {**self.env, **(env or {})}, SCRATCH,
                      cpus=cpus)

    def close(self):
        pass


class Worker:
    """Runs commands inside a root file system, from a child in namespaces."""

    def __init__(self, root, emu, data, bindir, arch=None, flags="F"):
        cmd = ["unshare", "-Urm", "--propagation", "private", sys.executable,
               os.path.abspath(__file__), LAUNCH[0], root, data,
               bindir or "", emu or "", arch or "", flags]
        self.p = subprocess.Popen(cmd, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        first = self.p.stdout.readline()
        if first.strip() != "ready":
            raise RuntimeError("cannot enter %s: %s" % (root, first.strip()))

    def run(self, argv, reps, timeout, env=None, cpus=()):
        self.p.stdin.write(json.dumps([argv, reps, timeout, env or {}, list(cpus)]) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        return json.loads(line) if line else {"rc": 125, "out": "worker died"}

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def magic_line(name, arch, path, flags):
    """The line that registers an emulator with binfmt_misc."""
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


def enter(root, data, bindir, emu, arch, flags):
    """Mounts what the cases need below root and registers the emulator, in our namespaces."""
    run = lambda *a: subprocess.run(a, check=True)
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


def empty(folder):
    for e in os.scandir(folder):
        if e.is_dir(follow_symlinks=False):
            shutil.rmtree(e.path, ignore_errors=True)
        else:
            os.unlink(e.path)


def worker_main(argv):
    LAUNCH[0], root, data, bindir, emu, arch, flags = argv
    try:
        enter(root, data, bindir, emu, arch, flags)
    except (OSError, subprocess.CalledProcessError) as e:
        print("worker: %s" % e, flush=True)
        return 1
    print("ready", flush=True)
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LC_ALL": "C", "HOME": "/tmp", "LANG": "C",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    for line in sys.stdin:
        argv, reps, timeout, env, cpus = json.loads(line)
        try:
            empty(root + "/mnt/work")
            res = launch(argv, reps, timeout, {**base, **env}, "/mnt/work", root, cpus)
        except Exception as e:  # keep the line protocol alive
            res = {"rc": 126, "out": repr(e)}
        print(json.dumps(res), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(worker_main(sys.argv[1:]))
