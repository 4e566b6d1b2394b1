# SPDX-License-Identifier: MIT
"""mimus-run started by the tests, and what it must say."""
import os
import shutil
import subprocess


class Wrong(Exception):
    pass


class Skipped(Exception):
    pass


class Bench:
    """One user's: tool is mimus-run, root the root that is entered, out a folder for files."""

    def __init__(self, tool, root, out, uid):
        self.tool, self.root, self.out, self.uid = tool, root, out, uid

    def popen(self, args, **more):
        drop = {"user": self.uid, "group": self.uid, "extra_groups": []} if self.uid and not os.getuid() else {}
        return subprocess.Popen([self.tool, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, **drop, **more)

    def start(self, *args, root=None, **more):
        return self.popen([*args[:-1], root or self.root, *args[-1]], **more)

    def run(self, *args, status=0, says=None, output=None, **more):
        """args: options, then the list that is the command."""
        return self.check(args, self.start(*args, **more), status, says, output)

    def check(self, args, p, status, says, output):
        try:
            out = p.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            raise Wrong("%r: hangs" % (args,))
        if p.returncode != status:
            raise Wrong("%r: status %d, not %d: %s" % (args, p.returncode, status, out.strip()))
        if says is not None and says not in out:
            raise Wrong("%r: does not say '%s' but: %s" % (args, says, out.strip()))
        if output is not None and out.strip() != output:
            raise Wrong("%r: says '%s', not '%s'" % (args, out.strip(), output))
        return out

    # ---- images ----

    def folder(self, name, fresh=True):
        """A folder of the user, empty."""
        path = os.path.join(self.out, "%s-%d" % (name, self.uid))
        if fresh:
            shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path, exist_ok=True)
        if self.uid and not os.getuid():
            os.chown(path, self.uid, self.uid)
        return path

    def image(self, path, *args, status=0, says=None, output=None, **env):
        """Run an image, unpacked to the folder `cache`; args: options and words of the command."""
        cache = self.folder("cache", fresh=False)
        args = ["--image", path, *args]
        p = self.popen(args, env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": cache, "HOME": "/nonesuch", **env})
        out = self.check(args, p, status, says, output)
        left = set(os.listdir(cache + "/mimus/images")) if os.path.isdir(cache + "/mimus/images") else set()
        if any(len(n) != 64 and n != "lock" for n in left):
            raise Wrong("%r: files are left: %s" % (args, left))
        return out

    def image_fails(self, path, says, *args):
        """One line that says so."""
        out = self.image(path, *args, status=125, says=says)
        if not out.startswith("mimus-run: ") or out.count("\n") != 1 or not out.strip().isprintable():
            raise Wrong("%s: not one clean line: %r" % (path, out))

    def unpacked(self):
        """The roots of all images in the cache."""
        folder = self.folder("cache", fresh=False) + "/mimus/images"
        return [os.path.join(folder, n, "root") for n in os.listdir(folder) if n != "lock"]
