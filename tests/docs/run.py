#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages of docs/: what they tell to type is typed, and the manifests are validated.

usage: run.py --bin DIR --out DIR [--only PAGE] [--slow]

DIR holds mimus, mimus-run and mimus-binfmt, which are found by these names. A comment before a fenced
block of a page says what is done with it, in the page's order and in one folder per page:

  <!-- file: NAME -->               the block is the content of a file
  <!-- run: PROGRAM ... -->         the block is run by sh, if these programs are there; `table`
                                    (a binfmt_misc table of our own), `all-ids` (one that root has, with
                                    all users), `user-ids` (an ordinary user with a range of ids, and no
                                    table), `slow` and `rust-std-aarch64` can be named, too
  <!-- expect: TEXT -->             what the last run has printed has this text

A block for sh without a comment is not run, and counted as such. Links between pages must lead
somewhere.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SLOW = False
TABLE = "/proc/sys/fs/binfmt_misc"
COMMENT = re.compile(r"^<!-- (file|run|expect): (.*?) -->\s*$")
# Commands that need a table of their own are run in namespaces that have one.
ALL_IDS = [sys.executable, os.path.join(HERE, "all_ids.py")]
NAMESPACES = {"table": ["unshare", "-Urm"], "all-ids": ALL_IDS, "user-ids": [*ALL_IDS, "--ordinary"]}
REGISTER = "mount -t binfmt_misc binfmt_misc %s\nmimus-binfmt register >/dev/null\n" % TABLE


def blocks(text):
    """(kind, argument, content) of each comment, and ("plain", language, content) of other blocks."""
    lines = iter(text.splitlines())
    pending = None
    for line in lines:
        m = COMMENT.match(line)
        if m and m[1] == "expect":
            yield "expect", m[2], ""
        elif m:
            pending = (m[1], m[2])
        elif line.startswith("```"):
            body = []
            for inner in lines:
                if inner.startswith("```"):
                    break
                body.append(inner)
            kind, argument = pending or ("plain", line[3:].strip())
            yield kind, argument, "\n".join(body) + "\n"
            pending = None


def table():
    """Can we have a binfmt_misc table of our own?"""
    return subprocess.run(["unshare", "-Urm", "mount", "-t", "binfmt_misc", "binfmt_misc", TABLE],
                          stderr=subprocess.DEVNULL).returncode == 0


def reachable(folders):
    """Can an ordinary user use them?"""
    return all(subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "test", "-x", f]).returncode == 0 for f in folders)


