# SPDX-License-Identifier: MIT
# execve and execveat: what they refuse and how, scripts, descriptors, files without a name.
cat >ex.py <<'E'
import ctypes
import errno
import os
import shutil
import subprocess

AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, AT_FDCWD = 0x1000, 0x100, -100
NR_EXECVEAT = {"x86_64": 322}.get(os.uname().machine, 281)
libc = ctypes.CDLL(None, use_errno=True)


def show(name, f, *args):
    try:
        r = f(*args)
    except BaseException as e:
        r = "%s: %s" % (type(e).__name__, e)
    print(name, "->", r, flush=True)


def in_child(f, *args):
    """Run f in a forked child: what it wrote, the errno of its failure, its status."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(w, 1)
        os.dup2(w, 2)
        try:
            f(*args)
        except OSError as e:
            os.write(w, ("errno " + errno.errorcode[e.errno]).encode())
        os._exit(99)
    os.close(w)
    with os.fdopen(r, "rb") as f:
        out = f.read()
    return out[:300], os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def case(name, f, *args):
    show(name, in_child, f, *args)


def make(name, data, mode=0o755):
    with open(name, "wb") as f:
        f.write(data)
    os.chmod(name, mode)
    return "./" + name


def run(path, *argv):
    os.execv(path, argv or ("x", "y"))


def check(r):
    if r < 0:
        raise OSError(ctypes.get_errno(), "call")


def execveat(fd, path, argv, flags):
    check(libc.syscall(NR_EXECVEAT, fd, path, (ctypes.c_char_p * (len(argv) + 1))(*argv, None),
                       (ctypes.c_char_p * 1)(None), flags))


def opened(path, flags, inherit, name, at_flags):
    fd = os.open(path, flags)
    os.set_inheritable(fd, inherit)
    execveat(fd, name, [b"echo", b"hi"], at_flags)


def from_memfd(path, *argv):
    fd = os.memfd_create("mm")
    with open(path, "rb") as f:
        os.write(fd, f.read())
    execveat(fd, b"", argv, AT_EMPTY_PATH)


def deleted():
    shutil.copy("/usr/bin/readlink", "gone")
    fd = os.open("gone", os.O_RDONLY)
    os.unlink("gone")
    os.execve(fd, ["gone", "/proc/self/exe"], {})


show("run missing", subprocess.run, ["/nonexistent"])
show("spawn missing", os.posix_spawn, "/nonexistent", ["x"], {})
case("missing", run, "/nonexistent")
case("directory", run, "/tmp")
case("not executable", run, make("noexec", b"x", 0o644))
case("text", run, make("text", b"words\n"))
case("empty", run, make("empty", b""))
case("not a directory", run, "./text/x")
os.symlink("loop", "loop")
case("loop", run, "./loop")
case("long path", run, "/" + "a/" * 3000)
case("long name", run, "a" * 300)
case("long argument", run, "/bin/true", "x", "a" * 200000)
case("much", run, "/bin/true", "x", *["a" * 100000] * 100)
case("many arguments", run, "/usr/bin/expr", "expr", *["1", "+"] * 5000, "1")
case("script: missing interpreter", run, make("s1", b"#!/nonexistent\n"))
case("script: directory", run, make("s2", b"#!/tmp\n"))
case("script: itself", run, make("s3", b"#!./s3\n"))
case("script: argument", run, make("s4", b"#! /bin/echo  a b  c \t\nrest"))
case("script: long argument", run, make("s5", b"#!/bin/echo " + b"a" * 300 + b"\n"))
case("script: long name", run, make("s6", b"#!/bin/" + b"a" * 300 + b"\n"))
case("script: no newline", run, make("s7", b"#!/bin/echo"))
case("script: empty", run, make("s8", b"#!\n"))
case("script: env -S", run, make("s9", b'#!/usr/bin/env -S /bin/echo "a b" c\n'))
case("script: env", run, make("s10", b"#!/usr/bin/env python3\nimport sys; print(sys.argv)\n"))
case("script: carriage return", run, make("s11", b"#!/bin/echo\r\n"))
make("d0", b"#!/bin/echo zero\n")
for i in range(1, 7):
    case("script of scripts %d" % i, run, make("d%d" % i, b"#!./d%d a%d\n" % (i - 1, i)))
case("argv NULL", lambda: check(libc.execve(b"/usr/bin/env", None, None)))
case("argv bad", lambda: check(libc.execve(b"/bin/echo", ctypes.c_void_p(8), None)))
case("path bad", lambda: check(libc.execve(ctypes.c_void_p(8), None, None)))
case("path empty", lambda: check(libc.execve(b"", None, None)))
case("at: empty path", opened, "/bin/echo", os.O_RDONLY, False, b"", AT_EMPTY_PATH)
case("at: O_PATH", opened, "/bin/echo", os.O_PATH, False, b"", AT_EMPTY_PATH)
case("at: no flag", opened, "/bin/echo", os.O_PATH, False, b"", 0)
case("at: directory", opened, "/bin", os.O_PATH, False, b"echo", 0)
case("at: script", opened, "s4", os.O_RDONLY, False, b"", AT_EMPTY_PATH)
case("at: inherited script", opened, "s4", os.O_RDONLY, True, b"", AT_EMPTY_PATH)
case("at: link", execveat, AT_FDCWD, b"loop", [b"x"], AT_SYMLINK_NOFOLLOW)
case("at: bad flag", execveat, AT_FDCWD, b"/bin/echo", [b"x"], 8)
case("at: bad descriptor", execveat, 77, b"echo", [b"x"], 0)
case("memfd: exe", from_memfd, "/usr/bin/readlink", b"mm", b"/proc/self/exe")
show("deleted", lambda: in_child(deleted)[0].endswith(b"/gone (deleted)\n"))
case("itself", run, "/proc/self/exe", "python3", "-c", "import sys; print(sys.argv)")
show("comm", subprocess.check_output, ["cat", "/proc/self/comm"])
show("argv[0]", lambda: subprocess.check_output(["odd name", "/proc/self/cmdline"],
                                                executable="/bin/cat"))
show("seen by others", lambda: subprocess.check_output(["cat", "/proc/%d/cmdline" % os.getpid()]))
here = os.open("/proc/self", os.O_RDONLY)
show("exe by readlinkat", lambda: os.readlink("exe", dir_fd=here) == os.readlink("/proc/self/exe"))
show("exe is its file", lambda: os.path.samefile("/proc/self/exe", os.readlink("/proc/self/exe")))
show("close_range", libc.close_range, 3, 2**32 - 1, 0)
case("still executes", run, "/bin/echo", "echo", "still")
E
python3 ex.py
python3 -c 'print(open("/proc/self/cmdline").read().split("\0"))' a 'b c' ''
