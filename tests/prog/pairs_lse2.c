// SPDX-License-Identifier: MIT
// guests: aarch64
// With LSE2 an aligned pair of registers is loaded and stored at once.
// builds: static
// cflags-aarch64: -march=armv8.4-a
// options: -cpu neoverse-v1
// repeat: 3
// expect: uscat 1
// expect: halves of two stores 0
// expect: halves of two stores of words 0
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>

enum { ROUNDS = 50000000 };

static _Alignas(16) uint64_t pair[2];
static _Alignas(8) uint32_t words[2];
static volatile int stop;

static void *writer(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; !stop; i++) {
        __asm__ volatile("stp %0, %0, [%2]\n\tstp %w0, %w0, [%3]"
                         : : "r"(i), "r"(0), "r"(pair), "r"(words) : "memory");
    }
    return NULL;
}

int main(void)
{
    pthread_t t;
    unsigned torn = 0, torn_words = 0;

    printf("uscat %d\n", (int)(getauxval(AT_HWCAP) >> 25 & 1));
    pthread_create(&t, NULL, writer, NULL);
    while (!*(volatile uint64_t *)pair) {
    }
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t a, b;
        uint32_t c, d;

        __asm__ volatile("ldp %0, %1, [%2]" : "=&r"(a), "=&r"(b) : "r"(pair) : "memory");
        __asm__ volatile("ldp %w0, %w1, [%2]" : "=&r"(c), "=&r"(d) : "r"(words) : "memory");
        torn += a != b;
        torn_words += c != d;
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("halves of two stores %u\nhalves of two stores of words %u\n", torn, torn_words);
    return 0;
}
