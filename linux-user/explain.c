// SPDX-License-Identifier: MIT
/* explain.c: from an errno and a file to a sentence that helps. */
#include "linux-user/explain.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "elfload/map.h"
#include "linux-user/options.h"
#include "linux-user/path_prefix.h"
#include "translate/base/log.h"

enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

static int status_of(int err)
{
    return err == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* is_bad_file: the reason is what the file holds; its errno says nothing more. */
static bool is_bad_file(int err)
{
    return err == -ENOEXEC || err == -EINVAL || err == -ELIBBAD || err == -EFAULT || err == -EIO ||
           err == -EEXIST;
}

static bool is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* no_interp: the dynamic linker is missing, nearly always for want of -L. */
static _Noreturn void no_interp(const char *path, const ExecPlan *plan)
{
    if (path_prefix_active)
        die(EXIT_NOT_FOUND, "%s: its interpreter %s is neither under -L %s nor on the host", path,
            plan->interp, options.prefix);
    if (options.prefix_missing)
        die(EXIT_NOT_FOUND, "%s: its interpreter %s is not found, as -L %s does not exist", path,
            plan->interp, options.prefix_missing);
    die(EXIT_NOT_FOUND, "%s: its interpreter %s is not found; -L DIR names the root folder it is in",
        path, plan->interp);
}

void explain_error(const char *path, const ExecPlan *plan, int err, const char *why)
{
    bool plain = !strcmp(why, EXEC_WHY_PLAIN);

    if (*plan->interp && err == -ENOENT)
        no_interp(path, plan);
    if (*plan->interp)
        die(EXIT_CANNOT_RUN, "%s: its interpreter %s: %s", path, plan->interp,
            is_bad_file(err) ? why : strerror(-err));
    if (plain && plan->n_lead)
        die(status_of(err), "%s: its interpreter %s: %s", path, plan->lead[0], strerror(-err));
    if (plain && err == -EACCES && is_dir(path))
        die(EXIT_CANNOT_RUN, "%s: is a directory", path);
    if (plain)
        die(status_of(err), "%s: %s", path, strerror(-err));
    if (is_bad_file(err))
        die(EXIT_CANNOT_RUN, "%s: %s", path, why);
    die(status_of(err), "%s: %s: %s", path, why, strerror(-err));
}

// clang-format off
static const struct {
    uint16_t machine;
    uint8_t elf_class;          /* 0: any */
    const char *name;
} machines[] = {
    { EM_X86_64,      ELFCLASS64, "x86-64" },
    { EM_X86_64,      ELFCLASS32, "x86-64 (x32)" },
    { EM_386,         0,          "32-bit x86" },
    { EM_AARCH64,     ELFCLASS64, "64-bit Arm" },
    { EM_AARCH64,     ELFCLASS32, "64-bit Arm (ILP32)" },
    { EM_ARM,         0,          "32-bit Arm" },
    { EM_RISCV,       ELFCLASS64, "64-bit RISC-V" },
    { EM_RISCV,       ELFCLASS32, "32-bit RISC-V" },
    { EM_S390,        0,          "s390" },
    { EM_PPC64,       0,          "64-bit PowerPC" },
    { EM_PPC,         0,          "32-bit PowerPC" },
    { EM_MIPS,        ELFCLASS64, "64-bit MIPS" },
    { EM_MIPS,        ELFCLASS32, "32-bit MIPS" },
    { EM_SPARC,       0,          "32-bit SPARC" },
    { EM_SPARC32PLUS, 0,          "SPARC V8+" },
    { EM_SPARCV9,     0,          "64-bit SPARC" },
    { EM_68K,         0,          "m68k" },
    { EM_SH,          0,          "SuperH" },
    { EM_ALPHA,       0,          "Alpha" },
    { EM_PARISC,      0,          "PA-RISC" },
    { EM_IA_64,       0,          "Itanium" },
    { EM_LOONGARCH,   0,          "LoongArch" },
};
// clang-format on

/* machine_name: of an ELF file, with its byte order where a guest exists for the other one. */
static const char *machine_name(const ElfImage *img, char *buf, size_t len)
{
    const char *name = NULL;
    bool other_order = false;

    for (unsigned i = 0; i < ARRAY_LEN(machines) && !name; i++) {
        if (machines[i].machine == img->machine &&
            (!machines[i].elf_class || machines[i].elf_class == img->elf_class))
            name = machines[i].name;
    }
    for (const Guest *const *g = guest_list; *g; g++)
        other_order |= (*g)->elf_machine == img->machine && (*g)->elf_data != img->data;
    if (name)
        snprintf(buf, len, "%s%s", name,
                 !other_order                 ? ""
                 : img->data == ELFDATA2MSB ? " (big-endian)"
                                            : " (little-endian)");
    else
        snprintf(buf, len, "machine %u", img->machine);
    return buf;
}

/* is_hosts: a program for the CPU we run on. */
static bool is_hosts(const ElfImage *img)
{
#if defined(__x86_64__)
    return img->machine == EM_X86_64 || img->machine == EM_386;
#elif defined(__aarch64__)
    return img->machine == EM_AARCH64;
#else
    return false;
#endif
}

void explain_no_guest(const char *path, const ExecPlan *plan)
{
    char name[64], what[PATH_MAX + 32] = "";
    ElfImage img;
    struct stat st;
    const char *why;

    if (plan->n_lead)
        snprintf(what, sizeof(what), "its interpreter %s ", plan->lead[0]);
    if (plan->fd < 0)
        die(EXIT_CANNOT_RUN, "%s: %scannot be read", path, what);
    if (fstat(plan->fd, &st) == 0 && !st.st_size)
        die(EXIT_CANNOT_RUN, "%s: %sis empty", path, what);
    if (elf_read(plan->fd, &img, &why) < 0)
        die(EXIT_CANNOT_RUN, "%s: %sis neither an ELF program nor a script with #!", path, what);
    die(EXIT_CANNOT_RUN, "%s: %sis for %s%s", path, what, machine_name(&img, name, sizeof(name)),
        is_hosts(&img) ? ", the host itself: it runs without mimus"
                       : ", a CPU that mimus does not know");
}

void explain_wrong_guest(const char *path, const ExecPlan *plan, const Guest *only)
{
    die(EXIT_CANNOT_RUN, "%s: is for %s, not %s", path, plan->guest->name, only->name);
}
