// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/pages.h"
#include "plan/run.h"

#define MEMORY_BLOCK "devices/system/memory/memory%llu/state"

/* Tells what the memory is used for, as far as that is known. */
static int advise_if_in_use(const struct run *run, int rc, const struct block *block, size_t nr)
{
	char use[160], advice[sizeof(run->problem->advice)];

	if (rc != -EBUSY)
		return rc;
	pages_describe(run->sysfs, block, nr, run->plan->before.block_size, use, sizeof(use));
	snprintf(advice, sizeof(advice),
		 "the memory is in use%s%s; free it, or end what holds it (numastat -m shows how "
		 "much is used), and try again",
		 use[0] ? ", " : "", use);
	run_advise(run, advice);
	return rc;
}

static int write_state(const struct run *run, const char *value)
{
	const struct blocks *blocks = &run->plan->before;
	const char *doing = strcmp(value, "unplugged") == 0 ? "unplugging" : "onlining";
	int rc;

	run_progress(run, doing, 0);
	rc = run_write(run, value, DAX_DEVICES "/%s/state", run->name);
	run_progress(run, doing, blocks->nr);
	return advise_if_in_use(run, rc, blocks->block, blocks->nr);
}

static bool block_is_so(const struct run *run, uint64_t id, enum policy policy)
{
	if (policy == POLICY_OFFLINE)
		return block_is_out_of_use(run->sysfs, id);
	return block_is_as_asked(block_read(run->sysfs, id), policy);
}

/* @policy is "offline" or one that puts the block online. */
static int write_block(const struct run *run, uint64_t id, enum policy policy)
{
	const struct block block = { .id = id };
	int rc = run_write(run, policy_name(policy), MEMORY_BLOCK, (unsigned long long)id);

	if (rc != -EINVAL)
		return advise_if_in_use(run, rc, &block, 1);
	/* Refused when it is so already: somebody else, a udev rule for example, did the same. */
	if (block_is_so(run, id, policy))
		return 0;
	if (policy != POLICY_OFFLINE)
		return rc;
	return problem_set(run->problem, -EBUSY, FIND_THE_OTHER,
			   "memory block %llu is not offline: it cannot be, or came back at once",
			   (unsigned long long)id);
}

int run_check_removable(const struct run *run)
{
	if (blocks_can_be_removed(run->sysfs, &run->plan->before))
		return 0;
	return problem_set(run->problem, -EOPNOTSUPP, "restart the system to remove it",
			   "this kernel cannot hot-remove memory (CONFIG_MEMORY_HOTREMOVE)");
}

/*
 * Was it online a moment ago, when the plan was made? Then it still is, or the write
 * that offlines it tells. A rollback finds the memory as others left it.
 */
static bool was_online(const struct run *run, const struct block *block)
{
	return !run->is_rollback && block_is_online(block->state);
}

int run_offline(const struct run *run)
{
	const struct blocks *blocks = &run->plan->before;
	int rc = 0;

	run_progress(run, "offlining", 0);
	for (size_t i = 0; i < blocks->nr && rc == 0; i++) {
		uint64_t id = blocks->block[i].id;

		if (!was_online(run, &blocks->block[i]) && block_is_out_of_use(run->sysfs, id))
			continue;
		/* If another process is about to take it offline, this waits for that. */
		rc = write_block(run, id, POLICY_OFFLINE);
		run_progress(run, "offlining", i + 1);
	}
	run_progress(run, "offlining", blocks->nr);
	return rc;
}

int run_online(const struct run *run, enum policy policy)
{
	const struct blocks *blocks = &run->plan->before;
	int rc = 0;

	run_progress(run, "onlining", 0);
	for (size_t i = 0; i < blocks->nr && rc == 0; i++) {
		uint64_t id = blocks->block[i].id;

		if (block_read(run->sysfs, id) != BLOCK_OFFLINE)
			continue;
		rc = write_block(run, id, policy);
		run_progress(run, "onlining", i + 1);
	}
	run_progress(run, "onlining", blocks->nr);
	return rc;
}

int run_unplug(const struct run *run)
{
	char state[POLICY_TEXT_SIZE];
	int rc;

	if (run_read_state(run, state))
		return strcmp(state, "unplugged") == 0 ? 0 : write_state(run, "unplugged");
	rc = run_check_removable(run);
	return rc < 0 ? rc : run_offline(run);
}

/* Changes one block, now in @state, as @policy has it. */
static int set_block(const struct run *run, uint64_t id, enum block_state state, enum policy policy)
{
	int rc;

	if (block_is_as_asked(state, policy))
		return 0;
	if (state != BLOCK_MISSING && state != BLOCK_OFFLINE) {
		rc = write_block(run, id, POLICY_OFFLINE);
		if (rc < 0)
			return rc;
	}
	return policy_is_online(policy) ? write_block(run, id, policy) : 0;
}

