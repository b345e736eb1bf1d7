// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/autoprobe.h"
#include "plan/siblings.h"
#include "plan/execute.h"
#include "plan/guardian.h"

#define MEMORY_BLOCK "devices/system/memory/memory%llu/state"

/* One plan on its way. */
struct run {
	const struct executor *executor;
	const struct sysfs *sysfs;
	const struct plan *plan;
	const char *name; /* of the device */
	struct problem *problem;
	struct outcome *outcome;
	struct siblings *siblings; /* that are to be given back */
	bool is_rollback;
};

static int unbind(const struct run *run, const char *driver);
static int release(const struct run *run);

static void report(const struct run *run, const char *what, int rc)
{
	if (run->executor->report)
		run->executor->report(run->executor->report_data, run->name, what, rc);
}

/* Writes an attribute, or in a dry run only says so. On failure the problem says which write. */
__attribute__((format(printf, 3, 4))) static int
write_attribute(const struct run *run, const char *value, const char *format, ...)
{
	char path[128], what[256];
	va_list args;
	int rc = 0;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (!run->executor->dry_run)
		rc = sysfs_write(run->sysfs, value, "%s", path);
	snprintf(what, sizeof(what), "write \"%s\" to %s/%s", value, run->sysfs->root, path);
	report(run, what, rc);
	if (rc < 0)
		problem_set(run->problem, rc, NULL, "cannot %s: %s", what, strerror(-rc));
	return rc;
}

static void advise(const struct run *run, const char *advice)
{
	snprintf(run->problem->advice, sizeof(run->problem->advice), "%s", advice);
}

/* Writes an attribute of the device unless it has that value already. */
static int set_attribute(const struct run *run, const char *attribute, const char *value)
{
	char current[POLICY_TEXT_SIZE];
	int rc;

	rc = sysfs_read(run->sysfs, current, sizeof(current), DAX_DEVICES "/%s/%s", run->name,
			attribute);
	if (rc >= 0 && strcmp(current, value) == 0)
		return 0;
	rc = write_attribute(run, value, DAX_DEVICES "/%s/%s", run->name, attribute);
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		advise(run, "this kernel does not know or allow that value; see the kernel's "
			    "documentation of the attribute");
	else if (rc == -EBUSY)
		advise(run, "another program has bound the device at this moment; try again");
	return rc;
}

static int read_driver(const struct run *run, char driver[DAX_DRIVER_SIZE])
{
	int rc = dax_device_read_driver(run->sysfs, run->name, driver);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot read its driver: %s",
				   strerror(-rc));
	return 0;
}

/* The state attribute of kmem from 7.3 on; false where there is none. */
static bool read_state(const struct run *run, char state[POLICY_TEXT_SIZE])
{
	return sysfs_read(run->sysfs, state, POLICY_TEXT_SIZE, DAX_DEVICES "/%s/state",
			  run->name) >= 0;
}

static int advise_if_in_use(const struct run *run, int rc)
{
	if (rc == -EBUSY)
		advise(run, "the memory is in use; free it, or end what holds it (numastat -m "
			    "shows how much is used), and try again");
	return rc;
}

static int write_state(const struct run *run, const char *value)
{
	return advise_if_in_use(run,
				write_attribute(run, value, DAX_DEVICES "/%s/state", run->name));
}

static bool block_is_so(const struct run *run, uint64_t id, enum policy policy)
{
	if (policy == POLICY_OFFLINE)
		return block_is_out_of_use(run->sysfs, id);
	return block_is_as_asked(block_read(run->sysfs, id), policy);
}

static const char find_the_other[] = "find out which program puts it online, and try again";

/* @policy is "offline" or one that puts the block online. */
static int write_block(const struct run *run, uint64_t id, enum policy policy)
{
	int rc = write_attribute(run, policy_name(policy), MEMORY_BLOCK, (unsigned long long)id);

	if (rc != -EINVAL)
		return advise_if_in_use(run, rc);
	/* Refused when it is so already: somebody else, a udev rule for example, did the same. */
	if (block_is_so(run, id, policy))
		return 0;
	if (policy != POLICY_OFFLINE)
		return rc;
	return problem_set(run->problem, -EBUSY, find_the_other,
			   "memory block %llu is not offline: it cannot be, or came back at once",
			   (unsigned long long)id);
}

