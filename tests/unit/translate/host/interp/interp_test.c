/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/mman.h>

#include "tests/unit/guest_test.h"
#include "translate/host/interp/interp.h"
#include "translate/translate.h"

static uint32_t *code;
static Env *env;

static void setup(void)
{
    code = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    pages_set_exec(guest_addr((uint64_t)code), 2 * PAGE_BYTES, true);
    env = env_new();
    interp_init(&guest_test);
    test_faults_on(env);
    test_state(env)->pc = (uint64_t)code;
}

static void teardown(void)
{
    interp_free(env);
    env_free(env);
}

TestSuite(interp, .init = setup, .fini = teardown);

Test(interp, step_runs_one_instruction)
{
    code[0] = TEST_INSN(ADD, 0, 1, 5);
    code[1] = TEST_INSN(ADD, 0, 0, 1);
    test_state(env)->x[1] = 2;
    cr_expect(interp_step(env) == EXIT_NONE);
    cr_expect(test_state(env)->x[0] == 7 && test_state(env)->pc == (uint64_t)&code[1]);
    cr_expect(interp_step(env) == EXIT_NONE);
    cr_expect(test_state(env)->x[0] == 8);
}

Test(interp, run_loops_until_the_system_call)
{
    code[0] = TEST_INSN(ADD, 1, 1, 2);
    code[1] = TEST_INSN(ADD, 0, 0, 255);
    code[2] = TEST_INSN(BRANCH_NZ, 0, 0, 2);
    code[3] = TEST_INSN(SYSCALL, 0, 0, 9);
    test_state(env)->x[0] = 0 - 255ull * 1000;
    cr_expect(interp_run(env) == EXIT_SYSCALL);
    cr_expect(test_state(env)->x[1] == 2000 && test_state(env)->pc == (uint64_t)&code[4]);
}

static int count_calls(Env *e, uint32_t imm)
{
    uint64_t *calls = e->rt.user;

    *calls += imm;
    return *calls >= 30;
}

Test(interp, a_system_call_may_go_on)
{
    uint64_t calls = 0;

    code[0] = TEST_INSN(SYSCALL, 0, 0, 10);
    code[1] = TEST_INSN(ADD, 0, 0, 1);
    code[2] = TEST_INSN(BRANCH_NZ, 0, 0, 2);
    env->rt.on_syscall = count_calls;
    env->rt.user = &calls;
    cr_expect(interp_run(env) == EXIT_SYSCALL);
    cr_expect(calls == 30 && test_state(env)->x[0] == 2);
}

Test(interp, a_poke_is_answered)
{
    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(BRANCH_NZ, 0, 0, 1);
    env->rt.poke = 1;
    cr_expect(interp_run(env) == EXIT_POKE);
    cr_expect(!env->rt.poke && test_state(env)->x[0] == 0);
}

static void *poke_soon(void *arg)
{
    struct timespec t = { .tv_nsec = 5000000 };

    nanosleep(&t, NULL);
    env_poke(arg);
    return NULL;
}

Test(interp, a_poke_from_another_thread_ends_a_loop, .timeout = 10)
{
    pthread_t thread;

    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(BRANCH_NZ, 0, 0, 1);
    pthread_create(&thread, NULL, poke_soon, env);
    cr_expect(interp_run(env) == EXIT_POKE);
    cr_expect(test_state(env)->pc == (uint64_t)code);
    pthread_join(thread, NULL);
}

Test(interp, a_fault_names_the_instruction)
{
    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(LOAD, 0, 1, 8);
    test_state(env)->x[1] = 16;
    cr_expect(interp_run(env) == EXIT_FAULT);
    cr_expect(test_state(env)->pc == (uint64_t)&code[1] && test_state(env)->x[0] == 1);
    cr_expect(env->rt.fault_sig == SIGSEGV && env->rt.fault_code == SEGV_MAPERR);
    cr_expect(env->rt.fault_addr == 24 && !env->rt.in_access);
    /* and again, so the mask and the handler are as before */
    cr_expect(interp_run(env) == EXIT_FAULT);
}

Test(interp, an_undefined_word_is_reported)
{
    code[0] = 0xdeadbeef;
    cr_expect(interp_run(env) == EXIT_UNDEF);
    cr_expect(env->rt.exit_arg == 0xdeadbeef && test_state(env)->pc == (uint64_t)code);
}

Test(interp, a_page_without_exec_is_not_fetched)
{
    pages_set_exec(guest_addr((uint64_t)code), PAGE_BYTES, false);
    cr_expect(interp_run(env) == EXIT_FETCH);
    cr_expect(env->rt.fault_sig == SIGSEGV && env->rt.fault_code == SEGV_ACCERR);
}

Test(interp, a_page_that_went_away_is_a_fetch_fault)
{
    munmap(code, PAGE_BYTES); /* without pages_set_exec: another thread was quicker */
    cr_expect(interp_run(env) == EXIT_FETCH);
    cr_expect(env->rt.fault_code == SEGV_MAPERR && env->rt.fault_addr == (uint64_t)code);
    cr_expect(interp_step(env) == EXIT_FETCH);
}

Test(interp, changed_code_is_seen_after_invalidation)
{
    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(SYSCALL, 0, 0, 0);
    interp_run(env);
    code[0] = TEST_INSN(ADD, 0, 0, 100);
    test_state(env)->pc = (uint64_t)code;
    interp_run(env);
    cr_expect(test_state(env)->x[0] == 2);
    interp_invalidate();
    test_state(env)->pc = (uint64_t)code;
    interp_run(env);
    cr_expect(test_state(env)->x[0] == 102);
}
