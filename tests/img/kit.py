# SPDX-License-Identifier: MIT
"""What the cases of the disk image tests share: programs, folders, and what is expected of them."""
import json
import os
import shutil
import subprocess


class Wrong(Exception):
    pass


class Skipped(Exception):
    pass


def expect(ok, what):
    if not ok:
        raise Wrong(what)


class Kit:
    """One case: a folder of its own, and the programs."""

    def __init__(self, args, name):
        self.args = args
        self.dir = os.path.abspath(os.path.join(args.out, name))
        os.makedirs(self.dir, exist_ok=True)
        self.img = os.path.abspath(os.path.join(args.bin, "mimus-img"))
        self.io_program = os.path.abspath(os.path.join(args.bin, "img-io"))
        self.engine = "uring"
        self.has_qemu = shutil.which("qemu-img") and shutil.which("qemu-io")

    def need_qemu(self):
        if not self.has_qemu:
            raise Skipped("no qemu-img and qemu-io (package qemu-utils)")

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, command, status=0, stdin=None, timeout=60):
        env = dict(os.environ, MIMUS_IMG_ENGINE="threads" if self.engine == "threads" else "io_uring")
        if self.engine == "uring" and not has_uring(self):
            del env["MIMUS_IMG_ENGINE"]
        p = subprocess.run(command, cwd=self.dir, input=stdin, stdout=subprocess.PIPE, env=env,
                           stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout)
        allowed = status if isinstance(status, tuple) else (status,)
        if status is not None and p.returncode not in allowed:
            raise Wrong("%s: exit status %d, not %s:\n%s" % (
                " ".join(map(str, command)), p.returncode, status, p.stdout[-2000:]))
        self.status = p.returncode
        return p.stdout

    def mimus(self, *args, status=0):
        return self.run([self.img, *map(str, args)], status)

    def qemu(self, *args, status=0):
        self.need_qemu()
        return self.run(["qemu-img", *map(str, args)], status)

    def both(self, *args, status=0):
        """The same by both programs; their outputs."""
        mine = self.mimus(*args, status=status)
        return mine, self.qemu(*args, status=status) if self.has_qemu else None

    def json(self, text):
        return json.loads(text)

    def io(self, image, script, fmt="qcow2", kill=None, status=0):
        command = [self.io_program, "-f", fmt, "-a"]
        if self.engine == "threads" or has_uring(self):
            command += ["-e", self.engine]
        if kill:
            command += ["-k", str(kill)]
        return self.run([*command, image], status, stdin=script)

    def qemu_io(self, image, commands, fmt="qcow2"):
        self.need_qemu()
        args = [x for c in commands for x in ("-c", c)]
        out = self.run(["qemu-io", "-f", fmt, *args, image])
        expect("failed" not in out and "rror" not in out, "qemu-io: " + out)
        return out

    def check(self, image, leaks=False):
        """Both programs' check say clean, or that it only leaks."""
        ok = (0, 3) if leaks else 0
        self.mimus("check", image, status=ok)
        mine = self.status
        if self.has_qemu:
            self.qemu("check", image, status=ok)
            expect(mine == self.status, "check of %s: mimus says %d, qemu %d" % (image, mine, self.status))


_uring = []


def has_uring(kit):
    if not _uring:
        p = subprocess.run([kit.io_program, "-e", "uring", "/nonexistent"], stdout=subprocess.DEVNULL,
                           stdin=subprocess.DEVNULL)
        _uring.append(p.returncode != 77)
    return _uring[0]


def engines(kit):
    """For each engine that is here: sets it in kit and yields its name."""
    for name in ("uring", "threads"):
        if name == "uring" and not has_uring(kit):
            print("without io_uring: this kernel does not allow it")
            continue
        kit.engine = name
        yield name


def pattern(off, n, seed):
    """What img-io writes."""
    first = off >> 9
    sectors = (off + n - 1 >> 9) - first + 1
    data = b"".join(bytes([seed + first + i & 255]) * 512 for i in range(sectors))
    return data[off & 511:][:n]
