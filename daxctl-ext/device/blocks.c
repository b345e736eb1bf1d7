// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/blocks.h"

#define MEMORY "devices/system/memory"

static const char *const state_names[NR_BLOCK_STATES] = {
	[BLOCK_MISSING] = "unplugged", [BLOCK_UNREADABLE] = "unreadable",
	[BLOCK_OFFLINE] = "offline",   [BLOCK_ONLINE] = "online in an unknown zone",
	[BLOCK_MOVABLE] = "Movable",   [BLOCK_NORMAL] = "Normal",
	[BLOCK_DMA32] = "DMA32",       [BLOCK_DMA] = "DMA",
	[BLOCK_HIGHMEM] = "HighMem",   [BLOCK_MIXED] = "mixed",
	[BLOCK_OTHER_ZONE] = "other",
};

const char *block_state_name(enum block_state state)
{
	return state_names[state];
}

const char *block_state_word(enum block_state state)
{
	return state == BLOCK_ONLINE ? "online" : state_names[state];
}

bool block_is_online(enum block_state state)
{
	return state >= BLOCK_ONLINE;
}

bool block_is_as_asked(enum block_state state, enum policy policy)
{
	switch (policy) {
	case POLICY_ONLINE_MOVABLE:
		return state == BLOCK_MOVABLE;
	case POLICY_ONLINE_KERNEL:
		return block_is_online(state) && state != BLOCK_ONLINE && state != BLOCK_MOVABLE &&
		       state != BLOCK_OTHER_ZONE;
	case POLICY_ONLINE:
		return block_is_online(state);
	case POLICY_OFFLINE:
		return state == BLOCK_OFFLINE;
	case POLICY_UNPLUGGED:
		return state == BLOCK_MISSING;
	case POLICY_DEFAULT:
		break;
	}
	return false;
}

int blocks_read_size(const struct sysfs *sysfs, uint64_t *block_size)
{
	int rc = sysfs_read_number(sysfs, block_size, 16, MEMORY "/block_size_bytes");

	return rc == -ENOENT ? -EOPNOTSUPP : rc;
}

/* The first block that begins in the range, and the number of blocks that fit behind it. */
static uint64_t whole_blocks(const struct dax_range *range, uint64_t block_size, uint64_t *first)
{
	uint64_t beyond;

	*first = range->start / block_size + (range->start % block_size != 0);
	/* "end" is the last byte, so that a range up to the last address does not wrap. */
	beyond = range->end / block_size + (range->end % block_size == block_size - 1);
	return range->end >= range->start && beyond > *first ? beyond - *first : 0;
}

int blocks_from_ranges(struct blocks *blocks, const struct dax_range *range, size_t nr,
		       uint64_t block_size)
{
	/* No machine has more memory than this; a nonsensical range must not take all of it. */
	const uint64_t most = UINT64_C(1) << 26;
	uint64_t first, total = 0;
	size_t filled = 0;

	*blocks = (struct blocks){ .block_size = block_size };
	if (block_size < 4096 || (block_size & (block_size - 1)))
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		uint64_t count = whole_blocks(&range[i], block_size, &first);

		if (count > most - total)
			return -EINVAL;
		total += count;
	}
	if (total == 0)
		return 0;
	blocks->block = calloc((size_t)total, sizeof(*blocks->block));
	if (!blocks->block)
		return -ENOMEM;
	blocks->nr = (size_t)total;
	for (size_t i = 0; i < nr; i++) {
		uint64_t count = whole_blocks(&range[i], block_size, &first);

		for (uint64_t id = first; id < first + count; id++)
			blocks->block[filled++].id = id;
	}
	return 0;
}

void blocks_free(struct blocks *blocks)
{
	free(blocks->block);
	*blocks = (struct blocks){ 0 };
}

