/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/guest_test.h"
#include "translate/base/log.h"
#include "translate/host/interp/interp.h"
#include "translate/translate.h"

enum { LOOPS = 1000 };

static char path[] = "/tmp/mimus-counts-XXXXXX";
static uint32_t *code;
static Env *env;

static void setup(void)
{
    const char *bad;
    int fd = mkstemp(path);

    code = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages_set_exec(guest_addr((uint64_t)code), PAGE_BYTES, true);
    env = env_new();
    interp_init(&guest_test);
    test_state(env)->pc = (uint64_t)code;
    cr_assert(fd >= 0 && !close(fd) && !log_open(path) && !log_select("counts", &bad));
    /* One run of four instructions, the others of three. */
    code[0] = TEST_INSN(ADD, 1, 1, 2);
    code[1] = TEST_INSN(ADD, 1, 1, 2);
    code[2] = TEST_INSN(ADD, 0, 0, 255);
    code[3] = TEST_INSN(BRANCH_NZ, 0, 0, 2);
    code[4] = TEST_INSN(SYSCALL, 0, 0, 9);
    test_state(env)->x[0] = 0 - 255ull * LOOPS;
    cr_assert(interp_run(env) == EXIT_SYSCALL);
}

static void teardown(void)
{
    interp_free(env);
    env_free(env);
    unlink(path);
}

TestSuite(counts, .init = setup, .fini = teardown);

/* logged: lines of the log that start so. */
static unsigned logged(const char *want)
{
    FILE *f = fopen(path, "r");
    char line[2048];
    unsigned n = 0;

    cr_assert(f != NULL);
    while (fgets(line, sizeof(line), f))
        n += !strncmp(line, want, strlen(want));
    fclose(f);
    return n;
}

static unsigned logged_block(unsigned insn, unsigned runs)
{
    char want[80];

    snprintf(want, sizeof(want), "counts: block 0x%llx %u ", (unsigned long long)&code[insn], runs);
    return logged(want);
}

Test(counts, blocks_and_mentions)
{
    interp_log_counts();
    cr_expect(logged_block(0, 1) == 1);
    cr_expect(logged_block(1, LOOPS - 1) == 1);
    cr_expect(logged_block(4, 1) == 1);
    /* x0: read by the addition and the branch; x1: by the addition, twice in the first run. */
    cr_expect(logged("counts: reg x0 2000 1000\n") == 1);
    cr_expect(logged("counts: reg x1 1001 1001\n") == 1);
}

Test(counts, nothing_counts_twice)
{
    interp_log_counts();
    interp_log_counts();
    interp_free(env);
    interp_log_counts();
    cr_expect(logged_block(1, LOOPS - 1) == 1);
    cr_expect(logged("counts: block ") == 3);
    cr_expect(logged("counts: reg x0 ") == 1);
}

Test(counts, a_forked_child_starts_from_zero)
{
    interp_fork_child();
    interp_log_counts();
    cr_expect(logged("counts: ") == 0);
}
