# SPDX-License-Identifier: MIT
"""Container images in the forms that mimus-run reads, made of nothing but Python.

A layer is a list of members: ("file", NAME, TEXT or BYTES[, MODE]), ("dir", NAME[, MODE]),
("link", NAME, TARGET), ("hard", NAME, TARGET), ("char", NAME), ("fifo", NAME).
"""
import gzip
import hashlib
import io
import json
import os
import struct
import tarfile

TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
         "char": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}


def tar(members):
    """The bytes of a tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for kind, name, *more in members:
            info = tarfile.TarInfo(name)
            info.type = TYPES[kind]
            info.mode = 0o755 if kind == "dir" else 0o644
            info.mtime = 1000000000
            data = b""
            if kind in ("link", "hard"):
                info.linkname = more[0]
            elif kind == "file":
                data = more[0] if isinstance(more[0], bytes) else more[0].encode()
                info.size = len(data)
                if len(more) > 1:
                    info.mode = more[1]
            elif kind == "dir" and more:
                info.mode = more[0]
            elif kind == "char":
                info.devmajor, info.devminor = 1, 3
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zstd(data):
    """A frame of blocks that are stored as they are (RFC 8878)."""
    out = [struct.pack("<IBI", 0xFD2FB528, 2 << 6 | 1 << 5, len(data))]
    blocks = [data[i:i + 100000] for i in range(0, len(data), 100000)]
    for i, b in enumerate(blocks):
        out += [struct.pack("<I", (i == len(blocks) - 1) | len(b) << 3)[:3], b]
    return b"".join(out)


PACKERS = {"": lambda d: d, "+gzip": lambda d: gzip.compress(d, mtime=0), "+zstd": zstd}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def as_json(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class Layout:
    """An OCI image layout: files by name, written as a folder or a tar."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
        self.manifests = []

    def blob(self, data, kind):
        data = as_json(data)
        self.files["blobs/sha256/" + digest(data)] = data
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest(data),
                "size": len(data)}

    def config(self, architecture, layers, config=None, **more):
        return {"architecture": architecture, "os": "linux", "config": config or {},
                "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(d) for d in layers]}, **more}

    def image(self, architecture, layers, config=None, kinds=None, **more):
        """Add an image of these layers (lists of members, or bytes); more: keys of its config."""
        plain = [d if isinstance(d, bytes) else tar(d) for d in layers]
        kinds = kinds or [""] * len(plain)
        manifest = {
            "schemaVersion": 2,
            "config": self.blob(self.config(architecture, plain, config, **more), "config.v1+json"),
            "layers": [self.blob(PACKERS[k](d), "layer.v1.tar" + k) for d, k in zip(plain, kinds)]}
        d = self.blob(manifest, "manifest.v1+json")
        d["platform"] = {"os": "linux", "architecture": architecture}
        self.manifests.append(d)
        return self

    def index(self):
        self.files.setdefault("index.json", as_json({"schemaVersion": 2, "manifests": self.manifests}))
        return self.files

    def folder(self, path):
        for name, data in self.index().items():
            os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
            with open(os.path.join(path, name), "wb") as f:
                f.write(data)
        return path

    def tar(self, path):
        with open(path, "wb") as f:
            f.write(tar([("file", n, d) for n, d in self.index().items()]))
        return path


def docker_save(path, architecture, layers, config=None, manifest=None, members=()):
    """What docker save has written for years: layers and a config named in manifest.json."""
    plain = [tar(d) for d in layers]
    text = as_json(Layout().config(architecture, plain, config))
    names = ["%s/layer.tar" % digest(d) for d in plain]
    out = dict(zip(names, plain))
    manifest = manifest if manifest is not None else [{"Config": digest(text) + ".json", "RepoTags": ["test:1"], "Layers": names}]
    with open(path, "wb") as f:
        f.write(tar([*members, *[("file", n, d) for n, d in out.items()], ("file", digest(text) + ".json", text),
                     ("file", "manifest.json", as_json(manifest))]))
    return path
