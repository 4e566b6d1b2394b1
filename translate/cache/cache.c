/* SPDX-License-Identifier: MIT */
#include "translate/cache/cache.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "translate/base/log.h"
#include "translate/base/named_lock.h"
#include "translate/base/own_memory.h"
#include "translate/env_layout.h"
#include "translate/host/interp/interp.h"
#include "translate/lift_block.h"
#include "translate/stats.h"
#include "translate/translate.h"

/* CHUNK_OWNED: a thread writes a unit into it; CHUNK_PART: nobody does, and there is room. */
typedef enum { CHUNK_FREE, CHUNK_OWNED, CHUNK_PART, CHUNK_FULL, CHUNK_LIMBO } ChunkState;

typedef struct {
    _Atomic uint32_t state;     /* CHUNK_PART to _OWNED by exchange, all else under the lock */
    uint32_t code_used, meta_used;
    _Atomic uint32_t n_unit;
    uint32_t n_dead;            /* of them */
    uint32_t code_ready, meta_ready;    /* bytes whose pages are there */
    uint64_t epoch;             /* CHUNK_LIMBO: free when every thread is past it */
    _Atomic(const Env *) owner; /* CHUNK_OWNED: NULL while it is just taken; else NULL */
} Chunk;

enum { MIN_CHUNKS = 8, MAX_CHUNKS = 8192, PAGE_HEADS = 4096, MAP_FIRST = 2048 };
static const uint64_t DEFAULT_BYTES = 512ull << 20;

static uint8_t *code, *meta;
static uint32_t n_chunk, evict_next;
static uint32_t chunk_high = 1;     /* chunks from here on were never used */
static Chunk chunks[MAX_CHUNKS];
static _Atomic(Map *) map;
static Map *maps_replaced;
static uint32_t page_head[PAGE_HEADS];
static uint64_t far_pages;          /* of all units */
static _Atomic uint32_t generation, kills;
static _Atomic uint64_t epoch = 1;
static Env **envs;
static unsigned n_env, cap_env;
static NamedLock lock;
CacheStats cache_stats;
void (*cache_unit_hook)(const Unit *u);

void cache_lock(void)
{
    named_lock(&lock);
}

void cache_unlock(void)
{
    named_unlock(&lock);
}

void cache_lock_gone(uint32_t name)
{
    if (!named_lock_holder(&lock, name))
        return;
    cache_repair();
    named_unlock(&lock);
}

uint32_t cache_generation(void)
{
    return atomic_load(&generation);
}

uint32_t cache_kills(void)
{
    return atomic_load(&kills);
}

/* map_new: hashing spreads over all of its pages at once, most by a look before a store: populate. */
static Map *map_new(uint64_t slots)
{
    Map *m = own_mmap(sizeof(Map) + slots * sizeof(MapSlot), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);

    if (m == MAP_FAILED)
        die(1, "out of memory for the block map");
    own_memory(m, sizeof(Map) + slots * sizeof(MapSlot));
    m->mask = slots - 1;
    return m;
}

static uint64_t oldest_epoch(void)
{
    uint64_t oldest = UINT64_MAX;

    for (unsigned i = 0; i < n_env; i++) {
        uint64_t e = __atomic_load_n(&envs[i]->rt.epoch, __ATOMIC_SEQ_CST);

        if (e < oldest)
            oldest = e;
    }
    return oldest;
}

/* default_bytes: less where address space is limited, for the guest needs most of it. */
static uint64_t default_bytes(void)
{
    static const int limits[] = { RLIMIT_AS, RLIMIT_DATA };
    uint64_t bytes = DEFAULT_BYTES;
    struct rlimit lim;

    for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
        if (getrlimit(limits[i], &lim) == 0 && lim.rlim_cur / 16 < bytes)
            bytes = lim.rlim_cur / 16;
    }
    return bytes;
}

