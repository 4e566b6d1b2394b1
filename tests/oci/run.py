#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The image that `make oci` writes: its form, and what its entry point does in a chroot.

usage: run.py --mimus PROGRAM --mimus-run PROGRAM --out DIR

The entry point runs in user and mount namespaces of its own, which have a binfmt_misc table of their
own since Linux 6.7: the machine's is not touched. A case is a function below; it says what is
wrong by raising.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = "/proc/sys/fs/binfmt_misc"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = ":qemu-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00::/bin/true:"


class Wrong(Exception):
    pass


class Bench:
    def __init__(self, args):
        self.out, self.mimus, self.mimus_run = args.out, args.mimus, args.mimus_run
        self.layout, self.tar = os.path.join(args.out, "layout"), os.path.join(args.out, "image.tar")
        self.root, self.hello = os.path.join(args.out, "root"), os.path.join(args.out, "hello-arm64")

    def expect(self, what, have, wanted):
        if have != wanted:
            raise Wrong("%s: %r, not %r" % (what, have, wanted))

    def write(self, folder, tar):
        subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "oci.py"), "--version", "1.2", "--program",
                        "%s=%s" % (ARCH, self.mimus), "--tar", tar, folder], check=True, stdout=subprocess.DEVNULL)

    def blob(self, descriptor):
        with open(os.path.join(self.layout, "blobs", descriptor["digest"].replace(":", "/")), "rb") as f:
            data = f.read()
        self.expect("digest", "sha256:" + hashlib.sha256(data).hexdigest(), descriptor["digest"])
        self.expect("size", len(data), descriptor["size"])
        return data

    def parts(self):
        """The manifest, the config and the plain layer, by way of digests."""
        with open(self.layout + "/index.json") as f:
            index = json.load(f)
        self.expect("platform", [m["platform"] for m in index["manifests"]], [{"os": "linux", "architecture": ARCH}])
        manifest = json.loads(self.blob(index["manifests"][0]))
        config = json.loads(self.blob(manifest["config"]))
        layer, = manifest["layers"]
        plain = gzip.decompress(self.blob(layer))
        self.expect("diff_ids", config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(plain).hexdigest()])
        return manifest, config, plain

    def entry(self, *args, status=0):
        """The entry point in the unpacked root; its JSON, if any, and what it says."""
        _, config, _ = self.parts()
        r = subprocess.run(["chroot", self.root, *config["config"]["Entrypoint"], *args], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, timeout=60)
        if r.returncode != status:
            raise Wrong("%s: status %d, not %d: %s" % (args, r.returncode, status, r.stderr))
        return json.loads(r.stdout) if r.stdout.startswith("{") else r.stdout, r.stderr

    def runs(self):
        try:
            r = subprocess.run([self.hello], stdout=subprocess.PIPE, text=True)
        except OSError:
            return False
        return r.stdout.startswith("aarch64 ")


# ---- its form ----

def case_same_bytes_each_time(b):
    again = os.path.join(b.out, "again")
    b.write(again, again + ".tar")
    b.expect("differences", subprocess.run(["diff", "-r", b.layout, again], stdout=subprocess.PIPE, text=True).stdout, "")
    with open(b.tar, "rb") as f, open(again + ".tar", "rb") as g:
        if f.read() != g.read():
            raise Wrong("the tars differ")


def case_time_and_owners(b):
    os.environ["SOURCE_DATE_EPOCH"] = "1000000000"
    try:
        b.write(b.layout, b.tar)
        _, config, plain = b.parts()
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
        b.write(b.layout, b.tar)
    b.expect("created", config["created"], "2001-09-09T01:46:40Z")
    with tarfile.open(fileobj=io.BytesIO(plain)) as t:
        members = t.getmembers()
    b.expect("times", {m.mtime for m in members}, {1000000000})
    b.expect("owners", {(m.uid, m.gid, m.uname, m.gname) for m in members}, {(0, 0, "root", "root")})
    b.expect("names", [m.name for m in members], sorted(m.name for m in members))


def case_program_needs_nothing(b):
    """The layer has no libraries, so the program may ask for none."""
    with open(b.root + "/usr/bin/mimus", "rb") as f:
        head = f.read(4096)
    at, size, count = (int.from_bytes(head[i:i + n], "little") for i, n in ((32, 8), (54, 2), (56, 2)))
    kinds = [int.from_bytes(head[at + i * size:at + i * size + 4], "little") for i in range(count)]
    if 3 in kinds:
        raise Wrong("the program has an interpreter (PT_INTERP)")


def case_docker_load_form(b):
    with tarfile.open(b.tar) as t:
        manifest, = json.load(t.extractfile("manifest.json"))
        config = json.load(t.extractfile(manifest["Config"]))
        plain = gzip.decompress(t.extractfile(manifest["Layers"][0]).read())
    b.expect("tags", manifest["RepoTags"], ["mimus-binfmt:latest"])
    b.expect("diff_ids", config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(plain).hexdigest()])


