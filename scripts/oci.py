#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a container image that registers Mimus with the kernel it runs on, without a daemon.

usage: oci.py --version V --program ARCH=FILE [--program ...] [--tar FILE] [--tag NAME] DIR

DIR becomes an OCI image layout (image-spec 1.1), one image for each ARCH, as images call it: amd64,
arm64. An image has one layer with the static program FILE as /usr/bin/mimus, and mimus-binfmt as
its entry point. The tar is the first image in the form of `docker save`.

The same programs and SOURCE_DATE_EPOCH (0 without) give the same bytes: members are sorted and
belong to root, and nothing else of the machine or the day is in them.
"""
import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
LINKS = {"usr/bin/mimus-binfmt": "mimus", "usr/bin/binfmt": "mimus-binfmt"}
ENTRY = ["/usr/bin/mimus-binfmt", "image-entry"]
MANIFEST, CONFIG, LAYER, INDEX = ("application/vnd.oci.image." + k for k in (
    "manifest.v1+json", "config.v1+json", "layer.v1.tar+gzip", "index.v1+json"))


def tar(members):
    """Bytes of a tar of {name: bytes of a file, (text of a link,) or None for a folder}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.mtime, info.uname, info.gname, info.mode = EPOCH, "root", "root", 0o755
            if data is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(data, tuple):
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, data[0], 0o777
            else:
                info.size = len(data)
            t.addfile(info, io.BytesIO(data if isinstance(data, bytes) else b""))
    return out.getvalue()


def text(value):
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"


class Layout:
    def __init__(self):
        self.files = {"oci-layout": text({"imageLayoutVersion": "1.0.0"})}

    def blob(self, data, media, **more):
        """Add a blob; its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        self.files["blobs/sha256/" + digest] = data
        return {"mediaType": media, "digest": "sha256:" + digest, "size": len(data), **more}


def add_image(layout, arch, program, labels):
    """Descriptors of the manifest, the config and the layer."""
    plain = tar({"usr": None, "usr/bin": None, "usr/bin/mimus": program, **{k: (v,) for k, v in LINKS.items()}})
    layer = layout.blob(gzip.compress(plain, 9, mtime=0), LAYER)
    created = datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    config = layout.blob(text({
        "architecture": arch, "os": "linux", "created": created,
        "config": {"Entrypoint": ENTRY, "Env": ["PATH=/usr/bin"], "WorkingDir": "/", "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]},
        "history": [{"created": created, "created_by": "make oci"}]}), CONFIG)
    manifest = layout.blob(text({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
                                 "annotations": labels}), MANIFEST, platform={"os": "linux", "architecture": arch})
    return manifest, config, layer


def blob_path(descriptor):
    return "blobs/" + descriptor["digest"].replace(":", "/")


def write_folder(files, path):
    shutil.rmtree(path, ignore_errors=True)
    for name, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
        with open(os.path.join(path, name), "wb") as f:
            f.write(data)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--version", required=True)
    p.add_argument("--program", required=True, action="append", metavar="ARCH=FILE")
    p.add_argument("--tar")
    p.add_argument("--tag", default="mimus-binfmt:latest")
    p.add_argument("dir")
    a = p.parse_args()
    layout, images = Layout(), []
    labels = {"org.opencontainers.image.title": "mimus-binfmt", "org.opencontainers.image.version": a.version,
              "org.opencontainers.image.licenses": "MIT",
              "org.opencontainers.image.description": "registers Mimus for programs of other CPUs"}
    for word in a.program:
        arch, _, path = word.partition("=")
        try:
            with open(path, "rb") as f:
                images.append(add_image(layout, arch, f.read(), labels))
        except OSError as e:
            return "oci.py: %s: %s" % (path, e.strerror)
    manifests = [dict(m, annotations={"org.opencontainers.image.ref.name": a.tag.partition(":")[2] or "latest"})
                 for m, _, _ in images]
    layout.files["index.json"] = text({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    write_folder(layout.files, a.dir)
    print("%s: an OCI image layout for %s" % (a.dir, ", ".join(w.partition("=")[0] for w in a.program)))
    if a.tar:
        # What docker save has always written: all versions of docker and podman read it, and take the
        # name from it; of a layout in a tar they make different names.
        _, config, layer = images[0]
        names = {d["digest"].partition(":")[2] + end: layout.files[blob_path(d)]
                 for d, end in ((config, ".json"), (layer, ".tar"))}
        config_name, layer_name = names
        manifest = [{"Config": config_name, "RepoTags": [a.tag], "Layers": [layer_name]}]
        with open(a.tar, "wb") as f:
            f.write(tar({**names, "manifest.json": text(manifest)}))
        print("%s: for docker load and podman load, as %s" % (a.tar, a.tag))
    return 0


if __name__ == "__main__":
    sys.exit(main())
