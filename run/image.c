// SPDX-License-Identifier: MIT
/*
 * image.c: what an image consists of, by its JSON texts (OCI image specification 1.1; what `docker
 * save` writes is told by manifest.json).
 *
 * All happens in the user's cache, under its lock: `scratch` is what a tar of an image is unpacked to,
 * `unfinished` the root that is being made. Both are gone at the end, or at the next start when
 * there was none.
 */
#include "run/image.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "run/layer.h"

/* Bytes of one JSON text, and of all with TEXT_COST for each; see read_json(). */
enum { TEXT_MAX = 4 << 20, TEXTS_MAX = 16 << 20, TEXT_COST = 1024 };
enum { LAYERS_MAX = 256, INDEX_DEPTH = 4 };

#define SCRATCH    "scratch"
#define UNFINISHED "unfinished"

/* An image while it is read. */
typedef struct {
    const char *path;               /* for messages */
    const char *platform;           /* that was asked for, or NULL */
    int folder;                     /* where its files are */
    int tar;                        /* the tar it is in, of which only small files are out yet; or -1 */
    int cache, lock;
    char cache_path[PATH_MAX];
    int64_t texts;                  /* cost of those read so far */
} Source;

/* fail: one line, whatever the image has for names, and nothing left behind. */
static void __attribute__((noreturn, format(printf, 2, 3))) fail(const Source *s, const char *fmt, ...)
{
    char text[PATH_MAX + 512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    layer_remove(s->cache, SCRATCH);
    layer_remove(s->cache, UNFINISHED);
    run_fail("%s: %s", s->path, text);
}

/* ---- files of an image ---- */

static int open_member(const Source *s, const char *name)
{
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    struct stat st;
    int fd = (int)syscall(SYS_openat2, s->folder, name, &how, sizeof(how));

    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static int must_open(const Source *s, const char *name)
{
    int fd = open_member(s, name);

    if (fd < 0)
        fail(s, "%s: %s", name, strerror(errno));
    return fd;
}

/* digest_hex: of "sha256:HEX", checked, since it becomes a file's name. */
static const char *digest_hex(const Source *s, const char *text)
{
    static const char kind[] = "sha256:";
    const char *hex = text && !strncmp(text, kind, strlen(kind)) ? text + strlen(kind) : "";

    if (strlen(hex) != SHA256_HEX || strspn(hex, "0123456789abcdef") != SHA256_HEX)
        fail(s, "'%.80s' is no sha256 digest", text ? text : "");
    return hex;
}

static const char *descriptor_hex(const Source *s, json_t *descriptor)
{
    return digest_hex(s, json_string_value(json_object_get(descriptor, "digest")));
}

enum { BLOB_NAME = 80 };

static const char *blob_name(const Source *s, json_t *descriptor, char name[BLOB_NAME])
{
    snprintf(name, BLOB_NAME, "blobs/sha256/%s", descriptor_hex(s, descriptor));
    return name;
}

/* has_blob: an index may name images of platforms that were not saved with it. */
static bool has_blob(const Source *s, json_t *descriptor)
{
    char name[BLOB_NAME];
    int fd = open_member(s, blob_name(s, descriptor, name));

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* open_blob: what a descriptor names; its content has that digest. */
static int open_blob(const Source *s, json_t *descriptor)
{
    char name[BLOB_NAME], hex[SHA256_HEX + 1];
    int fd = must_open(s, blob_name(s, descriptor, name));

    if (!layer_sha256(fd, hex) || strcmp(hex, descriptor_hex(s, descriptor)))
        fail(s, "%s is damaged: its content has another digest", name);
    return fd;
}

/* read_json: the text at fd, which is closed. */
static json_t *read_json(Source *s, const char *what, int fd)
{
    json_error_t error;
    struct stat st;
    json_t *j;
    char *text;

    if (fstat(fd, &st) < 0 || st.st_size > TEXT_MAX)
        fail(s, "%.200s is longer than %d bytes", what, TEXT_MAX);
    s->texts += st.st_size + TEXT_COST;
    if (s->texts > TEXTS_MAX)
        fail(s, "its JSON texts are longer than %d bytes", TEXTS_MAX);
    text = malloc((size_t)st.st_size + 1);
    if (!text || pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
        fail(s, "%.200s cannot be read", what);
    j = json_loadb(text, (size_t)st.st_size, JSON_REJECT_DUPLICATES, &error);
    free(text);
    close(fd);
    if (!j)
        fail(s, "%.200s: line %d: %s", what, error.line, error.text);
    return j;
}

/* ---- which image ---- */

/* asked: is this the architecture of "linux/arm64/v8", "linux/arm64", "arm64" or "aarch64"? */
static bool asked(const char *platform, const char *architecture)
{
    const char *os = "linux/", *p = strncmp(platform, os, strlen(os)) ? platform : platform + strlen(os);
    const Guest *g = magic_guest(p);
    size_t n = strcspn(p, "/");

    return g ? g == magic_guest(architecture) : strlen(architecture) == n && !strncmp(p, architecture, n);
}

/* wanted: is this object with an "os" and an "architecture" for what was asked for? */
static bool wanted(const Source *s, json_t *of)
{
    const char *os = json_string_value(json_object_get(of, "os"));
    const char *architecture = json_string_value(json_object_get(of, "architecture"));

    if (!architecture || (os && strcmp(os, "linux")))
        return false;
    if (s->platform)
        return asked(s->platform, architecture);
    return magic_guest(architecture) || magic_host_platform(architecture);
}

static void __attribute__((noreturn)) fail_platform(const Source *s)
{
    if (s->platform)
        fail(s, "it has no image for %s", s->platform);
    fail(s, "it has no image for a CPU that runs here");
}

/*
 * choose: the manifest of an image that is wanted, and its config, from an index, which may name
 * further ones. False: there is none.
 */
static bool choose(Source *s, json_t *index, unsigned depth, json_t **manifest, json_t **config, const char **hex)
{
    json_t *list = json_object_get(index, "manifests"), *d;
    size_t i;

    json_array_foreach(list, i, d)
    {
        json_t *of = json_object_get(d, "platform");

        if ((of && !wanted(s, of)) || !has_blob(s, d))
            continue;
        *hex = descriptor_hex(s, d);
        *manifest = read_json(s, "a manifest", open_blob(s, d));
        if (json_object_get(*manifest, "layers")) {
            *config = read_json(s, "the config", open_blob(s, json_object_get(*manifest, "config")));
            if (wanted(s, *config))
                return true;
        } else if (depth < INDEX_DEPTH && choose(s, *manifest, depth + 1, manifest, config, hex)) {
            return true;
        }
    }
    return false;
}

/* ---- what it says ---- */

/* take_strings: a list of them; returns how many. */
static unsigned take_strings(const Source *s, json_t *config, const char *key, const char **out, unsigned max)
{
    json_t *list = json_object_get(config, key);
    unsigned n = (unsigned)json_array_size(list);

    if (json_array_size(list) > max)
        fail(s, "%s of its config has more than %u words", key, max);
    for (unsigned i = 0; i < n; i++) {
        out[i] = json_string_value(json_array_get(list, i));
        if (!out[i])
            fail(s, "%s of its config is no list of words", key);
    }
    return n;
}

static const char *take_text(json_t *config, const char *key)
{
    const char *v = json_string_value(json_object_get(config, key));

    return v && *v ? v : NULL;
}

static void take_config(const Source *s, json_t *j, RunImage *image)
{
    json_t *c = json_object_get(j, "config");

    image->n_env = take_strings(s, c, "Env", image->env, RUN_ENV_MAX);
    take_strings(s, c, "Entrypoint", image->entrypoint, RUN_WORDS_MAX - 1);
    take_strings(s, c, "Cmd", image->cmd, RUN_WORDS_MAX - 1);
    image->workdir = take_text(c, "WorkingDir");
    image->user = take_text(c, "User");
}

/* ---- the cache ---- */

/* add_folder: to a path; made when it is missing. */
static void add_folder(char path[PATH_MAX], const char *name)
{
    size_t n = strlen(path);

    if ((size_t)snprintf(path + n, PATH_MAX - n, "%s", name) >= PATH_MAX - n)
        run_fail("%s: %s", path, strerror(ENAMETOOLONG));
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        run_fail("%s: %s", path, strerror(errno));
}

/* open_cache: it is locked against others of the user; what they left unfinished goes. */
static void open_cache(Source *s)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *names[] = { SCRATCH, UNFINISHED };
    struct stat st;

    if (base && *base == '/') {
        add_folder(s->cache_path, base);
    } else if (home && *home == '/') {
        add_folder(s->cache_path, home);
        add_folder(s->cache_path, "/.cache");
    } else {
        run_fail("images are unpacked to a folder below HOME or XDG_CACHE_HOME: set one");
    }
    add_folder(s->cache_path, "/mimus");
    add_folder(s->cache_path, "/images");
    s->cache = open(s->cache_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->cache < 0 || fstat(s->cache, &st) < 0)
        run_fail("%s: %s", s->cache_path, strerror(errno));
    if (st.st_uid != geteuid() || st.st_mode & 022)
        run_fail("%s: must be a folder of yours that nobody else may write to", s->cache_path);
    s->lock = openat(s->cache, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0 || flock(s->lock, LOCK_EX) < 0)
        run_fail("%s/lock: %s", s->cache_path, strerror(errno));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int err = layer_remove(s->cache, names[i]);

        if (err < 0)
            run_fail("%s/%s: cannot be removed: %s", s->cache_path, names[i], strerror(-err));
    }
}

/* new_folder: below the cache, open. */
static int new_folder(const Source *s, const char *name, mode_t mode)
{
    int fd;

    if (mkdirat(s->cache, name, mode) < 0 ||
        (fd = openat(s->cache, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 || fchmod(fd, mode) < 0)
        fail(s, "%s/%s: %s", s->cache_path, name, strerror(errno));
    return fd;
}

static void unpack_tar(const Source *s, int64_t size_max)
{
    const char *why = s->tar < 0 ? NULL : layer_unpack_archive(s->tar, s->folder, size_max);

    if (why)
        fail(s, "%s", why);
}

/* open_source: the image's folder, or what a tar holds. */
static void open_source(Source *s)
{
    struct stat st;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) < 0)
        run_fail("%s: %s", s->path, strerror(errno));
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        run_fail("%s: is neither a folder nor a file", s->path);
    s->folder = S_ISDIR(st.st_mode) ? fd : new_folder(s, SCRATCH, 0700);
    s->tar = S_ISDIR(st.st_mode) ? -1 : fd;
    /* The texts, which may say that we have it already. */
    unpack_tar(s, TEXT_MAX);
}

/* open_layer: an OCI layer is named by its digest, one of `docker save` by a path. */
static int open_layer(const Source *s, json_t *layer)
{
    return json_is_string(layer) ? must_open(s, json_string_value(layer)) : open_blob(s, layer);
}

/* unpack: all layers, when it has not been done: the folder has its name when it is complete. */
static void unpack(const Source *s, json_t *layers, json_t *config, const char *hex, RunImage *image)
{
    json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids"), *layer;
    size_t i;
    int top, root;

    snprintf(image->root, sizeof(image->root), "%.*s/%s/root", PATH_MAX - 80, s->cache_path, hex);
    if (faccessat(s->cache, hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    if (json_array_size(layers) > LAYERS_MAX)
        fail(s, "there are more than %d layers", LAYERS_MAX);
    if (json_array_size(layers) != json_array_size(ids))
        fail(s, "there are %zu layers, but its config tells of %zu", json_array_size(layers), json_array_size(ids));
    if (isatty(STDERR_FILENO))
        run_note("unpacking %s", s->path);
    unpack_tar(s, INT64_MAX);
    top = new_folder(s, UNFINISHED, 0700);
    root = new_folder(s, UNFINISHED "/root", 0755);
    json_array_foreach(layers, i, layer)
    {
        int fd = open_layer(s, layer);
        const char *why = layer_unpack(fd, root, digest_hex(s, json_string_value(json_array_get(ids, i))));

        close(fd);
        if (why)
            fail(s, "layer %zu: %s", i + 1, why);
    }
    close(root);
    close(top);
    if (renameat(s->cache, UNFINISHED, s->cache, hex) < 0)
        fail(s, "%s/%s: %s", s->cache_path, hex, strerror(errno));
}

/* ---- kinds of images ---- */

static bool open_oci(Source *s, RunImage *image)
{
    json_t *manifest, *config;
    const char *hex;
    int fd = open_member(s, "index.json");

    if (fd < 0)
        return false;
    if (!choose(s, read_json(s, "index.json", fd), 0, &manifest, &config, &hex))
        fail_platform(s);
    take_config(s, config, image);
    unpack(s, json_object_get(manifest, "layers"), config, hex, image);
    return true;
}

static bool open_docker(Source *s, RunImage *image)
{
    char hex[SHA256_HEX + 1] = "";
    int fd = open_member(s, "manifest.json");
    json_t *list, *one, *config;
    size_t i;

    if (fd < 0)
        return false;
    list = read_json(s, "manifest.json", fd);
    json_array_foreach(list, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "Config"));

        if (!name)
            fail(s, "an image of manifest.json has no Config");
        fd = must_open(s, name);
        if (!layer_sha256(fd, hex))
            fail(s, "%s cannot be read", name);
        config = read_json(s, name, fd);
        if (!wanted(s, config))
            continue;
        take_config(s, config, image);
        unpack(s, json_object_get(one, "Layers"), config, hex, image);
        return true;
    }
    fail_platform(s);
}

void image_open(const char *path, const char *platform, RunImage *image)
{
    static Source s;

    s = (Source){ .path = path, .platform = platform };
    if (platform && strchr(platform, '/') && strncmp(platform, "linux/", 6))
        run_fail("--platform %s: only images for linux can be run", platform);
    open_cache(&s);
    open_source(&s);
    if (!open_oci(&s, image) && !open_docker(&s, image))
        fail(&s, "is no image: it has neither index.json nor manifest.json");
    layer_remove(s.cache, SCRATCH);
    close(s.folder);
    if (s.tar >= 0)
        close(s.tar);
    close(s.lock);
    close(s.cache);
}
