/* SPDX-License-Identifier: MIT */
/* Signals to oneself: delivery, handler, return. */
#include "bench.h"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t got;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
    (void)uc;
    got += sig == SIGUSR1 && si->si_pid == getpid();
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 30000);
    struct sigaction sa = { 0 };

    sa.sa_sigaction = on_signal;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &sa, NULL);
    while (n--)
        raise(SIGUSR1);
    printf("%ld\n", (long)got);
    return 0;
}