static int set_blocks(const struct run *run, enum policy policy)
{
	const struct blocks *blocks = &run->plan->before;
	int rc = 0;

	run_progress(run, "changing", 0);
	for (size_t i = 0; i < blocks->nr && rc == 0; i++) {
		uint64_t id = blocks->block[i].id;

		rc = set_block(run, id, block_read(run->sysfs, id), policy);
		run_progress(run, "changing", i + 1);
	}
	run_progress(run, "changing", blocks->nr);
	return rc;
}

static int replug_by_state(const struct run *run, enum policy policy)
{
	int rc = run_unplug(run);

	if (rc == 0 && policy != POLICY_UNPLUGGED)
		rc = write_state(run, policy_name(policy));
	return rc;
}

/* What a kernel without the attribute can do: let the bind happen, then correct what it gave. */
int run_adjust(const struct run *run, enum policy policy)
{
	char state[POLICY_TEXT_SIZE];
	_cleanup_blocks_ struct blocks now = { 0 };
	int rc;

	if (run->executor->dry_run && run->plan->device->mode != DAX_MODE_SYSTEM_RAM) {
		run_report(run, "change its memory to that policy, through state or block by block",
			   0);
		return 0;
	}
	rc = blocks_copy(&now, &run->plan->before);
	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "out of memory");
	blocks_read(run->sysfs, &now);
	run->outcome->way = "the system's default was right";
	if (blocks_count_unlike(&now, policy) == 0)
		return 0;
	/* state takes no "offline". */
	if (run_read_state(run, state) && policy != POLICY_OFFLINE) {
		run->outcome->way = "through its state attribute";
		return replug_by_state(run, policy);
	}
	if (policy == POLICY_UNPLUGGED)
		return problem_set(run->problem, -EOPNOTSUPP, "use --online-type=offline",
				   "this kernel cannot hold a device without its memory");
	run->outcome->way = "block by block";
	if (run_read_state(run, state) && strcmp(state, "unplugged") == 0) {
		run->outcome->way = "through its state attribute, and then block by block";
		rc = write_state(run, policy_name(POLICY_ONLINE_MOVABLE));
		if (rc < 0)
			return rc;
	}
	return set_blocks(run, policy);
}

/* The value of state that comes nearest to how the memory was. */
static enum policy nearest_policy(const struct blocks *before)
{
	struct block_counts counts = blocks_count(before);

	if (counts.of[BLOCK_MISSING] == before->nr)
		return POLICY_UNPLUGGED;
	/* What was offline only must not get stuck on the way. */
	if (counts.of[BLOCK_MOVABLE] ||
	    blocks_count_unlike(before, POLICY_ONLINE_KERNEL) == before->nr)
		return POLICY_ONLINE_MOVABLE;
	return POLICY_ONLINE_KERNEL;
}

/* The policy that gives a block this state. */
static enum policy policy_of_state(enum block_state state)
{
	if (state == BLOCK_OFFLINE)
		return POLICY_OFFLINE;
	if (block_is_as_asked(state, POLICY_ONLINE_MOVABLE))
		return POLICY_ONLINE_MOVABLE;
	return block_is_as_asked(state, POLICY_ONLINE_KERNEL) ? POLICY_ONLINE_KERNEL
							      : POLICY_ONLINE;
}

int run_restore(const struct run *run)
{
	const struct blocks *before = &run->plan->before;
	enum policy nearest = nearest_policy(before);
	struct problem first = { 0 };
	char state[POLICY_TEXT_SIZE];
	int rc;

	if (nearest == POLICY_UNPLUGGED)
		return run_unplug(run);
	if (run_read_state(run, state) && strcmp(state, "unplugged") == 0) {
		rc = write_state(run, policy_name(nearest));
		if (rc < 0)
			return rc;
	}
	run_progress(run, "rolling back", 0);
	for (size_t i = 0; i < before->nr; i++) {
		const struct block *block = &before->block[i];

		if (block->state == BLOCK_MISSING || block->state == BLOCK_UNREADABLE)
			continue;
		rc = set_block(run, block->id, block_read(run->sysfs, block->id),
			       policy_of_state(block->state));
		if (rc < 0 && !first.err)
			first = *run->problem;
		run_progress(run, "rolling back", i + 1);
	}
	run_progress(run, "rolling back", before->nr);
	if (first.err)
		*run->problem = first;
	return first.err;
}

int run_verify(const struct run *run)
{
	struct outcome *outcome = run->outcome;
	char what[128];
	int rc;

	if (run->plan->expected == POLICY_UNPLUGGED)
		snprintf(what, sizeof(what), "verify that %zu memory blocks are gone",
			 run->plan->before.nr);
	else
		snprintf(what, sizeof(what),
			 "verify that %zu memory blocks are as under the policy %s",
			 run->plan->before.nr, policy_name(run->plan->expected));
	if (!run->executor->dry_run) {
		rc = blocks_copy(&outcome->after, &run->plan->before);
		if (rc < 0)
			return problem_set(run->problem, rc, NULL, "out of memory");
		blocks_read(run->sysfs, &outcome->after);
		outcome->unlike = blocks_count_unlike(&outcome->after, run->plan->expected);
	}
	run_report_result(run, what, outcome->unlike ? "they are not" : "done");
	return 0;
}