def case_mimus_run_takes_it(b):
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(b.out, "cache"))
    for path in (b.layout, b.tar):
        r = subprocess.run([b.mimus_run, "--image", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        if r.returncode or "linux/arm64" not in json.loads(r.stdout)["supported"]:
            raise Wrong("%s: %s" % (path, r.stdout))


# ---- what it does ----

def inside_install_all(b):
    seen, _ = b.entry()
    b.expect("before", seen["emulators"], [])
    b.expect("before: supported", seen["supported"][0], "linux/" + ARCH)
    b.expect("runs before", b.runs(), False)
    seen, said = b.entry("--install", "all")
    if not {"mimus-aarch64", "mimus-riscv64"} <= set(seen["emulators"]):
        raise Wrong("emulators: %s" % seen)
    if not {"linux/arm64", "linux/riscv64"} <= set(seen["supported"]) or "mimus-aarch64: registered" not in said:
        raise Wrong("supported: %s, %s" % (seen, said))
    b.expect("runs", b.runs(), True)
    shutil.rmtree(b.root + "/usr")      # the kernel has opened what it needs: flag F
    b.expect("runs without the image", b.runs(), True)


def inside_install_some(b):
    b.expect("emulators", b.entry("--install", "linux/arm64/v8,amd64")[0]["emulators"], ["mimus-aarch64"])
    seen, said = b.entry("-install", "riscv64")
    b.expect("emulators", sorted(seen["emulators"]), ["mimus-aarch64", "mimus-riscv64"])
    b.expect("uninstall", b.entry("--uninstall", "arm64")[0]["emulators"], ["mimus-riscv64"])
    b.expect("runs", b.runs(), False)
    b.expect("again", "is not registered" in b.entry("--uninstall", "arm64")[1], True)
    b.expect("pattern", b.entry("--uninstall", "qemu-*")[0]["emulators"], [])


def inside_others(b):
    """Entries of others go when they are for such programs, or named."""
    b.entry("--install", "riscv64")
    for line in (OTHER, OTHER.replace("qemu-aarch64", "wine").replace("\\xb7", "\\x99")):
        with open(b.root + TABLE + "/register", "w") as f:
            f.write(line)
    b.expect("all are named", sorted(b.entry()[0]["emulators"]), ["mimus-riscv64", "qemu-aarch64", "wine"])
    seen, said = b.entry("--install", "arm64")
    b.expect("replaced", sorted(seen["emulators"]), ["mimus-aarch64", "mimus-riscv64", "wine"])
    b.expect("wine", sorted(b.entry("--uninstall", "*")[0]["emulators"]), ["wine"])
    with open(b.root + TABLE + "/register", "w") as f:
        f.write(OTHER)
    b.expect("both", sorted(b.entry("--uninstall", "qemu-aarch64", "--install", "riscv64")[0]["emulators"]),
             ["mimus-riscv64", "wine"])


def inside_mount(b):
    place = b.root + "/elsewhere"
    os.mkdir(place)
    seen, _ = b.entry("--mount", "/elsewhere", "--install", "arm64")
    b.expect("emulators", seen["emulators"], ["mimus-aarch64"])
    b.expect("mounted", os.path.exists(place + "/mimus-aarch64"), True)


def inside_refusals(b):
    b.expect("version", b.entry("--version")[0].split()[0], "mimus-binfmt")
    b.expect("help", "--uninstall" in b.entry("--help")[0], True)
    for args, status in ((["--install", "arm64,vax"], 1), (["--bad"], 2), (["word"], 2), (["--install"], 2),
                         (["--mount", "/nonesuch", "--install", "all"], 1), (["--uninstall", "vax"], 0)):
        out, said = b.entry(*args, status=status)
        if not said.strip():
            raise Wrong("%s: says nothing" % args)
    b.expect("nothing was done", b.entry()[0]["emulators"], [])


CASES = {k[5:]: v for k, v in sorted(globals().items()) if k.startswith("case_")}
INSIDE = {k[7:]: v for k, v in sorted(globals().items()) if k.startswith("inside_")}


def unpack(b):
    shutil.rmtree(b.root, ignore_errors=True)
    os.makedirs(b.root + "/proc")
    with tarfile.open(fileobj=io.BytesIO(b.parts()[2])) as t:
        t.extractall(b.root)


def inside(b, name):
    """In the namespaces: the root has /proc, as a container's has."""
    subprocess.run(["mount", "--rbind", "/proc", b.root + "/proc"], check=True)
    try:
        INSIDE[name](b)
    except Wrong as e:
        print(e)
        return 1
    return 0


def why_not():
    r = subprocess.run(["unshare", "-Urm", "mount", "-t", "binfmt_misc", "binfmt_misc", TABLE], stderr=subprocess.PIPE,
                       text=True)
    if r.returncode:
        return "no binfmt_misc in a user namespace here: " + r.stderr.strip()
    return None if shutil.which("aarch64-linux-gnu-gcc") else "aarch64-linux-gnu-gcc is missing"


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--mimus", required=True)
    p.add_argument("--mimus-run", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--inside", help=argparse.SUPPRESS)
    args = p.parse_args()
    args.out, args.mimus, args.mimus_run = (os.path.abspath(x) for x in (args.out, args.mimus, args.mimus_run))
    b = Bench(args)
    if args.inside:
        return inside(b, args.inside)
    os.makedirs(args.out, exist_ok=True)
    b.write(b.layout, b.tar)
    unpack(b)
    passed = failed = skipped = 0
    for name, case in CASES.items():
        try:
            case(b)
            passed += 1
        except Wrong as e:
            print("FAILED %s: %s" % (name, e))
            failed += 1
    why = why_not()
    if why:
        print("skipped: %s" % why)
        skipped = len(INSIDE)
    else:
        subprocess.run(["aarch64-linux-gnu-gcc", "-O1", "-static", "-o", b.hello,
                        os.path.join(ROOT, "tests", "run", "show.c")], check=True)
        for name in INSIDE:
            unpack(b)
            r = subprocess.run(["unshare", "-Urm", sys.executable, os.path.abspath(__file__), "--mimus", args.mimus,
                                "--mimus-run", args.mimus_run, "--out", args.out, "--inside", name],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            if r.returncode:
                print("FAILED %s: %s" % (name, r.stdout.strip()))
            passed, failed = passed + (r.returncode == 0), failed + (r.returncode != 0)
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