def rust_std(out, env):
    """Have Debian's cargo compile for arm64, by a sysroot with both standard libraries."""
    sysroot, std = os.path.join(out, "sysroot"), os.path.join(out, "libstd")
    if not os.path.exists("/usr/lib/rustlib/x86_64-unknown-linux-gnu") or not os.path.exists("/usr/bin/cargo"):
        return False
    if not os.path.exists(sysroot):
        with open("/etc/os-release") as f:
            suite = re.search(r"^VERSION_CODENAME=(\w+)", f.read(), re.M)
        r = subprocess.run([os.path.join(ROOT, "scripts", "guest-root"), "-n", "-s", suite[1] if suite else "stable", "arm64",
                            std, "libstd-rust-dev"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode:
            return False
        os.makedirs(sysroot + "/lib/rustlib")
        os.makedirs(sysroot + "/bin")
        for arch, top in (("aarch64", std), ("x86_64", "")):
            name = "lib/rustlib/%s-unknown-linux-gnu" % arch
            os.symlink("%s/usr/%s" % (top, name), os.path.join(sysroot, name))
        for tool in ("cargo", "rustc"):
            os.symlink("/usr/bin/" + tool, sysroot + "/bin/" + tool)
    env["PATH"] = sysroot + "/bin:" + env["PATH"]
    env["RUSTFLAGS"] = "--sysroot=" + sysroot
    return True


def lacking(needs, env, out):
    """The first thing that is not there, or None."""
    for n in needs:
        if n == "slow":
            if not SLOW:
                return "--slow"
        elif n in NAMESPACES:
            if not table():
                return "a binfmt_misc table in a user namespace"
            if n != "table" and os.getuid():
                return "root"
            if n == "user-ids" and not (shutil.which("newuidmap") and os.path.exists("/etc/subuid")):
                return "uidmap"
            if n == "user-ids" and not reachable([out, *env["PATH"].split(":")[:1]]):
                return "a folder of tests that everybody can reach"
        elif n == "rust-std-aarch64":
            if not rust_std(out, env):
                return "Debian's rustc and cargo with libstd-rust-dev for arm64"
        elif n.startswith("/"):
            if not os.path.exists(n):
                return n
        elif not shutil.which(n, path=env["PATH"]):
            return n
    return None


def last(text):
    return "\n".join(text.splitlines()[-20:]) + "\n"


def run_page(path, out, env):
    """passed, failed, skipped, and the number of blocks that are not run."""
    folder = os.path.join(out, os.path.splitext(os.path.basename(path))[0])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    counts = [0, 0, 0, 0]
    said = None
    page = os.path.relpath(path, ROOT)
    with open(path) as f:
        text = f.read()
    for kind, argument, body in blocks(text):
        if kind == "file":
            name = os.path.join(folder, argument)
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w") as f:
                f.write(body)
        elif kind == "run":
            own = dict(env)
            why = lacking(argument.split(), own, out)
            if why:
                print("skipped %s: %s is missing: %s" % (page, why, body.splitlines()[0]))
                counts[2] += 1
                said = None
                continue
            command = ["sh", "-euc", body]
            for need in set(argument.split()) & set(NAMESPACES):
                command = [*NAMESPACES[need], "sh", "-euc", body if need == "user-ids" else REGISTER + body]
            r = subprocess.run(command, cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=1800)
            said = r.stdout
            counts[r.returncode != 0] += 1
            if r.returncode:
                print("FAILED %s: status %d of:\n%s%s" % (page, r.returncode, body, last(said)))
        elif kind == "expect" and said is not None:
            counts[argument not in said] += 1
            if argument not in said:
                print("FAILED %s: no '%s' in: %s" % (page, argument, last(said)))
        elif kind == "plain" and argument == "sh":
            counts[3] += 1
    return counts


def bad_links(path):
    with open(path) as f:
        text = f.read()
    return [t for t in re.findall(r"\]\(([^)#]+)", text)
            if "://" not in t and not os.path.exists(os.path.join(os.path.dirname(path), t))]


# Names of the validator's classes are those of the manifests' kinds.
VALIDATE = """
import yaml from "yaml";
import fs from "fs";
let bad = 0, n = 0;
for (const file of process.argv.slice(1))
    for (const doc of yaml.parseAllDocuments(fs.readFileSync(file, "utf8"))) {
        const object = doc.toJS();
        if (doc.errors.length || !object)
            throw new Error(file + ": " + doc.errors);
        const kind = (await import("kubernetes-models/" + object.apiVersion))[object.kind];
        try {
            new kind(object).validate();
            n++;
        } catch (e) {
            bad++;
            console.log("FAILED " + file + ": " + object.kind + ": " + e.message);
        }
    }
console.log(n + " " + bad);
"""


def validate(out):
    """Manifests against the schemas of Kubernetes, by an npm package that has them."""
    files = sorted(glob.glob(ROOT + "/docs/kubernetes/*.yaml"))
    folder = os.path.join(out, "npm")
    os.makedirs(folder, exist_ok=True)
    if not os.path.isdir(folder + "/node_modules/kubernetes-models"):
        if not shutil.which("npm"):
            print("skipped: the manifests are not validated: npm is missing")
            return [0, 0, 1, 0]
        r = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
                            "kubernetes-models@5", "yaml@2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            print("skipped: the manifests are not validated: npm: %s" % r.stdout.strip().splitlines()[-1:])
            return [0, 0, 1, 0]
    broken = os.path.join(out, "broken.yaml")
    with open(files[0]) as f, open(broken, "w") as g:
        g.write(f.read().replace("containers:", "container:", 1))
    run = lambda names: subprocess.run(["node", "--input-type=module", "-e", VALIDATE, *names], cwd=folder, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True).stdout.strip().splitlines()
    if run([broken])[-1:] != ["0 1"]:
        print("FAILED: the validator and a broken manifest: %s" % run([broken]))
        return [0, 1, 0, 0]
    lines = run(files)
    if not re.fullmatch(r"\d+ \d+", lines[-1]):
        print("FAILED: the validator: %s" % lines)
        return [0, 1, 0, 0]
    print("\n".join(lines[:-1]), end="\n" if lines[1:] else "")
    return [*map(int, lines[-1].split()), 0, 0]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--bin", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--only", default="")
    p.add_argument("--slow", action="store_true")
    args = p.parse_args()
    global SLOW
    SLOW = args.slow
    out = os.path.abspath(args.out)
    os.makedirs(out, exist_ok=True)
    env = dict(os.environ, PATH=os.path.abspath(args.bin) + ":" + os.environ["PATH"])
    total = [0, 0, 0, 0]
    for path in sorted(glob.glob(ROOT + "/docs/*.md")):
        if args.only and args.only not in path:
            continue
        counts = run_page(path, out, env)
        for link in bad_links(path):
            print("FAILED %s: the link to %s leads nowhere" % (path, link))
            counts[1] += 1
        total = [a + b for a, b in zip(total, counts)]
    if not args.only:
        total = [a + b for a, b in zip(total, validate(out))]
    print("%d blocks for people's own machines were not run" % total[3])
    print("%d passed, %d failed%s" % (total[0], total[1], ", %d skipped" % total[2] if total[2] else ""))
    return total[1] != 0


if __name__ == "__main__":
    sys.exit(main())
