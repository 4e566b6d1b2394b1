/* SPDX-License-Identifier: MIT */
/*
 * cache.h: the code cache: chunks of code memory, the block map, links between units, and
 * what happens when guest code changes.
 *
 * Memory. One reserved arena of code in chunks of CHUNK_BYTES; a thread owns a chunk while it
 * writes a unit, so there are as many in use as threads that translate at once. Each chunk has a
 * twin of meta data: units from its start up, an index of them (ascending host addresses) from
 * its end down. 32-bit numbers name places: a unit or an edge is its offset in the meta arena
 * divided by 4; 0 is none.
 *
 * Unit. What one translation produced: up to EMIT_MAX_BLOCKS blocks of one guest page that fall
 * through into each other, each with an entry of its own. A unit dies as a whole.
 *
 * Look-up takes no lock: an open-addressed table of {guest pc and mode, host code}, replaced by
 * a larger copy when it fills (old tables stay readable). Linking, insertion and killing take
 * cache_lock for a few dozen nanoseconds; translation itself runs unlocked.
 *
 * Dead code. A unit that dies is taken out of the map, the jump caches and all links. Threads
 * still inside it leave at the next jump or poll. Its chunk's memory is reused only when the
 * whole chunk was evicted and every thread has since emptied its shadow stack and left
 * translated code once (its Env's epoch says so).
 */
#pragma once

#include "translate/host/x86_64/emit.h"

enum { CHUNK_BYTES = 256 * 1024, META_BYTES = 512 * 1024, UNIT_ROOM = 40 * 1024 };

/*
 * Meta data are kept small: in a process that soon ends, each new page costs as much as
 * translating some ten instructions.
 */
typedef struct {
    uint32_t target_low, target_high;   /* place: env.h */
    uint32_t from;          /* its unit */
    uint32_t next, prev;    /* edges into the same unit */
    uint32_t to;            /* unit linked to, 0: none */
    uint16_t site;          /* of the rel32, from the unit's code */
    uint16_t zero;
} Edge;

static inline uint64_t edge_target(const Edge *e)
{
    return e->target_low | (uint64_t)e->target_high << 32;
}

typedef struct {
    uint32_t entry;         /* code offset */
    uint16_t pc_off;        /* from the unit's gpc */
    uint8_t n_swap;         /* exchanged homes while inside */
    uint8_t variant;
} UnitBlock;

typedef struct {
    uint64_t gpc;           /* guest range [gpc, gpc + guest_bytes): from one page, but its last instruction */
    uint32_t code, code_len;
    uint32_t in_edges;
    uint32_t page_next;
    uint32_t stubs;         /* code offset of the first edge's stub; the others follow */
    uint32_t hot_len;       /* of code_len: the blocks, without what is out of line */
    uint64_t far_pages;     /* see IrBlock */
    uint32_t code_hash;     /* of its blocks' */
    uint16_t guest_bytes;
    uint16_t n_map, n_edge;
    uint8_t n_block, mode, dead;
    uint8_t n_swap;         /* of all blocks */
    /* then Edge[n_edge], UnitBlock[n_block], MapEntry[n_map], HomeSwap[n_swap] */
} Unit;

static inline Edge *unit_edges(const Unit *u)
{
    return (Edge *)(u + 1);
}
static inline UnitBlock *unit_blocks(const Unit *u)
{
    return (UnitBlock *)(unit_edges(u) + u->n_edge);
}
static inline MapEntry *unit_map(const Unit *u)
{
    return (MapEntry *)(unit_blocks(u) + u->n_block);
}
static inline HomeSwap *unit_swaps(const Unit *u)
{
    return (HomeSwap *)(unit_map(u) + u->n_map);
}

/* cache_init: reserve bytes of code memory (0: the default). 0 or -errno. */
int cache_init(uint64_t bytes);

/* cache_contains: host address inside the arena. */
bool cache_contains(uint64_t host);

/*
 * cache_reserve: room for one unit in the calling thread's chunk.
 * Returns where to write; *end is the limit. May evict; may reset env's shadow stack. A second
 * call without a commit returns the same place; cache_unreserve: there will be no commit.
 */
uint8_t *cache_reserve(Env *env, uint8_t **end);
void cache_unreserve(Env *env);

/* cache_reserve_thunks: the arena's first page, for the run-time entries. */
uint8_t *cache_reserve_thunks(uint8_t **end);

/*
 * cache_commit: the unit just emitted by e at cache_reserve()'s address becomes visible. gen is
 * cache_generation() from before its guest code was read: when code changed since, nothing is
 * kept; nor with Guest.blanket_icache, when its bytes are others now. Writes the stubs. Returns false
 * then.
 */