int blocks_copy(struct blocks *copy, const struct blocks *blocks)
{
	*copy = *blocks;
	if (!blocks->nr)
		return 0;
	copy->block = malloc(blocks->nr * sizeof(*copy->block));
	if (!copy->block) {
		*copy = (struct blocks){ 0 };
		return -ENOMEM;
	}
	memcpy(copy->block, blocks->block, blocks->nr * sizeof(*copy->block));
	return 0;
}

static enum block_state zone_state(const char *zone)
{
	static const enum block_state zones[] = {
		BLOCK_MOVABLE, BLOCK_NORMAL, BLOCK_DMA32, BLOCK_DMA, BLOCK_HIGHMEM,
	};

	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (strcmp(zone, state_names[zones[i]]) == 0)
			return zones[i];
	}
	return strcmp(zone, "none") == 0 ? BLOCK_MIXED : BLOCK_OTHER_ZONE;
}

/* "online", "offline", or on the way between them "going-offline". */
static int read_state(const struct sysfs *sysfs, uint64_t id, char *text, size_t size)
{
	int rc = sysfs_read(sysfs, text, size, MEMORY "/memory%llu/state", (unsigned long long)id);

	return rc == -ENODEV ? -ENOENT : rc;
}

/* Without valid_zones (CONFIG_MEMORY_HOTREMOVE), where an online block is cannot be told. */
static enum block_state read_without_zones(const struct sysfs *sysfs, uint64_t id)
{
	char text[64];
	int rc = read_state(sysfs, id, text, sizeof(text));

	if (rc < 0)
		return rc == -ENOENT ? BLOCK_MISSING : BLOCK_UNREADABLE;
	return strcmp(text, "online") == 0 ? BLOCK_ONLINE : BLOCK_OFFLINE;
}

/*
 * One file tells all of it: the zone that an online block is in, or the zones,
 * always two or more, that a block could go to which is not online.
 */
enum block_state block_read(const struct sysfs *sysfs, uint64_t id)
{
	char text[64];
	int rc;

	rc = sysfs_read(sysfs, text, sizeof(text), MEMORY "/memory%llu/valid_zones",
			(unsigned long long)id);
	if (rc == -ENOENT || rc == -ENODEV)
		return read_without_zones(sysfs, id);
	if (rc < 0)
		return BLOCK_UNREADABLE;
	return strchr(text, ' ') ? BLOCK_OFFLINE : zone_state(text);
}

/* --- which blocks exist --------------------------------------------------- */

/* The blocks in the order of their numbers, and which of them are listed. */
struct listing {
	struct listed {
		uint64_t id;
		bool exists;
	} *block;
	size_t nr;
};

static int compare_ids(const void *a, const void *b)
{
	const struct listed *first = a, *second = b;

	return first->id < second->id ? -1 : first->id > second->id;
}

static struct listed *find_id(const struct listing *listing, uint64_t id)
{
	const struct listed key = { .id = id };

	return bsearch(&key, listing->block, listing->nr, sizeof(key), compare_ids);
}

static int mark_listed(const char *name, void *data)
{
	const struct listing *listing = data;
	struct listed *block;
	char *end;
	uint64_t id;

	if (strncmp(name, "memory", 6) != 0 || !isdigit((unsigned char)name[6]))
		return 0;
	id = strtoull(name + 6, &end, 10);
	block = *end ? NULL : find_id(listing, id);
	if (block)
		block->exists = true;
	return 0;
}

/* 0 or a negative errno; free() listing->block in any case. */
static int list_blocks(struct listing *listing, const struct sysfs *sysfs,
		       const struct blocks *blocks)
{
	*listing = (struct listing){ .nr = blocks->nr };
	listing->block = calloc(blocks->nr + 1, sizeof(*listing->block));
	if (!listing->block)
		return -ENOMEM;
	for (size_t i = 0; i < blocks->nr; i++)
		listing->block[i].id = blocks->block[i].id;
	qsort(listing->block, listing->nr, sizeof(*listing->block), compare_ids);
	return sysfs_for_each(sysfs, mark_listed, listing, MEMORY);
}