/*
 * A module that registers a driver binds every device that no driver holds
 * yet. Those of others must stay as they are.
 */
static int load_driver(const struct run *run, const char *driver)
{
	const struct executor *executor = run->executor;
	char what[64];
	int rc = 0;

	if (sysfs_exists(run->sysfs, DAX_DRIVERS "/%s", driver))
		return 0;
	if (!executor->dry_run) {
		struct autoprobe autoprobe;

		rc = autoprobe_hold(&autoprobe, run->sysfs);
		if (rc == 0) {
			rc = executor->load_module(driver);
			if (autoprobe_release(&autoprobe) < 0 && rc == 0)
				rc = -EIO;
		}
	}
	snprintf(what, sizeof(what), "load the module %s", driver);
	report(run, what, rc);
	if (rc < 0)
		return problem_set(run->problem, rc,
				   "install that module of the kernel, and see the kernel log "
				   "(dmesg)",
				   "cannot %s: %s", what, strerror(-rc));
	return 0;
}

/* The same work on another device. */
static struct run run_on(const struct run *run, const char *name, const struct plan *plan)
{
	struct run other = *run;

	other.name = name;
	other.plan = plan;
	return other;
}

static int start_guardian(const struct run *run, struct guardian *guardian,
			  int (*put_back)(void *data))
{
	int rc = guardian_start(guardian, put_back, (void *)run);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot start a process: %s",
				   strerror(-rc));
	return 0;
}

static int find_siblings(const struct run *run, const char *driver)
{
	int rc = siblings_find(run->siblings, run->sysfs, run->name, driver);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot look at the other devices: %s",
				   strerror(-rc));
	return 0;
}

/*
 * A driver that gets a new id takes every device that it can. Those that it
 * knows by their names it shall forget first; those that kmem takes by their
 * kind shall at least bring no memory online on the way.
 */
static int protect_siblings(const struct run *run, const char *driver)
{
	int rc = 0;

	for (size_t i = 0; i < run->siblings->nr && rc == 0; i++) {
		const struct sibling *sibling = &run->siblings->one[i];
		struct run other = run_on(run, sibling->name, run->plan);
		enum policy policy;

		rc = write_attribute(&other, other.name, DAX_DRIVERS "/%s/remove_id", driver);
		if (rc == 0 && strcmp(driver, "kmem") == 0 && sibling->online_type[0] &&
		    (policy_from_kernel(sibling->online_type, &policy) < 0 ||
		     policy == POLICY_DEFAULT || policy_is_online(policy)))
			rc = set_attribute(&other, "online_type", "offline");
	}
	return rc;
}

/* Takes the sibling's memory out, if it has any by now, and its driver away. */
static int free_sibling(const struct run *run, const char *name, const char *driver)
{
	_cleanup_device_ struct dax_device device = { 0 };
	_cleanup_plan_ struct plan plan = { .device = &device };
	struct run other = run_on(run, name, &plan);
	int rc;

	rc = dax_device_read(run->sysfs, name, &device);
	if (rc == 0)
		rc = dax_device_blocks(run->sysfs, &device, &plan.before);
	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot look at %s: %s", name,
				   strerror(-rc));
	return device.mode == DAX_MODE_SYSTEM_RAM ? release(&other) : unbind(&other, driver);
}

/* What another program has bound in the meantime is no concern of this one. */
static int give_back(const struct run *run, const struct sibling *sibling)
{
	const char *driver = run->siblings->driver;
	struct run other = run_on(run, sibling->name, run->plan);
	char current[DAX_DRIVER_SIZE];
	int rc = read_driver(&other, current);

	if (rc == 0 && strcmp(current, driver) == 0)
		rc = free_sibling(run, sibling->name, driver);
	if (rc == 0 && sibling->online_type[0] && strcmp(driver, "kmem") == 0)
		rc = set_attribute(&other, "online_type", sibling->online_type);
	return rc;
}

