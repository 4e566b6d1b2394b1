# SPDX-License-Identifier: MIT
# Address, undefined behaviour and thread sanitizer of gcc and clang: clean runs and findings.
# packages: gcc g++ clang libclang-rt-dev libc6-dev
# timeout: 300
cat >a.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <setjmp.h>
static void *t(void *p) { char *q = malloc(100000); memset(q, 1, 100000); free(q); return p; }
int main(int argc, char **argv)
{
    volatile char *h = malloc(10), s[10];
    memset((void *)s, argc, 10);
    for (int i = 0; i < 200; i++) { pthread_t x[4]; for (int j = 0; j < 4; j++) pthread_create(&x[j], 0, t, 0); for (int j = 0; j < 4; j++) pthread_join(x[j], 0); }
    jmp_buf b; if (!setjmp(b)) longjmp(b, 1);
    int k = argc > 1 ? atoi(argv[1]) : 0;
    if (k == 1) h[10 + argc - 2] = 1;
    if (k == 2) s[10 + argc - 2] = 1;
    if (k == 3) { free((void *)h); h[0] = 1; }
    if (k == 4) { free((void *)h); free((void *)h); }
    if (k == 5) { h = 0; memset(malloc(50), 1, 50); return 0; }
    if (k == 6) *(volatile int *)8 = 1;
    puts(s[3] == argc ? "clean" : "bad");
    free((void *)h);
    return 0;
}
C
cat >u.c <<'C'
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    int n = atoi(argv[1]), a[4] = { 1, 2, 3, argc }, big = INT_MAX - 1 + n;
    long d = n - 1, sh = 30 + n * 40; char b[16] = { 0 };
    printf("%d\n", big);
    printf("%d\n", 1 << sh);
    printf("%ld\n", d ? 5 / d : 0);
    printf("%d\n", a[n * 4 & 7] != 77);
    printf("%d\n", *(int *)(b + n));
    printf("%d\n", (int)(n * 1e20) == 0);
    return 0;
}
C
cat >r.c <<'C'
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static int plain, counted; static atomic_int ready; static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *race(void *p) { for (int i = 0; i < 1000; i++) plain++; return p; }
static void *good(void *p) { for (int i = 0; i < 1000; i++) { pthread_mutex_lock(&m); counted++; pthread_mutex_unlock(&m); atomic_fetch_add(&ready, 1); } return p; }
int main(int argc, char **argv)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, argc > 1 ? race : good, argv);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    printf("%d %d %d\n", counted, ready, plain > 0);
    return 0;
}
C
cat >l.c <<'C'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static volatile int stop; static void *keep;
static void *spin(void *p) { char *mine = malloc(77); unsigned long n = (unsigned long)p; while (!stop) n = n * 3 + (unsigned long)mine; return (void *)n; }
int main(int argc, char **argv)
{
    pthread_t t[3];
    for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, spin, 0);
    keep = malloc(500);
    if (argc > 1) { volatile char *l = malloc(1234); l[0] = 1; l = 0; }
    puts("end"); fflush(stdout); exit(0);
}
C
kind() { grep -o -E 'ERROR: [A-Za-z]*Sanitizer: [a-zA-Z-]*( double-free)?|SUMMARY: [A-Za-z]*Sanitizer: [a-z -]*|runtime error: [a-z ]*|WARNING: ThreadSanitizer: data race' | sort | uniq -c | sed 's/^ *[0-9]* //'; }
for cc in gcc clang; do
    echo "== $cc"
    $cc -g -O1 -w -fsanitize=address -fno-omit-frame-pointer -o a_$cc a.c -lpthread; echo "build $?"
    ./a_$cc 2>&1 | tail -n 3; echo "status ${PIPESTATUS[0]}"
    for k in 1 2 3 4 5 6; do ./a_$cc $k >log 2>&1; echo "finding $k status $?"; kind <log; done
    $cc -g -O1 -w -fsanitize=address -o l_$cc l.c -lpthread; echo "build $?"
    for i in 1 2 3 4 5; do ./l_$cc; echo "kept by registers $?"; done; ./l_$cc x 2>&1 | grep -o -E 'detected memory leaks'
    $cc -g -O0 -w -fsanitize=undefined -o u_$cc u.c -lm; echo "build $?"
    ./u_$cc 0 >out 2>log; echo "status $?"; head -n 1 out; kind <log
    ./u_$cc 1 >out 2>log; echo "status $?"; kind <log
    $cc -g -O1 -w -fsanitize=thread -o r_$cc r.c -lpthread; echo "build $?"
    ./r_$cc 2>&1 | tail -n 3; echo "status ${PIPESTATUS[0]}"
    ./r_$cc x >log 2>&1; echo "race status $?"; kind <log
done
