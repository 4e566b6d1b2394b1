// SPDX-License-Identifier: MIT
/* interp.c: PT_INTERP: its name checked, the file found under the prefix and opened. */
#include "elfload/interp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfload/map.h"
#include "syscall/path.h"

int interp_name(int fd, const ElfImage *img, char *name, const char **why)
{
    uint64_t n = img->interp_bytes;
    ssize_t got = pread(fd, name, n, (off_t)img->interp_offset);
    char last = got == (ssize_t)n ? name[n - 1] : 0;

    if (got != (ssize_t)n || last)
        name[0] = 0;
    if (got != (ssize_t)n) {
        *why = "name of the program interpreter is outside the file";
        return -EIO;
    }
    if (last) {
        *why = "name of the program interpreter does not end";
        return -ENOEXEC;
    }
    return 0;
}

int interp_open(Thread *t, const char *name, const ElfImage *program, ElfImage *interp,
                const char **why)
{
    char path[PATH_MAX];
    const char *use = name;
    struct stat st;
    int err;

    *why = "cannot be opened";
    if (path_prefix_active) {
        err = path_resolve(t, AT_FDCWD, name, path, sizeof(path), PATH_LOOKUP);
        if (err < 0)
            return err;
        use = path;
    }
    /* Without O_NONBLOCK a named pipe would keep us here for good. */
    int fd = open(use, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return -errno;
    err = -EACCES;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        goto out_close;
    err = elf_read(fd, interp, why);
    if (err < 0) {
        err = -ELIBBAD;
        goto out_close;
    }
    if (interp->machine != program->machine || interp->elf_class != program->elf_class ||
        interp->data != program->data) {
        *why = "is for another machine";
        elf_image_free(interp);
        err = -ELIBBAD;
        goto out_close;
    }
    return fd;

out_close:
    close(fd);
    return err;
}
