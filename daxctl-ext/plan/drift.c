// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "plan/drift.h"

static void find_mode(struct drift *drift, const struct dax_device *device, const struct wish *wish)
{
	const char *mode = dax_mode_name(device->mode);

	if (strcmp(wish->mode, mode) == 0)
		return;
	snprintf(drift->text[drift->nr++], sizeof(drift->text[0]),
		 "its mode is %s, but section '%.80s' wants %.40s", mode, wish->section,
		 wish->mode);
}

/* A kernel without policies has none that could differ. */
static void find_policy(struct drift *drift, const struct dax_device *device,
			const struct wish *wish)
{
	const char *policy = policy_name(wish->policy);

	if (!wish->has_policy || !device->online_type[0] ||
	    strcmp(device->online_type, policy) == 0)
		return;
	snprintf(drift->text[drift->nr++], sizeof(drift->text[0]),
		 "its policy is %s, but section '%.80s' wants %s", device->online_type,
		 wish->section, policy);
}

static void find_memmap(struct drift *drift, const struct dax_device *device,
			const struct wish *wish)
{
	const char *memmap = wish->memmap_on_memory ? "1" : "0";

	if (!wish->has_memmap || !device->memmap_on_memory[0] ||
	    strcmp(device->memmap_on_memory, memmap) == 0)
		return;
	snprintf(drift->text[drift->nr++], sizeof(drift->text[0]),
		 "its memmap_on_memory is %s, but section '%.80s' wants %s",
		 device->memmap_on_memory, wish->section, memmap);
}

/* The section goes first: where the policy differs from it, that is told already. */
static enum policy wanted_memory(const struct dax_device *device, const struct wish *wish)
{
	enum policy policy;

	if (wish && wish->memory != POLICY_DEFAULT)
		return wish->memory;
	/* What a later kernel's policy means is not known here. */
	if (policy_from_kernel(device->online_type, &policy) < 0)
		return POLICY_DEFAULT;
	return policy;
}

static void find_memory(struct drift *drift, const struct dax_device *device,
			const struct blocks *blocks, const struct wish *wish)
{
	enum policy policy = wanted_memory(device, wish);

	if (device->mode != DAX_MODE_SYSTEM_RAM || policy == POLICY_DEFAULT ||
	    blocks_count_unlike(blocks, policy) == 0)
		return;
	blocks_describe_unlike(blocks, policy, drift->text[drift->nr++], sizeof(drift->text[0]));
}

void drift_find(struct drift *drift, const struct dax_device *device, const struct blocks *blocks,
		const struct wish *wish)
{
	drift->nr = 0;
	if (wish) {
		find_mode(drift, device, wish);
		find_policy(drift, device, wish);
		find_memmap(drift, device, wish);
	}
	find_memory(drift, device, blocks, wish);
}