int blocks_count_existing(const struct sysfs *sysfs, const struct blocks *blocks)
{
	struct listing listing;
	int rc = list_blocks(&listing, sysfs, blocks);

	for (size_t i = 0; rc >= 0 && i < listing.nr; i++)
		rc += listing.block[i].exists;
	free(listing.block);
	return rc;
}

void blocks_read(const struct sysfs *sysfs, struct blocks *blocks)
{
	struct listing listing;
	/* Without the list, each is looked for. */
	bool is_listed = list_blocks(&listing, sysfs, blocks) == 0;

	for (size_t i = 0; i < blocks->nr; i++) {
		struct block *block = &blocks->block[i];

		block->state = is_listed && !find_id(&listing, block->id)->exists
				       ? BLOCK_MISSING
				       : block_read(sysfs, block->id);
	}
	free(listing.block);
}

bool block_is_out_of_use(const struct sysfs *sysfs, uint64_t id)
{
	char text[64];
	int rc = read_state(sysfs, id, text, sizeof(text));

	return rc < 0 ? rc == -ENOENT : strcmp(text, "offline") == 0;
}

bool block_exists(const struct sysfs *sysfs, uint64_t id)
{
	return sysfs_exists(sysfs, MEMORY "/memory%llu", (unsigned long long)id);
}

bool blocks_can_be_removed(const struct sysfs *sysfs, const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->nr; i++) {
		uint64_t id = blocks->block[i].id;

		if (sysfs_exists(sysfs, MEMORY "/memory%llu/valid_zones", (unsigned long long)id))
			return true;
		if (block_exists(sysfs, id))
			return false;
	}
	return true;
}

struct block_counts blocks_count(const struct blocks *blocks)
{
	struct block_counts counts = { 0 };

	for (size_t i = 0; i < blocks->nr; i++)
		counts.of[blocks->block[i].state]++;
	return counts;
}

size_t blocks_count_online(const struct block_counts *counts)
{
	size_t online = 0;

	for (enum block_state state = 0; state < NR_BLOCK_STATES; state++) {
		if (block_is_online(state))
			online += counts->of[state];
	}
	return online;
}

size_t blocks_count_unlike(const struct blocks *blocks, enum policy policy)
{
	size_t unlike = 0;

	for (size_t i = 0; i < blocks->nr; i++)
		unlike += !block_is_as_asked(blocks->block[i].state, policy);
	return unlike;
}

static const char *wanted(enum policy policy)
{
	switch (policy) {
	case POLICY_ONLINE_MOVABLE:
		return "in Movable";
	case POLICY_ONLINE_KERNEL:
		return "in a kernel zone";
	case POLICY_OFFLINE:
		return "offline";
	case POLICY_UNPLUGGED:
		return "unplugged";
	case POLICY_ONLINE:
	case POLICY_DEFAULT:
		break;
	}
	return "online";
}

void blocks_describe_unlike(const struct blocks *blocks, enum policy policy, char *text,
			    size_t size)
{
	struct block_counts counts = blocks_count(blocks);
	size_t unlike = blocks_count_unlike(blocks, policy);
	const char *separator = ":";
	size_t used;
	int n;

	n = snprintf(text, size, "%zu of %zu memory blocks %s not %s", unlike, blocks->nr,
		     unlike == 1 ? "is" : "are", wanted(policy));
	used = n < 0 ? size : (size_t)n;
	for (enum block_state state = 0; state < NR_BLOCK_STATES && used < size; state++) {
		if (!counts.of[state] || block_is_as_asked(state, policy))
			continue;
		n = snprintf(text + used, size - used, "%s %zu %s", separator, counts.of[state],
			     block_state_name(state));
		used = n < 0 ? size : used + (size_t)n;
		separator = ",";
	}
}