/* reserve: address space for n_chunk chunks and what is kept of them. */
static bool reserve(void)
{
    code = own_mmap((size_t)n_chunk * CHUNK_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (code == MAP_FAILED)
        return false;
    meta = own_mmap((size_t)n_chunk * META_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (meta == MAP_FAILED)
        munmap(code, (size_t)n_chunk * CHUNK_BYTES);
    return meta != MAP_FAILED;
}

int cache_init(uint64_t bytes)
{
    if (!bytes)
        bytes = default_bytes();
    n_chunk = (uint32_t)((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES) + 1;
    if (n_chunk < MIN_CHUNKS)
        n_chunk = MIN_CHUNKS;
    if (n_chunk > MAX_CHUNKS)
        n_chunk = MAX_CHUNKS;
    while (!reserve()) {        /* a limit on address space: make do with less */
        n_chunk /= 2;
        if (n_chunk < MIN_CHUNKS)
            return -ENOMEM;
    }
    own_memory(code, (size_t)n_chunk * CHUNK_BYTES);
    own_memory(meta, (size_t)n_chunk * META_BYTES);
    chunks[0].state = CHUNK_FULL;       /* the thunks' */
    map = map_new(MAP_FIRST);
    return 0;
}

bool cache_contains(uint64_t host)
{
    return host - (uint64_t)code < (uint64_t)n_chunk * CHUNK_BYTES;
}

uint8_t *cache_reserve_thunks(uint8_t **end)
{
    *end = code + CHUNK_BYTES;
    return code;
}

static void *meta_at(uint32_t number)
{
    return meta + (uint64_t)number * 4;
}

static uint32_t meta_number(const void *p)
{
    return (uint32_t)(((const uint8_t *)p - meta) / 4);
}

static uint32_t code_offset(const uint8_t *p)
{
    return (uint32_t)(p - code);
}

/* ---- the block map ---- */

static uint64_t map_key(uint64_t at, uint32_t mode)
{
    return at | (uint64_t)mode << 56;
}

static const uint8_t *place_host(Place p)
{
    return p ? code + (uint32_t)p : NULL;
}

static Unit *place_unit(Place p)
{
    return meta_at((uint32_t)(p >> 32));
}

static MapSlot *map_find(Map *m, uint64_t key)
{
    for (uint64_t i = map_hash(key);; i++) {
        MapSlot *s = &m->slot[i & m->mask];
        uint64_t k = atomic_load_explicit(&s->key, memory_order_acquire);

        if (k == key || !k)
            return s;
    }
}

static Place map_lookup(uint64_t key)
{
    MapSlot *s = map_find(atomic_load_explicit(&map, memory_order_acquire), key);
    Place p = atomic_load_explicit(&s->place, memory_order_acquire);

    /* A free slot may just have become another block's. */
    return atomic_load_explicit(&s->key, memory_order_relaxed) == key ? p : 0;
}

void cache_data(const void *table[])
{
    table[DATA_MAP] = &map;
    table[DATA_CODE] = code;
}

const uint8_t *cache_lookup(uint64_t place, uint32_t mode)
{
    return place_host(map_lookup(map_key(place, mode)));
}

/* map_retire: a reader may still be in the replaced table; free those nobody can be in. */
static void map_retire(Map *old)
{
    uint64_t oldest = oldest_epoch();

    for (Map **p = &maps_replaced; *p;) {
        Map *m = *p;

        if (oldest < m->epoch) {
            p = &m->older;
            continue;
        }
        *p = m->older;
        own_memory_gone(m);
        munmap(m, sizeof(Map) + (m->mask + 1) * sizeof(MapSlot));
    }
    old->older = maps_replaced;
    old->epoch = atomic_fetch_add(&epoch, 1) + 1;
    maps_replaced = old;
}

/* map_grow: a new table; of the same size when most of the old one's code has died. */
static void map_grow(Map *old)
{
    uint64_t slots = old->mask + 1;
    Map *m = map_new(old->live * 16 > slots * 5 ? slots * 2 : slots);

    for (uint64_t i = 0; i <= old->mask; i++) {
        if (!old->slot[i].place)
            continue;               /* free, or its block died */
        MapSlot *s = map_find(m, old->slot[i].key);

        s->place = old->slot[i].place;
        s->key = old->slot[i].key;
        m->used++;
    }
    m->live = m->used;
    atomic_store_explicit(&map, m, memory_order_seq_cst);
    map_retire(old);
}

static void map_insert(uint64_t key, Place place)
{
    Map *m = map;
    MapSlot *s = map_find(m, key);

    if (!s->key) {
        if (++m->used * 8 > m->mask * 5) {
            map_grow(m);
            map_insert(key, place);
            return;
        }
        atomic_store_explicit(&s->place, place, memory_order_release);
        atomic_store_explicit(&s->key, key, memory_order_release);
        m->live++;
    } else if (!s->place) {
        atomic_store_explicit(&s->place, place, memory_order_release);
        m->live++;
    }
    /* Another thread was first: its code is as good; ours is found by nobody but itself. */
}

static void map_remove(uint64_t key, Place place)
{
    MapSlot *s = map_find(map, key);

    if (s->key && s->place == place) {
        atomic_store_explicit(&s->place, 0, memory_order_release);
        ((Map *)map)->live--;
    }
}

/* ---- units ---- */

static uint32_t *chunk_index(uint32_t chunk)
{
    return (uint32_t *)(meta + (uint64_t)(chunk + 1) * META_BYTES);
}

Unit *cache_unit_at(uint64_t host)
{
    if (!cache_contains(host))
        return NULL;
    uint32_t off = (uint32_t)(host - (uint64_t)code), chunk = off / CHUNK_BYTES;
    uint32_t lo = 0, hi = atomic_load_explicit(&chunks[chunk].n_unit, memory_order_acquire);
    uint32_t *index = chunk_index(chunk);

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        Unit *u = meta_at(index[-1 - (int)mid]);

        if (off < u->code)
            hi = mid;
        else if (off >= u->code + u->code_len)
            lo = mid + 1;
        else
            return u;
    }
    return NULL;
}

const uint8_t *cache_code(const Unit *u)
{
    return code + u->code;
}

static uint32_t *page_list(uint64_t gpc)
{
    return &page_head[(gpc >> PAGE_BITS) % PAGE_HEADS];
}

/* patch_site: one aligned store; other threads see the old or the new target. */
static void patch_site(uint32_t site, const uint8_t *target)
{
    uint8_t *at = code + site;
    int32_t rel = (int32_t)(target - (at + 4));

    __atomic_store_n((int32_t *)at, rel, __ATOMIC_RELEASE);
}

static Place block_place(const Unit *u, const UnitBlock *b)
{
    return (uint64_t)meta_number(u) << 32 | b->entry;
}

/* edge_point: make the unit's edge jump to target, or with NULL to its stub. */
static void edge_point(const Edge *e, const uint8_t *target)
{
    const Unit *u = meta_at(e->from);

    if (!target)
        target = code + u->stubs + (size_t)(e - unit_edges(u)) * EMIT_STUB_BYTES;
    patch_site(u->code + e->site, target);
}

static void edge_unlink(Edge *e)
{
    Unit *u = meta_at(e->to);

    if (!e->to)
        return;
    edge_point(e, NULL);
    if (e->prev)
        ((Edge *)meta_at(e->prev))->next = e->next;
    else
        u->in_edges = e->next;
    if (e->next)
        ((Edge *)meta_at(e->next))->prev = e->prev;
    e->to = e->next = e->prev = 0;
}

/* edge_link: when there is code for its target. */
static void edge_link(Edge *e)
{
    Unit *from = meta_at(e->from);
    Place p = map_lookup(map_key(edge_target(e), from->mode));

    if (!p || e->to || from->dead)
        return;
    Unit *u = place_unit(p);
    uint32_t number = meta_number(e);

    e->to = meta_number(u);
    e->next = u->in_edges;
    e->prev = 0;
    if (e->next)
        ((Edge *)meta_at(e->next))->prev = number;
    u->in_edges = number;
    edge_point(e, place_host(p));
    cache_stats.links++;
}

void cache_link(uint32_t n)
{
    Edge *e = meta_at(n);

    if (__atomic_load_n(&e->to, __ATOMIC_RELAXED))
        return;         /* another thread was here a moment ago */
    cache_lock();
    edge_link(e);
    cache_unlock();
}

uint64_t cache_edge_target(uint32_t n)
{
    return edge_target(meta_at(n));
}

static void jump_caches_forget(uint64_t place)
{
    atomic_thread_fence(memory_order_seq_cst);      /* after the map: see cache_jump_set() */
    for (unsigned i = 0; i < n_env; i++) {
        JumpEntry *j = &envs[i]->jump[env_jump_index(place)];

        if (!((j->gpc ^ place) & ~ENV_KIND_MASK))
            __atomic_store_n(&j->gpc, ENV_NO_PC, __ATOMIC_RELEASE);
    }
}

/*
 * A thread writes its entry and then looks whether the block is still in the map; who drops a
 * block takes it out of the map and then looks at the entries. One of them sees the other.
 */
void cache_jump_set(Env *env, uint64_t place, unsigned btype, const uint8_t *host)
{
    JumpEntry *j = &env->jump[env_jump_index(place)];

    j->gpc = ENV_NO_PC;         /* never half an entry, should this thread be interrupted here */
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    j->host = host;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&j->gpc, place ^ env_kind(btype), __ATOMIC_RELEASE);
    atomic_thread_fence(memory_order_seq_cst);
    if (cache_lookup(place, env->rt.mode) != host)
        j->gpc = ENV_NO_PC;
}

/* chunk_retire: nothing in it is found any more; it is free when every thread has moved on. */
static void chunk_retire(Chunk *c)
{
    c->state = CHUNK_LIMBO;
    c->epoch = atomic_fetch_add(&epoch, 1) + 1;
}

/*
 * chunk_lost_one: the chunk's code is used again when the last of it dies, so that a guest that
 * makes code again and again stays in a small, cached part of the arena.
 */
static void chunk_lost_one(Chunk *c)
{
    if (++c->n_dead == c->n_unit && c->state == CHUNK_FULL)
        chunk_retire(c);
}

static void unit_kill(Unit *u)
{
    if (u->dead)
        return;
    u->dead = 1;
    chunk_lost_one(&chunks[u->code / CHUNK_BYTES]);
    while (u->in_edges)
        edge_unlink(meta_at(u->in_edges));
    for (unsigned i = 0; i < u->n_edge; i++)
        edge_unlink(&unit_edges(u)[i]);
    for (unsigned i = 0; i < u->n_block; i++) {
        const UnitBlock *b = &unit_blocks(u)[i];

        map_remove(map_key(unit_place(u, b), u->mode), block_place(u, b));
        jump_caches_forget(unit_place(u, b));
    }
    uint32_t number = meta_number(u), *p = page_list(u->gpc);

    while (*p && *p != number)
        p = &((Unit *)meta_at(*p))->page_next;
    if (*p)
        *p = u->page_next;
}

/*
 * poke_others: threads that may be in dropped code leave it at their next poll: else they could
 * stay for ever, in a loop whose branch was changed. One in a system call looks by itself.
 */
static void poke_others(const Env *self)
{
    for (unsigned i = 0; i < n_env; i++) {
        if (envs[i] != self && envs[i]->rt.epoch != UINT64_MAX && !envs[i]->rt.poke)
            env_poke(envs[i]);
    }
}

/* kill_far: drop units that took code of the pages in the mask along from elsewhere. */
static bool kill_far(uint64_t mask)
{
    uint64_t left = 0;
    bool any = false;

    if (!(far_pages & mask))
        return false;
    for (uint32_t i = 1; i < chunk_high; i++) {
        for (uint32_t k = 0; k < chunks[i].n_unit; k++) {
            Unit *u = meta_at(chunk_index(i)[-1 - (int)k]);

            if (u->dead)
                continue;
            if (u->far_pages & mask) {
                unit_kill(u);
                any = true;
            } else {
                left |= u->far_pages;
            }
        }
    }
    far_pages = left;
    return any;
}

/* killed: after units died, or might have: tell who translates and who runs. The lock is held. */
static void killed(bool any, const Env *self)
{
    /*
     * Who began to translate before this must not commit, neither what it read nor into a page
     * whose mark was cleared.
     */
    atomic_fetch_add(&generation, 1);
    if (any) {
        atomic_fetch_add(&kills, 1);
        cache_stats.kills++;
        poke_others(self);
    }
}

void cache_kill_all(const Env *self)
{
    bool any = false;

    cache_lock();
    for (uint32_t i = 1; i < chunk_high; i++) {
        for (uint32_t k = 0; k < chunks[i].n_unit; k++) {
            Unit *u = meta_at(chunk_index(i)[-1 - (int)k]);

            any |= !u->dead;
            unit_kill(u);
        }
    }
    killed(any, self);
    cache_unlock();
}

/*
 * kill_units: those units of the list that touch [start, end), and reach up to address at. *left:
 * others do, too. Units are in the list of the page they start in; an instruction may reach into
 * the next.
 */
static bool kill_units(uint32_t n, uint64_t page, uint64_t at, uint64_t start, uint64_t end,
                       bool *left)
{
    bool any = false;
    uint32_t next;

    for (; n; n = next) {
        Unit *u = meta_at(n);

        next = u->page_next;
        if (u->gpc >> PAGE_BITS != page || u->gpc + u->guest_bytes <= at)
            continue;
        if (u->gpc < end && u->gpc + u->guest_bytes > start) {
            unit_kill(u);
            any = true;
        } else {
            *left = true;
        }
    }
    return any;
}

bool cache_kill(uint64_t start, uint64_t end, const Env *self)
{
    bool any = false;
    uint64_t page = align_down(start, PAGE_BYTES), far = 0;
    GuestAddr at;

    cache_lock();
    while (page < end && pages_next_code(guest_addr(page), end - page, &at)) {
        bool left = false;
        uint64_t number = at.va >> PAGE_BITS;

        any |= kill_units(*page_list(at.va), number, at.va, start, end, &left);
        if (at.va)
            any |= kill_units(*page_list(at.va - 1), number - 1, at.va, start, end, &left);
        if (!left)
            pages_clear_code(at);
        if (pages_is_far(at))
            far |= ir_page_bit(at);
        page = at.va + PAGE_BYTES;
    }
    any |= kill_far(far);
    killed(any, self);
    cache_unlock();
    return any;
}

/* ---- code that changed, no one says where ---- */

static uint32_t hash_add(uint32_t h, uint32_t next)
{
    return (h ^ next) * 0x9e3779b1u + 1;
}

/* code_hash_now: of the unit's code as it is; may raise a host fault. */
static uint32_t code_hash_now(const Unit *u)
{
    const UnitBlock *b = unit_blocks(u);
    uint32_t h = 0;

    for (unsigned i = 0; i < u->n_block; i++) {
        uint32_t end = i + 1u < u->n_block ? b[i + 1].pc_off : u->guest_bytes;

        h = hash_add(h, lift_hash((const uint8_t *)u->gpc + b[i].pc_off, end - b[i].pc_off));
    }
    return h;
}

/* unchanged: the unit's code can be read and is as it was when it was lifted. */
static bool unchanged(Env *env, const Unit *u)
{
    uint32_t in_access = env->rt.in_access;
    void *outer = env->rt.access_jmp;
    volatile bool same = false;
    sigjmp_buf jmp;

    env->rt.access_jmp = &jmp;
    env->rt.access_addr = u->gpc;
    if (sigsetjmp(jmp, 0) == 0) {
        env->rt.in_access = INTERP_FETCH;
        same = code_hash_now(u) == u->code_hash;
    }
    env->rt.in_access = in_access;
    env->rt.access_jmp = outer;
    return same;
}

bool cache_kill_changed(Env *env)
{
    bool any = false;

    cache_lock();
    for (uint32_t i = 1; i < chunk_high; i++) {
        for (uint32_t k = 0; k < chunks[i].n_unit; k++) {
            Unit *u = meta_at(chunk_index(i)[-1 - (int)k]);

            if (!u->dead && !unchanged(env, u)) {
                unit_kill(u);
                any = true;
            }
        }
    }
    if (any)
        killed(any, env);
    cache_unlock();
    return any;
}

/* ---- chunks ---- */

void cache_env_add(Env *env)
{
    cache_lock();
    if (n_env == cap_env) {
        unsigned cap = cap_env ? cap_env * 2 : 64;
        Env **more = own_mmap(cap * sizeof(*more), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1);

        if (more == MAP_FAILED)
            die(1, "out of memory for threads");
        if (envs) {
            memcpy(more, envs, n_env * sizeof(*more));
            own_memory_gone(envs);
            munmap(envs, cap_env * sizeof(*more));
        }
        own_memory(more, cap * sizeof(*more));
        envs = more;
        cap_env = cap;
    }
    envs[n_env++] = env;
    env->rt.epoch = atomic_load(&epoch);
    cache_unlock();
}

static bool chunk_is_of(const Chunk *c, const Env *env)
{
    return c->state == CHUNK_OWNED && c->owner == env;
}

/* chunk_take: a CHUNK_PART that nobody else takes at this moment gets another state. */
static bool chunk_take(Chunk *c, ChunkState state)
{
    uint32_t part = CHUNK_PART;

    return atomic_compare_exchange_strong(&c->state, &part, state);
}

static void chunk_put(Chunk *c, ChunkState state)
{
    c->owner = NULL;
    c->state = state;
}

void cache_unreserve(Env *env)
{
    Chunk *c = &chunks[(uintptr_t)env->rt.cache_thread];

    if (chunk_is_of(c, env))
        chunk_put(c, CHUNK_PART);
}

void cache_env_remove(Env *env)
{
    cache_lock();
    for (unsigned i = 0; i < n_env; i++) {
        if (envs[i] == env) {
            envs[i] = envs[--n_env];
            break;
        }
    }
    cache_unlock();
    cache_unreserve(env);
}

void cache_each_env(void (*fn)(Env *env, void *arg), void *arg)
{
    cache_lock();
    for (unsigned i = 0; i < n_env; i++)
        fn(envs[i], arg);
    cache_unlock();
}

void cache_each_unit(void (*fn)(const Unit *u))
{
    cache_lock();
    for (uint32_t i = 1; i < chunk_high; i++) {
        for (uint32_t k = 0; k < chunks[i].n_unit; k++) {
            const Unit *u = meta_at(chunk_index(i)[-1 - (int)k]);

            if (!u->dead)
                fn(u);
        }
    }
    cache_unlock();
}

/* The other threads are gone, and what they held here is free. */
void cache_fork_child(const Env *self)
{
    for (uint32_t i = 1; i < chunk_high; i++) {
        if (chunks[i].state == CHUNK_OWNED && chunks[i].owner != self)
            chunk_put(&chunks[i], CHUNK_PART);
    }
    unsigned n = 0;

    for (unsigned i = 0; i < n_env; i++) {
        if (envs[i] == self)
            envs[n++] = envs[i];
    }
    n_env = n;
}

void cache_quiet(Env *env)
{
    __atomic_store_n(&env->rt.epoch, UINT64_MAX, __ATOMIC_RELEASE);
}

uint64_t cache_busy(Env *env)
{
    uint64_t now;

    /* An eviction that did not see this thread busy has counted up the epoch before. */
    do {
        now = atomic_load(&epoch);
        __atomic_store_n(&env->rt.epoch, now, __ATOMIC_SEQ_CST);
    } while (now != atomic_load(&epoch));
    return now;
}

/*
 * chunks_settle: limbo chunks that nobody can be in any more become free; counts free ones, up
 * to 4, and those in limbo.
 */
static unsigned chunks_settle(uint32_t *found, unsigned *limbo)
{
    uint64_t oldest = oldest_epoch();
    unsigned n = 0;

    *limbo = 0;

    for (uint32_t i = 1; i < n_chunk; i++) {
        if (chunks[i].state == CHUNK_LIMBO && oldest >= chunks[i].epoch)
            chunks[i] = (Chunk){ .state = CHUNK_FREE,
                                 .code_ready = chunks[i].code_ready,
                                 .meta_ready = chunks[i].meta_ready };
        if (chunks[i].state == CHUNK_FREE) {
            if (!n)
                *found = i;
            if (++n >= 4)
                break;
        }
        *limbo += chunks[i].state == CHUNK_LIMBO;
    }
    return n;
}

static void chunk_evict(Env *self)
{
    for (uint32_t tries = 0; tries < n_chunk; tries++) {
        uint32_t i = 1 + evict_next++ % (n_chunk - 1);

        if (chunks[i].state != CHUNK_FULL && !chunk_take(&chunks[i], CHUNK_FULL))
            continue;
        for (uint32_t k = 0; k < chunks[i].n_unit; k++)
            unit_kill(meta_at(chunk_index(i)[-1 - (int)k]));
        if (chunks[i].state != CHUNK_LIMBO)
            chunk_retire(&chunks[i]);
        cache_stats.evictions++;
        atomic_fetch_add(&kills, 1);
        poke_others(self);
        return;
    }
}

/* chunk_part: take a chunk with room that nobody writes to; 0: there is none. */
static uint32_t chunk_part(void)
{
    for (uint32_t i = 1; i < chunk_high; i++) {
        if (chunk_take(&chunks[i], CHUNK_OWNED))
            return i;
    }
    return 0;
}

/* chunk_fresh: an empty chunk or 0; evicts ahead of need. The caller holds no host code address. */
static uint32_t chunk_fresh(Env *env)
{
    uint32_t found = 0;
    unsigned limbo;

    env->rt.shadow_sp = env->rt.shadow_base;
    __atomic_store_n(&env->rt.epoch, atomic_load(&epoch), __ATOMIC_SEQ_CST);
    unsigned n = chunks_settle(&found, &limbo);

    /* What waits in limbo counts: a thread that is slow to leave must not cost all the code. */
    if (n + limbo < 4) {
        chunk_evict(env);
        __atomic_store_n(&env->rt.epoch, atomic_load(&epoch), __ATOMIC_SEQ_CST);
        n = chunks_settle(&found, &limbo);
    }
    if (n && found >= chunk_high)
        chunk_high = found + 1;
    return n ? found : 0;
}

/*
 * chunk_own: make a chunk env's until its unit is committed or given up; most often the one it
 * had last, and without the lock.
 */
static uint32_t chunk_own(Env *env)
{
    uint32_t i = (uint32_t)(uintptr_t)env->rt.cache_thread;

    if (chunk_is_of(&chunks[i], env))
        return i;
    if (!chunk_take(&chunks[i], CHUNK_OWNED)) {
        for (;;) {
            cache_lock();
            i = chunk_part();
            if (!i && (i = chunk_fresh(env)) != 0)
                chunks[i].state = CHUNK_OWNED;
            cache_unlock();
            if (i)
                break;
            sched_yield();
        }
    }
    chunks[i].owner = env;
    env->rt.cache_thread = (void *)(uintptr_t)i;
    return i;
}

/*
 * make_ready: a chunk's next pages at once. Faulting them in one by one costs more, and falls on
 * single units: one in a hundred took seven times as long.
 */
static void make_ready(uint8_t *base, uint32_t used, uint32_t *ready, uint32_t size)
{
    enum { STEP = 64 * 1024, AHEAD = 4096 };

    if (used + AHEAD <= *ready || *ready >= size)
        return;
#ifdef MADV_POPULATE_WRITE
    madvise(base + *ready, STEP, MADV_POPULATE_WRITE);  /* a kernel without it faults them in */
#endif
    *ready += STEP;
}

uint8_t *cache_reserve(Env *env, uint8_t **end)
{
    uint32_t own = chunk_own(env);

    make_ready(code + (uint64_t)own * CHUNK_BYTES, chunks[own].code_used, &chunks[own].code_ready,
               CHUNK_BYTES);
    make_ready(meta + (uint64_t)own * META_BYTES, chunks[own].meta_used, &chunks[own].meta_ready,
               META_BYTES);
    uint8_t *base = code + (uint64_t)own * CHUNK_BYTES;

    uint8_t *start = base + chunks[own].code_used;

    /* Offsets in a unit have 16 bits. */
    *end = chunks[own].code_used + UNIT_ROOM < CHUNK_BYTES ? start + UNIT_ROOM : base + CHUNK_BYTES;
    return start;
}

static bool chunk_has_room(const Chunk *c)
{
    return CHUNK_BYTES - c->code_used >= UNIT_ROOM &&
           META_BYTES - c->meta_used - c->n_unit * 4 >= UNIT_ROOM;
}

/* unit_fill_blocks: blocks and their exchanged homes. */
static void unit_fill_blocks(Unit *u, const Emit *e)
{
    HomeSwap *swap = unit_swaps(u);

    for (unsigned i = 0; i < e->n_block; i++) {
        const EmitBlock *b = &e->block[i];
        uint64_t off = b->ir.pc.va - u->gpc;

        assert(off <= UINT16_MAX);
        unit_blocks(u)[i] = (UnitBlock){ code_offset(b->entry), (uint16_t)off, b->n_swap,
                                             b->ir.variant };
        memcpy(swap, b->swap, b->n_swap * sizeof(*swap));
        swap += b->n_swap;
        u->guest_bytes = (uint16_t)(off + b->ir.guest_bytes);
        u->code_hash = hash_add(u->code_hash, b->ir.code_hash);
        u->far_pages |= b->ir.far_pages;
    }
    u->n_swap = (uint8_t)(swap - unit_swaps(u));
}

/* unit_fill: meta data of the emitted unit; its stubs are written behind its code. */
static void unit_fill(Unit *u, Emit *e)
{
    u->gpc = e->unit_pc;
    u->code = code_offset(e->unit_start);
    u->mode = (uint8_t)e->mode;
    u->n_block = (uint8_t)e->n_block;
    u->n_edge = (uint16_t)e->n_edge;
    u->n_map = (uint16_t)e->n_map;
    u->stubs = code_offset(e->as.p);
    u->hot_len = (uint32_t)(e->main_end - e->unit_start);
    unit_fill_blocks(u, e);
    memcpy(unit_map(u), e->map, e->n_map * sizeof(MapEntry));
    for (unsigned i = 0; i < e->n_edge; i++) {
        Edge *d = &unit_edges(u)[i];

        *d = (Edge){ .target_low = (uint32_t)e->edge[i].target,
                     .target_high = (uint32_t)(e->edge[i].target >> 32),
                     .from = meta_number(u),
                     .site = (uint16_t)(e->edge[i].site - e->unit_start) };
        emit_stub(e, e->edge[i].site, meta_number(d));
    }
    assert(code_offset(e->as.p) == u->stubs + e->n_edge * EMIT_STUB_BYTES);
    u->code_len = (uint32_t)(e->as.p - e->unit_start);
}

static void unit_publish(Unit *u)
{
    for (unsigned i = 0; i < u->n_block; i++) {
        const UnitBlock *b = &unit_blocks(u)[i];

        map_insert(map_key(unit_place(u, b), u->mode), block_place(u, b));
    }
    for (unsigned i = 0; i < u->n_edge; i++)
        edge_link(&unit_edges(u)[i]);
    uint32_t *head = page_list(u->gpc);

    u->page_next = *head;
    *head = meta_number(u);
    far_pages |= u->far_pages;
}

bool cache_commit(Env *env, Emit *e, uint32_t gen)
{
    uint32_t own = (uint32_t)(uintptr_t)env->rt.cache_thread;
    Chunk *c = &chunks[own];
    Unit *u = (Unit *)(meta + (uint64_t)own * META_BYTES + c->meta_used);

    /* Number 0 means none, and chunk 0 holds the thunks, so no unit has it. */
    memset(u, 0, sizeof(*u));
    unit_fill(u, e);
    cache_lock();
    if (gen != atomic_load(&generation) || (e->guest->blanket_icache && !unchanged(env, u))) {
        cache_unlock();
        return false;
    }
    c->code_used = (uint32_t)(align_up((uint64_t)(e->as.p - code), 16) -
                              (uint64_t)own * CHUNK_BYTES);
    c->meta_used = (uint32_t)align_up(
        (uint64_t)((uint8_t *)(unit_swaps(u) + u->n_swap) - (uint8_t *)u) + c->meta_used, 8);
    uint32_t n = c->n_unit;

    chunk_index(own)[-1 - (int)n] = meta_number(u);
    atomic_store_explicit(&c->n_unit, n + 1, memory_order_release);
    unit_publish(u);
    cache_stats.units++;
    cache_stats.blocks += u->n_block;
    cache_stats.host_bytes += u->code_len;
    stats_code(u->hot_len, u->code_len - u->hot_len);
    for (unsigned i = 0; i < e->n_block; i++) {
        cache_stats.insns += e->block[i].ir.n_insn;
        cache_stats.guest_bytes += e->block[i].ir.guest_bytes;
    }
    chunk_put(c, chunk_has_room(c) ? CHUNK_PART : CHUNK_FULL);
    if (c->state == CHUNK_FULL && c->n_dead == c->n_unit)
        chunk_retire(c);
    cache_unlock();
    if (cache_unit_hook)
        cache_unit_hook(u);
    return true;
}

/* ---- after the death of one who held the lock ---- */

/* unit_isolate: no list and no jump leads to it or from it. */
static void unit_isolate(Unit *u)
{
    u->in_edges = u->page_next = 0;
    for (unsigned i = 0; i < u->n_edge; i++) {
        Edge *e = &unit_edges(u)[i];

        e->to = e->next = e->prev = 0;
        edge_point(e, NULL);
    }
}

static void map_empty(Map *m)
{
    m->used = m->live = 0;
    for (uint64_t i = 0; i <= m->mask; i++) {
        m->used += m->slot[i].key != 0;
        atomic_store_explicit(&m->slot[i].place, 0, memory_order_release);
    }
}

/* chunk_units: call fn for the chunk's units, dead ones too or only the others. */
static void chunk_units(uint32_t chunk, bool dead, void (*fn)(Unit *u))
{
    for (uint32_t k = 0; k < chunks[chunk].n_unit; k++) {
        Unit *u = meta_at(chunk_index(chunk)[-1 - (int)k]);

        if (dead || !u->dead)
            fn(u);
    }
}

static void chunk_recount(Chunk *c, uint32_t chunk)
{
    c->n_dead = 0;
    for (uint32_t k = 0; k < c->n_unit; k++)
        c->n_dead += ((Unit *)meta_at(chunk_index(chunk)[-1 - (int)k]))->dead;
    if (c->state == CHUNK_FULL && c->n_dead == c->n_unit)
        chunk_retire(c);
}

/* Every list is made again from the units themselves, which are complete before the lock is taken. */
void cache_repair(void)
{
    map_empty(map);
    memset(page_head, 0, sizeof(page_head));
    for (uint32_t i = 1; i < chunk_high; i++)
        chunk_units(i, true, unit_isolate);
    for (uint32_t i = 1; i < chunk_high; i++) {
        chunk_units(i, false, unit_publish);
        chunk_recount(&chunks[i], i);
    }
    for (unsigned i = 0; i < n_env; i++) {
        for (unsigned k = 0; k < ENV_JUMP_ENTRIES; k++)
            __atomic_store_n(&envs[i]->jump[k].gpc, ENV_NO_PC, __ATOMIC_RELEASE);
    }
    atomic_fetch_add(&generation, 1);
    atomic_fetch_add(&kills, 1);
    poke_others(NULL);
}
