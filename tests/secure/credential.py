#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Set-id programs of a foreign chroot, registered with and without flag C.

usage: credential.py --mimus FILE --folder DIR

Runs as root of a user and a mount namespace of its own (all_ids.py), so that the table of binfmt_misc
is one that only this test sees. Each case is run twice. Without C the program has its caller's rights,
and what the caller asks for in the environment happens: that shows that the case could fail. With C it
has its owner's rights, and nothing of it happens.
"""
import argparse
import glob
import os
import resource
import shutil
import struct
import subprocess
import sys

NOBODY = 65534
TABLE = "/proc/sys/fs/binfmt_misc"
SYSROOT = "/usr/aarch64-linux-gnu/lib"
HERE = os.path.dirname(os.path.abspath(__file__))
CAP_NET_RAW = 13


class Seen:
    """What a start in the chroot did: facts that the program printed, all output, status, files made."""

    def __init__(self, text, status, files):
        self.text, self.status, self.files = text, status, files
        self.facts, self.env, self.args = {}, {}, []
        for line in text.splitlines():
            key, _, value = line.partition(" ")
            if key == "env":
                self.env.update([value.partition("=")[::2]])
            elif key == "arg":
                self.args.append(value)
            else:
                self.facts[key] = value

    def noise(self):
        """Lines that the program does not print."""
        own = {"secure", "ruid", "euid", "rgid", "egid", "argv0", "release", "random", "marker", "caps", "env", "arg",
               "preloaded"}
        return [x for x in self.text.splitlines() if x.split(" ")[0] not in own]


class Chroot:
    def __init__(self, folder):
        self.root, self.proc = os.path.join(folder, "root"), False

    def build(self, mimus):
        """The same program as a set-user-id one, a set-group-id one, a plain one, and with capabilities."""
        for name in ("lib", "out", "tmp", "pre", "proc", "-strace"):
            os.makedirs(os.path.join(self.root, name), exist_ok=True)
        for name in ("out", "tmp"):
            os.chmod(os.path.join(self.root, name), 0o777)
        for name in ("ld-linux-aarch64.so.1", "libc.so.6"):
            shutil.copy(os.path.join(SYSROOT, name), self.root + "/lib")
        cc = ["aarch64-linux-gnu-gcc", "-O1", "-o"]
        subprocess.run([*cc, self.root + "/plain", HERE + "/guest.c"], check=True)
        subprocess.run([*cc, self.root + "/lib/preload.so", "-shared", "-fPIC", HERE + "/preload.c"], check=True)
        for name, mode in (("setuid", 0o4755), ("setgid", 0o2755), ("capable", 0o755), ("unreadable", 0o4711),
                           ("-strace/-strace", 0o4755)):
            path = os.path.join(self.root, name)
            shutil.copy(self.root + "/plain", path)
            os.chown(path, 0, 0)
            os.chmod(path, mode)
        # struct vfs_cap_data of revision 2, effective, one permitted capability
        os.setxattr(self.root + "/capable", "security.capability", struct.pack("<5I", 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0))
        for name, text in (("marker", "root\n"), ("pre/marker", "prefix\n"), ("script", "#!/setuid\n")):
            with open(os.path.join(self.root, name), "w") as f:
                f.write(text)
        os.chmod(self.root + "/script", 0o755)

    def start(self, argv, env, program=None, cwd="/", core=False):
        """A process of another user in the chroot; (pid, its output's descriptor, its input's)."""
        out, into = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(into[0], 0)
                os.dup2(out[1], 1)
                os.dup2(out[1], 2)
                os.chroot(self.root)
                os.chdir(cwd)
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY if core else 0, resource.RLIM_INFINITY))
                os.execve(program or argv[0], argv, {k: v.replace("PID", str(os.getpid())) for k, v in env.items()})
            except OSError as e:
                os.write(2, ("start: %s\n" % e).encode())
            os._exit(99)
        os.close(out[1])
        os.close(into[0])
        return pid, out[0], into[1]

    def run(self, argv, env=None, **more):
        pid, out, into = self.start(argv, env or {}, **more)
        os.close(into)
        with os.fdopen(out, "rb") as f:
            text = f.read().decode(errors="replace")
        status = os.waitpid(pid, 0)[1]
        files = []
        for path in glob.glob(self.root + "/out/*") + glob.glob(self.root + "/tmp/*"):
            files.append(os.path.basename(path))
            os.unlink(path)
        return Seen(text, status, files)


# ---- what the environment asks for: does it happen? ----

def asked(env, happens, argv=("/setuid",), **more):
    return lambda c: happens(c.run(list(argv), env, **more))


def file_named(start):
    return lambda s: any(x.startswith(start) for x in s.files)


def dies(s):
    return s.status != 0


def fact(key, value):
    return lambda s: s.facts.get(key) == value


def same_random(c):
    return len({c.run(["/setuid"], {"MIMUS_RAND_SEED": "5"}).facts.get("random") for _ in range(2)}) == 1


def can_be_watched(c):
    """May its user look at the memory map of the process?"""
    pid, out, into = c.start(["/setuid", "wait"], {})
    os.read(out, 1)
    who = os.fork()
    if who == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            with open("/proc/%d/maps" % pid) as f:
                os._exit(0 if f.read() else 1)
        except OSError:
            os._exit(1)
    seen = os.waitpid(who, 0)[1] == 0
    os.close(into)
    with os.fdopen(out, "rb") as f:
        f.read()
    os.waitpid(pid, 0)
    return seen


LOG = {"MIMUS_LOG": "in_asm", "MIMUS_LOG_FILENAME": "/out/log"}
FORGED = {"MIMUS_EXEC": "pid=PID;fd=99;self=99;kernel=1;name=x;limits=;D=/out/log;d=in_asm;strace="}
HONOURED = {
    "log file": asked(LOG, file_named("log")),
    "log to standard error": asked({"MIMUS_LOG": "in_asm"}, Seen.noise),
    "range of the log": asked({"MIMUS_DFILTER": "bad"}, dies),
    "strace": asked({"MIMUS_STRACE": "1"}, Seen.noise),
    "statistics": asked({"MIMUS_STATS": "1"}, Seen.noise),
    "profile": asked({"MIMUS_PROFILE": "/out/profile"}, file_named("profile")),
    "perf map": asked({"MIMUS_PERFMAP": "1"}, file_named("perf-")),
    "jitdump": asked({"MIMUS_JITDUMP": "/out"}, file_named("jit-")),
    "prefix": asked({"MIMUS_LD_PREFIX": "/pre"}, fact("marker", "prefix")),
    "debugger's port": asked({"MIMUS_GDB": "1234"}, dies),
    "set variable": asked({"MIMUS_SET_ENV": "T=1"}, lambda s: "T" in s.env),
    "set variable of ld.so": asked({"MIMUS_SET_ENV": "LD_PRELOAD=/lib/preload.so"}, fact("preloaded", "1")),
    "unset variable": asked({"T": "1", "MIMUS_UNSET_ENV": "T"}, lambda s: "T" not in s.env),
    "argv0": asked({"MIMUS_ARGV0": "other"}, fact("argv0", "other")),
    "release": asked({"MIMUS_UNAME": "1.2.3"}, fact("release", "1.2.3")),
    "stack": asked({"MIMUS_STACK_SIZE": "bad"}, dies),
    "CPU": asked({"MIMUS_CPU": "nonesuch"}, dies),
    "engine": asked({"MIMUS_ACCEL": "nonesuch"}, dies),
    "code cache": asked({"MIMUS_TB_SIZE": "bad"}, dies),
    "seed": same_random,
    "other names: log file": asked({"QEMU_LOG": "in_asm", "QEMU_LOG_FILENAME": "/out/log"}, file_named("log")),
    "other names: strace": asked({"QEMU_STRACE": "1"}, Seen.noise),
    "other names: prefix": asked({"QEMU_LD_PREFIX": "/pre"}, fact("marker", "prefix")),
    "forged handover": asked(FORGED, lambda s: s.files or dies(s)),
    "variables stay": asked({"MIMUS_CPU_MASK": "sse", "QEMU_CPU": "max"}, lambda s: len(s.env) == 2),
    "variables for its children": asked(LOG, file_named("log"), ["/setuid", "run", "/plain"]),
    "variables for set-id children": asked(LOG, file_named("log"), ["/setuid", "run", "/setuid"]),
    "forged handover for set-id children": asked(FORGED, lambda s: s.files or dies(s), ["/setuid", "run", "/setuid"]),
    "by another program": asked({"MIMUS_UNAME": "1.2.3"}, fact("release", "1.2.3"), ["/plain", "run", "/setuid"]),
    "by a script": asked(LOG, file_named("log"), ["/script"]),
    "ld.so: preload": asked({"LD_PRELOAD": "/lib/preload.so"}, fact("preloaded", "1")),
    "watched by its user": can_be_watched,
}


# ---- what is no option, whatever it looks like ----

def case_arguments_are_no_options(c, rights):
    s = c.run(["-strace", "-D", "/out/log", "-d", "in_asm"], program="/setuid")
    return (s.facts["argv0"], s.args, s.files, s.noise()) == ("-strace", ["-D", "/out/log", "-d", "in_asm"], [], [])


def case_names_are_no_options(c, rights):
    s = c.run(["-strace"], program="-strace", cwd="/-strace")
    return (s.facts["argv0"], s.files, s.noise()) == ("-strace", [], [])


# ---- privileges ----

def ids(s):
    return tuple(int(s.facts.get(k, -1)) for k in ("ruid", "euid", "rgid", "egid", "secure"))


USER = (NOBODY, NOBODY, NOBODY, NOBODY, 0)
SETUID, SETGID = (NOBODY, 0, NOBODY, NOBODY, 1), (NOBODY, NOBODY, NOBODY, 0, 1)


def case_plain_program(c, rights):
    return ids(c.run(["/plain"])) == USER


def case_set_user_id(c, rights):
    return ids(c.run(["/setuid"])) == (SETUID if rights else USER)


def case_set_group_id(c, rights):
    return ids(c.run(["/setgid"])) == (SETGID if rights else USER)


def case_unreadable(c, rights):
    return ids(c.run(["/unreadable"])) == (SETUID if rights else USER)


def case_capabilities(c, rights):
    return int(c.run(["/capable"]).facts["caps"], 16) == (1 << CAP_NET_RAW if rights else 0)


def case_started_by_a_guest(c, rights):
    return ids(c.run(["/plain", "run", "/setuid"])) == (SETUID if rights else USER)


def case_set_group_id_by_a_guest(c, rights):
    return ids(c.run(["/plain", "run", "/setgid"])) == (SETGID if rights else USER)


def case_capabilities_by_a_guest(c, rights):
    return int(c.run(["/plain", "run", "/capable"]).facts["caps"], 16) == (1 << CAP_NET_RAW if rights else 0)


def case_two_guests_before(c, rights):
    return ids(c.run(["/plain", "run", "/plain", "run", "/setuid"])) == (SETUID if rights else USER)


def case_interpreter_of_a_script(c, rights):
    return ids(c.run(["/plain", "run", "/script"])) == (SETUID if rights else USER)


def case_by_descriptor(c, rights):
    """binfmt_misc cannot; so it runs without rights."""
    return not c.proc or ids(c.run(["/plain", "fd", "/setuid"])) == USER


def case_no_new_privileges(c, rights):
    return ids(c.run(["/plain", "nnp", "/setuid"]))[:4] == USER[:4]


def case_rights_are_given_up(c, rights):
    """Root for good starts a program: what that sees is an ordinary start."""
    return ids(c.run(["/setuid", "run", "/plain"])) == ((0, 0, NOBODY, NOBODY, 0) if rights else USER)


CASES = {k[5:].replace("_", " "): v for k, v in globals().items() if k.startswith("case_")}


def register(tool, *options):
    subprocess.run([tool, "register", "aarch64", "--replace", *options], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def cores_are_files():
    with open("/proc/sys/kernel/core_pattern") as f:
        pattern = f.read()
    return not pattern.startswith(("|", "/", "@"))


def run_all(c, rights, where):
    """(passed, failed) of all cases in one setting, which `where` names."""
    bad = []
    for name, happens in HONOURED.items():
        if bool(happens(c)) == rights:
            bad.append("%s: %s" % (name, "honoured" if rights else "ignored"))
    bad += [name for name, case in CASES.items() if not case(c, rights)]
    for what in bad:
        print("secure: FAIL %s: %s" % (where, what))
    return len(HONOURED) + len(CASES) - len(bad), len(bad)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mimus", required=True)
    parser.add_argument("--folder", required=True)
    args = parser.parse_args()
    c = Chroot(args.folder)
    tool = os.path.join(args.folder, "mimus-binfmt")
    shutil.copy(args.mimus, tool)
    c.build(tool)
    if cores_are_files():
        HONOURED["core file"] = asked({}, file_named("core"), ["/setuid", "abort"], cwd="/out", core=True)
    else:
        print("secure: skipped: core files go to a program or a folder here")
    subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", TABLE], check=True)
    passed = failed = 0
    # Without /proc only the kernel knows where mimus is.
    for proc in (False, True):
        c.proc = proc
        if proc:
            subprocess.run(["mount", "--rbind", "/proc", c.root + "/proc"], check=True)
        for rights in (False, True):
            register(tool, *["--credential"] if rights else [])
            where = "with%s flag C, with%s /proc" % ("" if rights else "out", "" if proc else "out")
            passed, failed = (a + b for a, b in zip((passed, failed), run_all(c, rights, where)))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