/* Frees those that were taken all the same; all that can be, even if one cannot. */
static int restore_siblings(const struct run *run)
{
	int rc = 0;

	for (size_t i = 0; i < run->siblings->nr; i++) {
		int err = give_back(run, &run->siblings->one[i]);

		rc = rc ? rc : err;
	}
	if (rc == 0)
		siblings_free(run->siblings);
	return rc;
}

/* What is left to do if this process is killed while the driver knows the device by its name. */
static int clean_up_for_the_killed(void *data)
{
	const struct run *run = data;
	int rc = sysfs_write(run->sysfs, run->name, DAX_DRIVERS "/%s/remove_id",
			     run->siblings->driver);
	int back = restore_siblings(run);

	return rc < 0 ? rc : back;
}

/* Makes the driver know the device by its name, and forget it again when it has it. */
static int bind_by_id(const struct run *run, const char *driver)
{
	char current[DAX_DRIVER_SIZE];
	struct guardian guardian;
	struct problem ignored;
	struct run aside = *run;
	int rc, back;

	aside.problem = &ignored;
	rc = find_siblings(run, driver);
	if (rc == 0)
		rc = start_guardian(run, &guardian, clean_up_for_the_killed);
	if (rc < 0)
		return rc;
	rc = protect_siblings(run, driver);
	if (rc == 0)
		rc = write_attribute(run, run->name, DAX_DRIVERS "/%s/new_id", driver);
	if (rc == 0)
		rc = read_driver(run, current);
	/* new_id does not tell why a driver refuses a device; bind does. */
	if (rc == 0 && !current[0])
		rc = write_attribute(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	/*
	 * As long as the name is in the driver's list, any new_id or reload
	 * would bind the device again after it was unbound on purpose. That it
	 * stays there is no reason to fail.
	 */
	write_attribute(&aside, run->name, DAX_DRIVERS "/%s/remove_id", driver);
	back = restore_siblings(rc < 0 ? &aside : run);
	guardian_dismiss(&guardian);
	return rc < 0 ? rc : back;
}

static int bind(const struct run *run, const char *driver)
{
	char current[DAX_DRIVER_SIZE];
	int rc;

	/* A dry run has not unbound it before. */
	if (run->executor->dry_run)
		return write_attribute(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	rc = read_driver(run, current);
	if (rc < 0 || strcmp(current, driver) == 0)
		return rc;
	rc = write_attribute(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	/*
	 * -ENODEV: not a device that the driver takes by itself. On the way
	 * back whatever helps is right.
	 */
	if (rc == -ENODEV ||
	    (rc < 0 && run->is_rollback && read_driver(run, current) == 0 && !current[0])) {
		rc = bind_by_id(run, driver);
		if (run->siblings->nr)
			return rc;
	}
	if (read_driver(run, current) < 0)
		return run->problem->err;
	/* Somebody else, a udev rule for example, may have done just the same. */
	if (strcmp(current, driver) == 0)
		return 0;
	if (current[0])
		return problem_set(run->problem, -EBUSY,
				   "find out which program did, and try again",
				   "the driver '%s' took it at the same moment", current);
	if (rc == 0)
		rc = problem_set(run->problem, -ENXIO, NULL, "the driver '%s' did not take it",
				 driver);
	advise(run, "see the kernel log (dmesg) for the driver's reason");
	return rc;
}

static int check_can_be_removed(const struct run *run)
{
	if (blocks_can_be_removed(run->sysfs, &run->plan->before))
		return 0;
	return problem_set(run->problem, -EOPNOTSUPP, "restart the system to get it out",
			   "this kernel cannot take memory out (CONFIG_MEMORY_HOTREMOVE)");
}

/* To unbind it with memory in use, or with memory that has to stay, loses that until a restart. */
static int check_no_memory(const struct run *run)
{
	char state[POLICY_TEXT_SIZE];
	size_t in_use = 0;

	if (read_state(run, state) && strcmp(state, "unplugged") == 0)
		return 0;
	for (size_t i = 0; i < run->plan->before.nr; i++)
		in_use += !block_is_out_of_use(run->sysfs, run->plan->before.block[i].id);
	if (in_use)
		return problem_set(run->problem, -EBUSY, find_the_other,
				   "%zu of its memory blocks are not offline or cannot be read",
				   in_use);
	return check_can_be_removed(run);
}

/*
 * Without the state attribute nothing keeps others from putting a block online
 * between the last look and the unbind. kmem then keeps the whole range.
 */
static int check_none_is_lost(const struct run *run)
{
	size_t lost = 0;

	for (size_t i = 0; i < run->plan->before.nr; i++)
		lost += block_exists(run->sysfs, run->plan->before.block[i].id);
	if (!lost)
		return 0;
	return problem_set(run->problem, -EBUSY,
			   "restart the system to get it back, and find out which program puts "
			   "memory blocks online",
			   "the kernel could not take out %zu of its memory blocks, as one came "
			   "online at the moment of the unbind",
			   lost);
}

static int unbind(const struct run *run, const char *driver)
{
	bool is_kmem = strcmp(driver, "kmem") == 0;
	char current[DAX_DRIVER_SIZE];
	int rc, after;

	rc = read_driver(run, current);
	if (rc < 0 || strcmp(current, driver) != 0)
		return rc;
	if (run->executor->dry_run)
		return write_attribute(run, run->name, DAX_DRIVERS "/%s/unbind", driver);
	if (is_kmem)
		rc = check_no_memory(run);
	if (rc < 0)
		return rc;
	rc = write_attribute(run, run->name, DAX_DRIVERS "/%s/unbind", driver);
	after = read_driver(run, current);
	if (after < 0 || current[0])
		return rc;
	return is_kmem ? check_none_is_lost(run) : 0;
}

static int unplug(const struct run *run)
{
	char state[POLICY_TEXT_SIZE];
	int rc;

	if (read_state(run, state))
		return strcmp(state, "unplugged") == 0 ? 0 : write_state(run, "unplugged");
	rc = check_can_be_removed(run);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < run->plan->before.nr; i++) {
		uint64_t id = run->plan->before.block[i].id;

		if (block_is_out_of_use(run->sysfs, id))
			continue;
		/* If another process is about to take it offline, this waits for that. */
		rc = write_block(run, id, POLICY_OFFLINE);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int release(const struct run *run)
{
	char current[DAX_DRIVER_SIZE];
	int rc;

	rc = read_driver(run, current);
	if (rc < 0 || strcmp(current, "kmem") != 0)
		return rc;
	rc = unplug(run);
	return rc < 0 ? rc : unbind(run, "kmem");
}

/* Brings one block, now in @state, to where @policy has it. */
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
	int rc;

	for (size_t i = 0; i < run->plan->before.nr; i++) {
		uint64_t id = run->plan->before.block[i].id;

		rc = set_block(run, id, block_read(run->sysfs, id), policy);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int replug_by_state(const struct run *run, enum policy policy)
{
	int rc = unplug(run);

	if (rc == 0 && policy != POLICY_UNPLUGGED)
		rc = write_state(run, policy_name(policy));
	return rc;
}

/* What a kernel without the attribute can do: let the bind happen, then correct what it gave. */
static int adjust(const struct run *run, enum policy policy)
{
	char state[POLICY_TEXT_SIZE];
	_cleanup_blocks_ struct blocks now = { 0 };
	int rc;

	if (run->executor->dry_run && run->plan->device->mode != DAX_MODE_SYSTEM_RAM) {
		report(run, "bring its memory to that policy, through state or block by block", 0);
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
	if (read_state(run, state) && policy != POLICY_OFFLINE) {
		run->outcome->way = "through its state attribute";
		return replug_by_state(run, policy);
	}
	if (policy == POLICY_UNPLUGGED)
		return problem_set(run->problem, -EOPNOTSUPP, "use --online-type=offline",
				   "this kernel cannot hold a device without its memory");
	run->outcome->way = "block by block";
	if (read_state(run, state) && strcmp(state, "unplugged") == 0) {
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

/* Every block that can be brought back is, even if one cannot. */
static int restore(const struct run *run)
{
	const struct blocks *before = &run->plan->before;
	enum policy nearest = nearest_policy(before);
	struct problem first = { 0 };
	char state[POLICY_TEXT_SIZE];
	int rc;

	if (nearest == POLICY_UNPLUGGED)
		return unplug(run);
	if (read_state(run, state) && strcmp(state, "unplugged") == 0) {
		rc = write_state(run, policy_name(nearest));
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < before->nr; i++) {
		const struct block *block = &before->block[i];

		if (block->state == BLOCK_MISSING || block->state == BLOCK_UNREADABLE)
			continue;
		rc = set_block(run, block->id, block_read(run->sysfs, block->id),
			       policy_of_state(block->state));
		if (rc < 0 && !first.err)
			first = *run->problem;
	}
	if (first.err)
		*run->problem = first;
	return first.err;
}

static int verify(const struct run *run)
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
	report(run, what, 0);
	return 0;
}

static int act(const struct run *run, enum action action, const char *value)
{
	enum policy policy;

	switch (action) {
	case ACTION_NONE:
		return 0;
	case ACTION_SET_POLICY:
		return set_attribute(run, "online_type", value);
	case ACTION_SET_MEMMAP:
		return set_attribute(run, "memmap_on_memory", value);
	case ACTION_LOAD:
		return load_driver(run, value);
	case ACTION_UNBIND:
		return unbind(run, value);
	case ACTION_BIND:
		return bind(run, value);
	case ACTION_RELEASE:
		return release(run);
	case ACTION_UNPLUG:
		return unplug(run);
	case ACTION_ADJUST:
		policy_from_kernel(value, &policy);
		return adjust(run, policy);
	case ACTION_RESTORE:
		return restore(run);
	case ACTION_VERIFY:
		return verify(run);
	}
	return -EINVAL;
}

/* Takes back the first @nr steps, the last one first, and keeps on when one of them fails. */
static void roll_back(const struct run *forward, size_t nr)
{
	struct siblings siblings = { 0 };
	struct problem problem = { 0 };
	struct run run = *forward;
	sigset_t all, old;

	run.problem = &problem;
	run.siblings = &siblings;
	run.is_rollback = true;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	while (nr-- > 0) {
		const struct step *step = &run.plan->step[nr];

		if (act(&run, step->undo, step->undo_value) < 0 && !run.outcome->rollback.err)
			run.outcome->rollback = problem;
	}
	/* Those of the way back, and those that the way forward could not give back. */
	if (restore_siblings(&run) < 0 && !run.outcome->rollback.err)
		run.outcome->rollback = problem;
	siblings_free(&siblings);
	run.siblings = forward->siblings;
	if (restore_siblings(&run) < 0 && !run.outcome->rollback.err)
		run.outcome->rollback = problem;
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* For a run that was killed, however far it had come. */
static int roll_back_for_the_killed(void *data)
{
	const struct run *run = data;

	roll_back(run, run->plan->nr_steps);
	return run->outcome->rollback.err;
}

static int take_steps(const struct run *run)
{
	const struct executor *executor = run->executor;
	const struct plan *plan = run->plan;
	int rc = 0;

	for (size_t i = 0; i < plan->nr_steps && rc == 0; i++) {
		const struct step *step = &plan->step[i];

		/* Once all is done, to look at the result is quicker than to take it back. */
		if (*executor->interrupted && step->action != ACTION_VERIFY)
			rc = problem_set(run->problem, -EINTR, NULL, "interrupted by a signal");
		else
			rc = act(run, step->action, step->value);
		if (rc < 0)
			roll_back(run, executor->dry_run ? 0 : i + 1);
	}
	return rc;
}

int plan_execute(const struct executor *executor, const struct plan *plan, struct outcome *outcome)
{
	struct siblings siblings = { 0 };
	struct guardian guardian = { 0 };
	struct run run = {
		.executor = executor,
		.sysfs = executor->sysfs,
		.plan = plan,
		.name = plan->device->name,
		.problem = &outcome->problem,
		.outcome = outcome,
		.siblings = &siblings,
	};
	int rc = 0;

	*outcome = (struct outcome){ 0 };
	if (plan->needs_guardian && !executor->dry_run)
		rc = start_guardian(&run, &guardian, roll_back_for_the_killed);
	if (rc == 0)
		rc = take_steps(&run);
	guardian_dismiss(&guardian);
	siblings_free(&siblings);
	if (rc == 0)
		outcome->problem = (struct problem){ 0 };
	return rc;
}

void outcome_free(struct outcome *outcome)
{
	blocks_free(&outcome->after);
}