bool cache_commit(Env *env, Emit *e, uint32_t gen);
uint32_t cache_generation(void);

/*
 * The block map, as translated code reads it (thunks.c) and cache.c writes it. Open addressing:
 * from slot map_hash(key) on, up to the first without a key.
 */
typedef struct {
    _Atomic uint64_t key;       /* place | mode << 56; 0: free (pc 0 has no code) */
    _Atomic uint64_t place;     /* Place of its code; 0: none now */
} MapSlot;

/* Where a block is: the code offset of its entry, and above bit 32 the number of its unit. */
typedef uint64_t Place;

typedef struct Map {
    uint64_t mask, used, live;  /* used: slots with a key; live: those with code, too */
    struct Map *older;          /* replaced before; gone when every thread is past epoch */
    uint64_t epoch;
    MapSlot slot[];
} Map;

/*
 * map_hash: blocks of the same 64 bytes of guest code have neighbouring slots, of one cache line
 * at best: where one is looked for, those around it were or will be.
 */
#define MAP_MULTIPLIER 0x9e3779b97f4a7c15ull
static inline uint64_t map_hash(uint64_t key)
{
    return ((key >> 6) * MAP_MULTIPLIER >> 32) * 4 + (key >> 4 & 3);
}

/* cache_data: fill DATA_MAP and DATA_CODE of the run-time entries. */
void cache_data(const void *table[]);

/* cache_lookup: host code for a place in a mode, or NULL. Lock-free. */
const uint8_t *cache_lookup(uint64_t place, uint32_t mode);

/* unit_place: of the unit's block. */
static inline uint64_t unit_place(const Unit *u, const UnitBlock *b)
{
    return env_place(u->gpc + b->pc_off, b->variant);
}

/* unit_block_end: code offset behind block i's own code. */
static inline uint32_t unit_block_end(const Unit *u, unsigned i)
{
    return i + 1 < u->n_block ? unit_blocks(u)[i + 1].entry : u->code + u->hot_len;
}

/* cache_unit_hook: called with each new unit, by the thread that made it, without the lock. */
extern void (*cache_unit_hook)(const Unit *u);

/* cache_each_unit: call fn for each unit that is alive, under the lock. */
void cache_each_unit(void (*fn)(const Unit *u));

/* cache_unit_at: the unit whose code contains a host address, or NULL. Async-signal-safe. */
Unit *cache_unit_at(uint64_t host);

/* cache_code: host address of the unit's first byte. */
const uint8_t *cache_code(const Unit *u);

/*
 * cache_jump_set: enter a block by its place into env's jump cache (own thread), unless it died
 * meanwhile, for branches of kind btype.
 */
void cache_jump_set(Env *env, uint64_t place, unsigned btype, const uint8_t *host);

/* cache_link: make edge number n jump to the code of its target from now on. */
void cache_link(uint32_t n);
uint64_t cache_edge_target(uint32_t n);

/*
 * cache_kill: drop all units with code in [start, end); true when there was one. Then threads
 * other than self are poked, to leave such code.
 */
bool cache_kill(uint64_t start, uint64_t end, const Env *self);
void cache_kill_all(const Env *self);

/*
 * cache_kill_changed: drop all units whose guest code has other bytes now than when it was read
 * (Guest.blanket_icache); env is the calling thread's. Units committed later have been compared.
 */
bool cache_kill_changed(Env *env);

/* cache_kills: count of cache_kill() calls that dropped something. */
uint32_t cache_kills(void);

/* cache_env_add, _remove: Envs whose jump caches and epochs matter. */
void cache_env_add(Env *env);
void cache_env_remove(Env *env);

/* cache_each_env: call fn for each, under the lock. */
void cache_each_env(void (*fn)(Env *env, void *arg), void *arg);

/* cache_quiet: the thread holds no host code address from now on; cache_busy: it may again. */
void cache_quiet(Env *env);
uint64_t cache_busy(Env *env);

/*
 * cache_lock, cache_unlock: around changes, and around fork. cache_lock_gone: the process that took it
 * under this name (named_lock.h) is no more; what it held is free, what it had begun mended.
 */
void cache_lock(void);
void cache_unlock(void);
void cache_lock_gone(uint32_t name);
/* cache_repair: what a change that was broken off left behind; under the lock. */
void cache_repair(void);
/* cache_fork_child: self is the only Env left; under the lock. */
void cache_fork_child(const Env *self);

typedef struct {
    uint64_t units, blocks, insns, guest_bytes, host_bytes, links, kills, evictions;
} CacheStats;
extern CacheStats cache_stats;
