/* SPDX-License-Identifier: MIT */
/* System V semaphores, messages and shared memory; POSIX message queues. */
// family: conversions
// expect: ok
#include "check.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void semaphores(void)
{
    int id = semget(IPC_PRIVATE, 3, 0640 | IPC_CREAT);
    unsigned short values[3] = { 5, 6, 7 }, got[3];
    struct semid_ds ds;
    struct sembuf op = { 0, -2, 0 }, wait = { 1, -10, 0 };
    struct timespec ts = { 0, 20000000 };
    time_t now = time(NULL);

    IS(id >= 0 && semctl(id, 0, SETALL, (union semun){ .array = values }) == 0);
    IS(semop(id, &op, 1) == 0 && semctl(id, 0, GETVAL) == 3 &&
       semctl(id, 0, GETPID) == getpid());
    IS(semctl(id, 0, GETALL, (union semun){ .array = got }) == 0 && got[0] == 3 &&
       got[2] == 7);
    FAILS(semtimedop(id, &wait, 1, &ts), EAGAIN);
    memset(&ds, 0x55, sizeof ds);
    IS(semctl(id, 0, IPC_STAT, (union semun){ .buf = &ds }) == 0);
    IS(ds.sem_nsems == 3 && ds.sem_perm.mode == 0640 && ds.sem_perm.uid == geteuid());
    IS(labs(ds.sem_otime - now) <= 2 && labs(ds.sem_ctime - now) <= 2);
    ds.sem_perm.mode = 0600;
    IS(semctl(id, 0, IPC_SET, (union semun){ .buf = &ds }) == 0);
    IS(semctl(id, 0, IPC_STAT, (union semun){ .buf = &ds }) == 0 &&
       ds.sem_perm.mode == 0600);
    IS(semctl(id, 0, IPC_RMID) == 0);
    FAILS(semctl(id, 0, GETVAL), EINVAL);
}

static void messages(void)
{
    struct {
        long type;
        char text[16];
    } m = { 7, "hello" };
    struct msqid_ds ds;
    int id = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);

    IS(id >= 0 && msgsnd(id, &m, 6, 0) == 0);
    m.type = 9;
    IS(msgsnd(id, &m, 10, 0) == 0);
    IS(msgctl(id, IPC_STAT, &ds) == 0 && ds.msg_qnum == 2 && ds.msg_lspid == getpid() &&
       ds.msg_perm.mode == 0600);
    memset(&m, 0, sizeof m);
    FAILS(msgrcv(id, &m, 4, 9, 0), E2BIG);
    IS(msgrcv(id, &m, 16, 9, 0) == 10 && m.type == 9);
    IS(msgrcv(id, &m, 16, 0, 0) == 6 && m.type == 7 && strcmp(m.text, "hello") == 0);
    FAILS(msgrcv(id, &m, 16, 0, IPC_NOWAIT), ENOMSG);
    IS(msgctl(id, IPC_RMID, NULL) == 0);
}

static void shared_memory(void)
{
    int id = shmget(IPC_PRIVATE, 10000, 0600 | IPC_CREAT), status;
    struct shmid_ds ds;
    char *p = shmat(id, NULL, 0), *q;

    IS(p != (void *)-1);
    strcpy(p + 9000, "shared");
    q = shmat(id, NULL, SHM_RDONLY);
    IS(q != (void *)-1 && q != p && strcmp(q + 9000, "shared") == 0);
    IS(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 10000 && ds.shm_nattch == 2 &&
       ds.shm_cpid == getpid());
    fflush(NULL);
    if (fork() == 0) {
        strcpy(p, "child");
        _exit(0);
    }
    wait(&status);
    IS(strcmp(q, "child") == 0);
    FAILS(shmat(id, p + 1, 0), EINVAL);
    IS(shmdt(p) == 0 && shmdt(q) == 0);
    FAILS(shmdt(p), EINVAL);
    IS(shmctl(id, IPC_RMID, NULL) == 0);
}

static void queues(void)
{
    struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 32 }, got;
    char name[32], b[64];
    unsigned prio;
    struct timespec past = { 1, 0 };
    mqd_t q;

    snprintf(name, sizeof name, "/mimus-%d", getpid());
    q = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr);
    if (q == (mqd_t)-1 && (errno == ENOSYS || errno == EACCES)) {
        return; /* none on this machine */
    }
    IS(q != (mqd_t)-1);
    IS(mq_getattr(q, &got) == 0 && got.mq_maxmsg == 4 && got.mq_flags == O_NONBLOCK);
    IS(mq_send(q, "low", 3, 1) == 0 && mq_send(q, "high", 4, 9) == 0);
    IS(mq_receive(q, b, 64, &prio) == 4 && prio == 9);
    IS(mq_receive(q, b, 64, &prio) == 3 && prio == 1);
    FAILS(mq_receive(q, b, 64, &prio), EAGAIN);
    FAILS(mq_receive(q, b, 8, &prio), EMSGSIZE);
    got.mq_flags = 0;
    IS(mq_setattr(q, &got, NULL) == 0);
    FAILS(mq_timedreceive(q, b, 64, &prio, &past), ETIMEDOUT);
    IS(mq_unlink(name) == 0 && mq_close(q) == 0);
}

int main(void)
{
    semaphores();
    messages();
    shared_memory();
    queues();
    return done();
}
