// SPDX-License-Identifier: MIT
// Thread-local storage, keys, once, barriers, rwlocks, cancellation, exit values, many threads.
// expect: tls 36 main 100
// expect: once 1 keys freed 8
// expect: barrier serial 5
// expect: rwlock 4000
// expect: cancelled 1 cleanup 1
// expect: joined value 42
// expect: 500 short threads 500
// expect: detached ran 1
// expect: timed wait ETIMEDOUT 1
// expect: tids differ 1
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8 };

static __thread int local = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_barrier_t barrier;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int once_runs, freed, serial, tls_sum, cleaned, shorts;
static long shared;
static sem_t done;

static void first(void)
{
    once_runs++;
}

static void key_free(void *p)
{
    (void)p;
    freed++;
}

static void *worker(void *arg)
{
    long id = (long)arg;

    pthread_once(&once, first);
    pthread_setspecific(key, (void *)(id + 1));
    local += (int)id;
    sched_yield();
    tls_sum += local;
    for (int i = 0; i < 5; i++) {
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
            serial++;
        }
    }
    for (int i = 0; i < 500; i++) {
        pthread_rwlock_wrlock(&rw);
        shared++;
        pthread_rwlock_unlock(&rw);
        pthread_rwlock_rdlock(&rw);
        if (shared < 0) {
            puts("negative");
        }
        pthread_rwlock_unlock(&rw);
    }
    return NULL;
}

static void cleanup(void *p)
{
    (void)p;
    cleaned++;
}

static void *sleeper(void *arg)
{
    pthread_cleanup_push(cleanup, arg);
    for (;;) {
        sleep(10);
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void *answer(void *arg)
{
    (void)arg;
    pthread_exit((void *)42);
}

static void *brief(void *arg)
{
    (void)arg;
    shorts++;
    return NULL;
}

static void *poster(void *arg)
{
    (void)arg;
    sem_post(&done);
    return NULL;
}

static void *tell_tid(void *arg)
{
    *(long *)arg = syscall(SYS_gettid);
    return NULL;
}

static void workers(void)
{
    pthread_t t[THREADS];

    pthread_key_create(&key, key_free);
    pthread_barrier_init(&barrier, NULL, THREADS);
    local = 100;
    for (long i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, worker, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
    }
    printf("tls %d main %d\n", tls_sum, local);
    printf("once %d keys freed %d\n", once_runs, freed);
    printf("barrier serial %d\n", serial);
    printf("rwlock %ld\n", shared);
}

int main(void)
{
    pthread_t t;
    void *value;

    workers();
    pthread_create(&t, NULL, sleeper, NULL);
    usleep(20000);
    pthread_cancel(t);
    pthread_join(t, &value);
    printf("cancelled %d cleanup %d\n", value == PTHREAD_CANCELED, cleaned);
    pthread_create(&t, NULL, answer, NULL);
    pthread_join(t, &value);
    printf("joined value %ld\n", (long)value);
    for (int i = 0; i < 500; i++) {
        pthread_create(&t, NULL, brief, NULL);
        pthread_join(t, NULL);
    }
    printf("500 short threads %d\n", shorts);

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sem_init(&done, 0, 0);
    pthread_create(&t, &attr, poster, NULL);
    printf("detached ran %d\n", sem_wait(&done) == 0);

    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    int rc = sem_timedwait(&done, &soon);
    printf("timed wait ETIMEDOUT %d\n", rc == -1 && errno == ETIMEDOUT);

    long tid = 0;
    pthread_create(&t, NULL, tell_tid, &tid);
    pthread_join(t, NULL);
    printf("tids differ %d\n", tid > 0 && tid != getpid() && getpid() == syscall(SYS_gettid));
    return 0;
}
