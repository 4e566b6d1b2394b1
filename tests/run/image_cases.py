# SPDX-License-Identifier: MIT
"""Cases of run.py: container images, good and hostile."""
import json
import os
import shutil
import stat
import subprocess

import images
from bench import Skipped, Wrong

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILERS = {"arm64": "aarch64-linux-gnu-gcc", "riscv64": "riscv64-linux-gnu-gcc"}
MACHINES = {"arm64": "aarch64", "riscv64": "riscv64"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LONG = "/".join(["long" * 20] * 5)


def program(b, architecture):
    path = os.path.join(b.out, "show-" + architecture)
    source = os.path.join(HERE, "show.c")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
        if not shutil.which(COMPILERS[architecture]):
            raise Skipped("there is no " + COMPILERS[architecture])
        subprocess.run([COMPILERS[architecture], "-O2", "-static", "-s", "-o", path, source], check=True)
    with open(path, "rb") as f:
        return f.read()


def base(b, architecture="arm64"):
    return [("file", "bin/show", program(b, architecture), 0o755),
            ("file", "etc/passwd", "root:x:0:0::/root:/bin/show\ntester:x:1234:1235::/home/tester:/bin/show\n"),
            ("file", "etc/group", "root:x:0:\ntester:x:1235:\n")]


def fresh(b, name="layout"):
    b.folder("cache")
    return b.folder(name)


# ---- images as they are meant ----

def case_image_config(b):
    layout = images.Layout()
    for a in ("riscv64", "arm64"):
        layout.image(a, [base(b, a)], {"Entrypoint": ["/bin/show", "entry"], "Cmd": ["cmd"], "Env": ["A=image", "B=b c"],
                                       "WorkingDir": "/made/here"})
    for path in (layout.folder(fresh(b)), layout.tar(b.folder("tar") + "/image.tar")):
        b.image(path, "--platform", "linux/arm64", SECRET="of the host", output="aarch64 /bin/show entry cmd\n"
                "uid 0 gid 0 in /made/here\nA=image B=b c SECRET=(null) PATH=" + PATH)
        b.image(path, "--platform", "riscv64", "x", "y", says="riscv64 /bin/show entry x y\n")
        b.image(path, says="riscv64 /bin/show entry cmd\n")
        b.image(path, "--platform", "linux/arm64/v8", "--entrypoint", "show", says="aarch64 show\n")
        b.image(path, "--entrypoint", "", "show", "z", says="riscv64 show z\n")
        b.image(path, "--env", "A=mine", "--workdir", "/etc", says="in /etc\nA=mine B=b c")
        b.image_fails(path, "it has no image for linux/s390x", "--platform", "linux/s390x")
        b.image_fails(path, "only images for linux", "--platform", "windows/arm64")
        b.image_fails(path, "--workdir /etc/passwd", "--workdir", "/etc/passwd")


def case_image_user(b):
    path = images.Layout().image("arm64", [base(b)], {"Cmd": ["show"], "User": "tester"}).folder(fresh(b))
    if b.uid == 0:
        b.image(path, says="uid 1234 gid 1235 in /")
    elif not shutil.which("newuidmap"):
        b.image_fails(path, "or say --user 0")
    b.image(path, "--user", "0", says="uid 0 gid 0 in /")
    path = images.Layout().image("arm64", [base(b)], {"Cmd": ["show"], "User": "nonesuch"}).folder(fresh(b))
    b.image_fails(path, "no such user")


def case_image_changes_are_discarded(b):
    path = images.Layout().image("arm64", [base(b)], {"Entrypoint": ["show"]}).folder(fresh(b))
    b.image(path, "cat", "/etc/group", says="tester:x:1235")
    b.image(path, "write", "/etc/group", output="")
    b.image(path, "write", "/new", output="")
    b.image(path, "cat", "/etc/group", says="tester:x:1235")
    b.image(path, "cat", "/new", status=1, says="No such file")


def case_image_is_unpacked_once(b):
    layout = images.Layout().image("arm64", [base(b)], {"Cmd": ["show"]}, ["+gzip"])
    path = layout.folder(fresh(b))
    b.image(path, says="aarch64 show")
    for name in list(layout.files):
        if layout.files[name].startswith(b"\x1f\x8b"):
            os.unlink(os.path.join(path, name))
    b.image(path, says="aarch64 show")


def case_image_at_once(b):
    path = images.Layout().image("arm64", [base(b)], {"Cmd": ["show"]}).tar(fresh(b) + "/image.tar")
    env = {"XDG_CACHE_HOME": b.folder("cache"), "PATH": os.environ["PATH"]}
    for p in [b.popen(["--image", path], env=env) for _ in range(6)]:
        b.check(["at once"], p, 0, "aarch64 show", None)


def tree(root):
    """{name: what it is} of all below root."""
    out = {}
    for folder, dirs, files in os.walk(root):
        for n in dirs + files:
            path = os.path.join(folder, n)
            st = os.lstat(path)
            name = os.path.relpath(path, root)
            if stat.S_ISLNK(st.st_mode):
                out[name] = "-> " + os.readlink(path)
            elif stat.S_ISDIR(st.st_mode):
                out[name] = "dir %o" % stat.S_IMODE(st.st_mode)
            elif stat.S_ISREG(st.st_mode):
                with open(path, "rb") as f:
                    out[name] = "%o %s" % (stat.S_IMODE(st.st_mode), f.read(40).decode("latin-1"))
            else:
                out[name] = "other %o" % stat.S_IFMT(st.st_mode)
    return out


def unpacked(b, says):
    """The tree of the only image in the cache."""
    roots = b.unpacked()
    if len(roots) != 1:
        raise Wrong("%s: there are %d roots" % (says, len(roots)))
    return tree(roots[0])


LOWER = [
    ("dir", "./"), ("dir", "usr/"), ("dir", "usr/lib"), ("link", "lib", "usr/lib"), ("link", "abs", "/usr"),
    ("file", "a/gone", "x"), ("file", "a/stays", "stays"), ("file", "gonedir/deep/x", "x"),
    ("file", "opaque/old", "x"), ("file", "opaque/deep/old", "x"), ("dir", "todir"), ("file", "merged/x", "x"), ("file", "tofolder", "x"),
    ("file", "changes", "lower", 0o600), ("link", "tolink", "changes"), ("hard", "hard", "a/stays"),
    ("file", LONG, "long"), ("file", "Főtanúsítvány", "utf-8"), ("fifo", "fifo"), ("char", "null"),
    ("file", "setuid", "s", 0o4755), ("dir", "closed", 0o555), ("file", "closed/x", "in a closed folder")]
UPPER = [
    ("file", "new-before", "same layer"), ("file", ".wh.new-before", ""), ("file", "a/.wh.gone", ""),
    ("file", "opaque/new", "new"), ("file", "opaque/.wh..wh..opq", ""), ("file", ".wh.gonedir", ""),
    ("file", "todir", "now a file"), ("dir", "merged", 0o700), ("dir", "tofolder"), ("file", "tofolder/y", "y"), ("file", "changes", "upper", 0o644),
    ("file", "tolink", "no link"), ("file", "lib/through", "through a link"), ("file", "abs/lib/too", "absolute"),
    ("file", ".wh.nonesuch", ""), ("file", "nonesuch/.wh.nonesuch", ""), ("file", "/slash", "from the root")]
LAST = [("file", "a/.wh.stays", ""), ("link", "changes", "hard"), ("hard", "last", "./hard")]
RESULT = {
    "lib": "-> usr/lib", "abs": "-> /usr", "usr": "dir 755", "usr/lib": "dir 755", "a": "dir 755",
    "opaque": "dir 755", "opaque/new": "644 new", "todir": "644 now a file", "merged": "dir 700", "merged/x": "644 x",
    "tofolder": "dir 755", "tofolder/y": "644 y",
    "changes": "-> hard", "tolink": "644 no link", "hard": "644 stays", "last": "644 stays",
    "Főtanúsítvány": "644 utf-8", "fifo": "other %o" % stat.S_IFIFO, "setuid": "4755 s", "closed/x":
    "644 in a closed folder", "usr/lib/through": "644 through a link", "usr/lib/too": "644 absolute",
    "slash": "644 from the root", "new-before": "644 same layer", LONG: "644 long"}


def case_layers(b):
    layers = [LOWER, UPPER, [], LAST, []]
    expected = dict(RESULT, closed="dir 755" if b.uid else "dir 555")
    for part in range(1, 5):
        expected["/".join(LONG.split("/")[:part])] = "dir 755"
    kinds = ["", "+gzip", "+gzip", "+zstd", ""]
    for path in (images.Layout().image("arm64", layers, kinds=kinds).folder(fresh(b)),
                 images.docker_save(b.folder("saved") + "/saved.tar", "arm64", layers)):
        b.folder("cache")
        b.image(path, "/nonesuch", status=127)
        seen = unpacked(b, path)
        for name in sorted(set(seen) | set(expected)):
            if seen.get(name) != expected.get(name):
                raise Wrong("%s: %s is %r, not %r" % (path, name, seen.get(name), expected.get(name)))


def case_docker_save(b):
    path = images.docker_save(fresh(b) + "/saved.tar", "arm64", [base(b), []], {"Cmd": ["show", "saved"], "Env": ["A=1"]})
    b.image(path, says="aarch64 show saved\n")
    # Newer ones have links for layers that are there already.
    layer = images.tar(base(b))
    config = json.dumps(images.Layout().config("arm64", [layer, layer], {"Cmd": ["show", "linked"]}))
    with open(path, "wb") as f:
        f.write(images.tar([("file", "one/layer.tar", layer), ("link", "two/layer.tar", "../one/layer.tar"),
                            ("file", "c.json", config), ("file", "manifest.json", json.dumps(
                                [{"Config": "c.json", "Layers": ["one/layer.tar", "two/layer.tar"]}]))]))
    b.image(path, says="aarch64 show linked\n")


def case_image_index_of_indexes(b):
    layout = images.Layout().image("riscv64", [base(b, "riscv64")], {"Cmd": ["show"]}).image(
        "arm64", [base(b)], {"Cmd": ["show"]})
    inner = layout.blob({"schemaVersion": 2, "manifests": layout.manifests}, "index.v1+json")
    missing = dict(layout.manifests[0], digest="sha256:" + "0" * 64)
    unknown = dict(layout.manifests[0], platform={"architecture": "unknown", "os": "unknown"})
    layout.manifests = [unknown, missing, inner]
    path = layout.folder(fresh(b))
    b.image(path, "--platform", "arm64", says="aarch64 show")
    b.image(path, says="riscv64 show")


# ---- images as they are not meant ----

def outside(b):
    """A folder of the host with one file, which nothing may change."""
    path = b.folder("outside")
    with open(path + "/file", "w") as f:
        f.write("of the host")
    os.chmod(path + "/file", 0o666)
    os.chmod(path, 0o777)
    return path


def unchanged(b, what):
    if tree(b.folder("outside", fresh=False)) != {"file": "666 of the host"}:
        raise Wrong("%s: the host's folder was changed: %s" % (what, tree(b.folder("outside", fresh=False))))


def case_hostile_layers(b):
    out = outside(b)
    up = "../" * 40
    deep = "/".join(["d" * 200] * 18)
    rows = [
        # name, layers, what it says (None: it is unpacked), what is then in the root (None: is not there)
        ("..", [[("file", up + out.lstrip("/") + "/new", "x")]], "'..'", {}),
        (".. inside", [[("file", "a/../../new", "x")]], "'..'", {}),
        (".. as a folder", [[("dir", "..")]], "'..'", {}),
        ("absolute", [[("file", out + "/new", "x")]], None, {out[1:] + "/new": "644 x"}),
        ("absolute link", [[("link", "l", out), ("file", "l/new", "x")]], "No such file", {}),
        ("relative link", [[("link", "l", up + "tmp2"), ("dir", "tmp2"), ("file", "l/new", "x")]], None,
         {"tmp2/new": "644 x"}),
        ("link of a lower layer", [[("link", "l", out)], [("file", "l/file", "x")]], "No such file", {}),
        ("link of links", [[("link", "l", "m"), ("link", "m", "l"), ("file", "l/x", "x")]], "symbolic links", {}),
        ("file at a link", [[("link", "l", out + "/file"), ("file", "l", "x")]], None, {"l": "644 x"}),
        ("folder at a link", [[("link", "l", out), ("dir", "l", 0o700), ("file", "l/file", "x")]], None,
         {"l/file": "644 x"}),
        ("hard link out", [[("hard", "h", out + "/file"), ("file", "h", "x")]], "No such file", {}),
        ("hard link up", [[("hard", "h", up + out.lstrip("/") + "/file")]], "'..'", {}),
        ("hard link to a link", [[("link", "l", out + "/file"), ("hard", "h", "l"), ("file", "h", "x")]], None,
         {"l": "-> " + out + "/file", "h": "644 x"}),
        ("hard link through a link", [[("link", "l", out), ("hard", "h", "l/file")]], "No such file", {}),
        ("hard link to itself", [[("file", "h", "x"), ("hard", "h", "h")]], "No such file", {}),
        ("hard link to a folder", [[("dir", "d"), ("hard", "h", "d")]], "not permitted", {}),
        ("whiteout through a link", [[("link", "l", out)], [("file", "l/.wh.file", "")]], None, {"l": "-> " + out}),
        ("opaque through a link", [[("link", "l", out)], [("file", "l/.wh..wh..opq", "")]], None, {"l": "-> " + out}),
        ("whiteout of ..", [[("file", "a/x", "x")], [("file", "a/.wh..", ""), ("file", "a/.wh...", ""),
                                                      ("file", "a/.wh.", "")]], None, {"a/x": "644 x"}),
        ("whiteout with ..", [[("file", "x", "x")], [("file", "a/../../.wh.x", "")]], "'..'", {}),
        ("opaque root", [[("file", "x", "x")], [("file", ".wh..wh..opq", ""), ("file", "y", "y")]], None,
         {"x": None, "y": "644 y"}),
        ("device", [[("char", "null"), ("char", "dev/null")]], None, {"null": None, "dev/null": None, "dev": "dir 755"}),
        ("name too long", [[("file", "n" * 300, "x")]], "too long", {}),
        ("path too long", [[("file", "n/" * 3000, "x")]], "too long", {}),
        ("deep", [[("dir", deep)], [("file", ".wh." + "d" * 200, "")]], None, {"d" * 200: None}),
        ("escape in a name", [[("file", "\x1b[31m\n/../x", "x")]], "'..'", {}),
    ]
    for name, layers, says, has in rows:
        path = images.Layout().image("arm64", layers).folder(fresh(b))
        if says:
            b.image_fails(path, says)
            if b.unpacked():
                raise Wrong("%s: was kept" % name)
        else:
            b.image(path, "/nonesuch", status=127)
            seen = unpacked(b, name)
            for k, v in has.items():
                if seen.get(k) != v:
                    raise Wrong("%s: %s is %r, not %r" % (name, k, seen.get(k), v))
        unchanged(b, name)


def case_deeper_than_descriptors(b):
    """A tree deeper than files can be open, made by way of links, is removed again."""
    part = "/".join("d" * 900)
    layer = []
    for i in range(2):
        layer += [("dir", ("l%d/" % (i - 1) if i else "") + part), ("link", "l%d" % i, ("l%d/" % (i - 1) if i else "") + part)]
    path = images.Layout().image("arm64", [layer, [("file", ".wh.d", "")]]).folder(fresh(b))
    b.image(path, "/nonesuch", status=127)
    if "d" in unpacked(b, "deep"):
        raise Wrong("the tree is still there")
    b.image_fails(images.Layout().image("arm64", [layer, [("dir", "..")]]).folder(fresh(b)), "'..'")


def case_damaged_layers(b):
    good = images.tar([("file", "x", "x" * 100000)])
    packed = images.PACKERS["+gzip"](good)
    for name, blob, says in [
            ("cut gzip", packed[:-20], "runcated"), ("cut tar", good[:5000], ""), ("no tar", b"hello" * 1000, ""),
            ("empty", b"", ""), ("other bytes", good.replace(b"x" * 512, b"y" * 512, 1), "another digest"),
            ("cut zstd", images.zstd(good)[:-300], ""), ("damaged zstd", images.zstd(good)[:9] + b"\xff" * 90000, "")]:
        layout = images.Layout()
        config = layout.blob(layout.config("arm64", [good]), "config.v1+json")
        layout.manifests = [layout.blob({"config": config, "layers": [layout.blob(blob, "layer.v1.tar")]}, "manifest")]
        b.image_fails(layout.folder(fresh(b)), "layer 1: ")
        b.image_fails(os.path.join(b.out, "layout-%d" % b.uid), says)
        if b.unpacked():
            raise Wrong("%s: was kept" % name)


def case_wrong_digests(b):
    for victim, says in [("layer", "is damaged"), ("config", "is damaged"), ("manifest", "is damaged")]:
        layout = images.Layout().image("arm64", [[("file", "x", "x")]])
        manifest = json.loads(layout.files["blobs/sha256/" + layout.manifests[0]["digest"][7:]])
        hexes = {"layer": manifest["layers"][0], "config": manifest["config"], "manifest": layout.manifests[0]}
        name = "blobs/sha256/" + hexes[victim]["digest"][7:]
        layout.files[name] = layout.files[name].replace(b"x", b"X") + b" "
        b.image_fails(layout.folder(fresh(b)), says)
    for digest, says in [("sha256:../../../../etc/passwd", "no sha256 digest"), ("md5:1", "no sha256 digest"),
                         ("sha256:" + "A" * 64, "no sha256 digest"), ("\x1b[31m\n", "no sha256 digest"),
                         (None, "no sha256 digest"), ("sha256:" + "0" * 64, "No such file")]:
        layout = images.Layout()
        config = layout.blob(layout.config("arm64", [b""]), "config.v1+json")
        layout.manifests = [layout.blob({"config": config, "layers": [{"digest": digest}]}, "manifest")]
        b.image_fails(layout.folder(fresh(b)), says)


def case_hostile_texts(b):
    many = {"manifests": [{"digest": "sha256:" + "0" * 64}] * 20000}
    rows = [
        (b"", "index.json"), (b'{"manifests": [', "index.json: line 1"), (b"{}", "no image for"), (b"[]", "no image for"),
        (b"3", "index.json: line 1"), (b'"x"', "index.json: line 1"), (b"\x00" * 1000, "index.json: line 1"),
        (b"[" * 100000, "index.json: line 1"), (b" " * (5 << 20), "longer than"), (b'{"a": 1, "a": 2}', "duplicate"),
        (b'{"manifests": {"a": 1}}', "no image for"), (b'{"manifests": [3, null, "x"]}', "no sha256 digest"),
        (b'{"manifests": [{"platform": 3}]}', "no image for"), (b'{"a": "\\u0000"}', "index.json: line 1"),
        (b'{"x": "\xff\xfe"}', "index.json: line 1"), (b'{"\x1b[31m', "index.json: line 1"),
        (json.dumps(many).encode(), "no image for"),
    ]
    for text, says in rows:
        layout = images.Layout()
        layout.files["index.json"] = text
        b.image_fails(layout.folder(fresh(b)), says)
    # Indexes that name one another: 5 levels of 1000 each.
    layout = images.Layout()
    d = layout.blob({"manifests": []}, "index")
    for _ in range(5):
        d = layout.blob({"manifests": [d] * 1000}, "index")
    layout.manifests = [d]
    b.image_fails(layout.folder(fresh(b)), "JSON texts are longer")


def case_hostile_configs(b):
    for config, says in [
            ({"Cmd": "show"}, "/nonesuch"), ({"Cmd": [1, 2]}, "no list of words"),
            ({"Cmd": ["x"] * 64}, "more than 63"), ({"Env": ["A=%d" % i for i in range(200)]}, "more than 128"),
            ({"Env": [None]}, "no list of words"), ({"Entrypoint": {"a": 1}}, "/nonesuch")]:
        path = images.Layout().image("arm64", [[]], config).folder(fresh(b))
        if says == "/nonesuch":
            b.image(path, says, status=127)
        else:
            b.image_fails(path, says)
    b.image_fails(images.Layout().image("arm64", [[]] * 300).folder(fresh(b)), "more than 256 layers")
    b.image_fails(images.Layout().image("arm64", [[]], rootfs={}).folder(fresh(b)), "its config tells of 0")
    b.image_fails(images.Layout().image("arm64", [[]], rootfs={"diff_ids": ["x"]}).folder(fresh(b)), "no sha256 digest")


def case_hostile_folders(b):
    out = outside(b)
    path = fresh(b)
    b.image_fails(path, "neither index.json nor manifest.json")
    b.image_fails("/nonesuch", "No such file")
    b.image_fails("/dev/null", "neither a folder nor a file")
    os.mkfifo(path + "/index.json")
    b.image_fails(path, "neither index.json nor manifest.json")
    # A blob that is a link out of the layout.
    layout = images.Layout().image("arm64", [[("file", "x", "x")]])
    path = layout.folder(fresh(b))
    name = next(n for n in layout.files if n.startswith("blobs") and layout.files[n].startswith(b"x\0"))
    shutil.move(os.path.join(path, name), b.folder("moved") + "/blob")
    os.symlink(b.folder("moved", fresh=False) + "/blob", os.path.join(path, name))
    b.image_fails(path, "cross-device")
    # What docker save names is a path.
    for manifest, says in [
            ([{"Config": "../../../etc/passwd", "Layers": []}], "cross-device"),
            ([{"Config": "/etc/passwd", "Layers": []}], "cross-device"), ([{"Layers": []}], "has no Config"),
            ([{"Config": "blobs", "Layers": []}], "blobs: "), ([3], "has no Config"), ({}, "no image for")]:
        path = images.docker_save(fresh(b) + "/x.tar", "arm64", [[]], manifest=manifest)
        b.image_fails(path, says)
    config = images.as_json(images.Layout().config("arm64", [b"x"]))
    for layer in ("/etc/passwd", "../../../../etc/passwd", "l/passwd", "", "\x1b[31m\n"):
        path = images.docker_save(fresh(b) + "/x.tar", "arm64", [[]], members=[("link", "l", "/etc"), ("file", "c", config)],
                                  manifest=[{"Config": "c", "Layers": [layer]}])
        b.image_fails(path, "")
    path = images.docker_save(fresh(b) + "/x.tar", "arm64", [[]], manifest=[
        {"Config": "c", "Layers": [3]}], members=[("file", "c", config)])
    b.image_fails(path, "no sha256 digest")
    # The tar of an image is as hostile as that of a layer.
    for members, says in [
            ([("file", "../../../../../../.." + out + "/new", "x")], "'..'"),
            ([("link", "l", out), ("file", "l/new", "x")], "No such file"),
            ([("hard", "h", out + "/file")], "No such file")]:
        path = images.docker_save(fresh(b) + "/x.tar", "arm64", [[]], members=members)
        b.image_fails(path, says)
    for data in (b"", b"hello", b"\x1f\x8b\x08", os.urandom(100000)):
        with open(path, "wb") as f:
            f.write(data)
        b.image_fails(path, "")
    unchanged(b, "folders")


def case_cache_of_others(b):
    path = images.Layout().image("arm64", [base(b)], {"Cmd": ["show"]}).folder(fresh(b))
    b.image(path, says="aarch64")
    folder = b.folder("cache", fresh=False) + "/mimus/images"
    os.chmod(folder, 0o777)
    b.image_fails(path, "nobody else may write to")
    os.chmod(folder, 0o700)
    os.rename(folder, folder + ".moved")
    os.symlink(folder + ".moved", folder)
    b.image_fails(path, "Not a directory")
    os.unlink(folder)
    os.rename(folder + ".moved", folder)
    b.image(path, status=125, says="set one", XDG_CACHE_HOME="", HOME="")
    # With names that the options of an overlay could not hold.
    odd = b.folder("odd, name: x=y")
    b.image(path, says="aarch64", XDG_CACHE_HOME=odd)
    # What an interrupted start left is cleaned up.
    os.makedirs(folder + "/unfinished/root/x")
    os.makedirs(folder + "/scratch/x")
    if b.uid and not os.getuid():
        subprocess.run(["chown", "-R", str(b.uid), folder], check=True)
    b.image(path, says="aarch64")


def case_image_usage(b):
    b.check(["usage"], b.popen(["--platform", "arm64", b.root, "true"]), 2, "about an --image", None)
    b.run(["true"], root="/etc/passwd", status=125, says="use --image")
