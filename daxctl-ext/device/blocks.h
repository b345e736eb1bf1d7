/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_BLOCKS_H
#define DAXCTL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/policy.h"
#include "device/sysfs.h"

/* Physical addresses, @end included. */
struct dax_range {
	uint64_t start;
	uint64_t end;
};

/* Where one memory block is. From BLOCK_ONLINE on it is online. */
enum block_state {
	BLOCK_MISSING,	  /* there is no such block */
	BLOCK_UNREADABLE, /* it could not be read */
	BLOCK_OFFLINE,	  /* or on its way to or from there */
	BLOCK_ONLINE,	  /* in a zone that this kernel does not tell */
	BLOCK_MOVABLE,
	BLOCK_NORMAL,
	BLOCK_DMA32,
	BLOCK_DMA,
	BLOCK_HIGHMEM,
	BLOCK_MIXED, /* spans several zones ("none") */
	BLOCK_OTHER_ZONE,
	NR_BLOCK_STATES,
};

struct block {
	uint64_t id; /* the N of /sys/devices/system/memory/memoryN */
	enum block_state state;
};

/* The memory blocks of one device, in the order of its ranges. */
struct blocks {
	uint64_t block_size; /* bytes */
	size_t nr;
	struct block *block;
};

/* How many blocks are in each state. */
struct block_counts {
	size_t of[NR_BLOCK_STATES];
};

/* "offline", "Movable", ... as a person reads it. */
const char *block_state_name(enum block_state state);

/* The same in one word, for keys and columns: "online" if the zone is unknown. */
const char *block_state_word(enum block_state state);

bool block_is_online(enum block_state state);

/* Is a block in @state what binding under @policy (not POLICY_DEFAULT) shall give? */
bool block_is_as_asked(enum block_state state, enum policy policy);

/* The size of a memory block; -EOPNOTSUPP on a kernel without memory hotplug. */
int blocks_read_size(const struct sysfs *sysfs, uint64_t *block_size);

/*
 * The blocks that lie wholly inside the ranges, which is what kmem hot-adds;
 * all BLOCK_MISSING until they are read. blocks_free() frees them.
 * -EINVAL for a block size that is not a power of two from a page on, or more
 * blocks than any machine has; -ENOMEM.
 */
int blocks_from_ranges(struct blocks *blocks, const struct dax_range *range, size_t nr,
		       uint64_t block_size);
void blocks_free(struct blocks *blocks);
int blocks_copy(struct blocks *copy, const struct blocks *blocks);

/* Reads where each block is: 2 system calls for each that exists. */
void blocks_read(const struct sysfs *sysfs, struct blocks *blocks);

/* The same for one block. */
enum block_state block_read(const struct sysfs *sysfs, uint64_t id);

/*
 * Is there surely no memory in use: no such block, or one that is offline and
 * not only on its way there? Reads another file than block_read(), likewise
 * 2 system calls.
 */
bool block_is_out_of_use(const struct sysfs *sysfs, uint64_t id);

/* Is there such a block, in whatever state? Takes 1 system call. */
bool block_exists(const struct sysfs *sysfs, uint64_t id);

/*
 * How many of the blocks exist, by one look at the list of all; a negative errno
 * if there is none.
 */
int blocks_count_existing(const struct sysfs *sysfs, const struct blocks *blocks);

/*
 * Can the kernel hot-remove memory (CONFIG_MEMORY_HOTREMOVE)? Told by the
 * first of the blocks that exists; true if there is none.
 */
bool blocks_can_be_removed(const struct sysfs *sysfs, const struct blocks *blocks);

struct block_counts blocks_count(const struct blocks *blocks);
size_t blocks_count_online(const struct block_counts *counts);
size_t blocks_count_unlike(const struct blocks *blocks, enum policy policy);

/*
 * Says which blocks are not as asked for: "3 of 16 memory blocks are not in
 * Movable: 2 offline, 1 Normal".
 */
void blocks_describe_unlike(const struct blocks *blocks, enum policy policy, char *text,
			    size_t size);

#endif
