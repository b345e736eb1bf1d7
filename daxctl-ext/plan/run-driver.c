// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "plan/autoprobe.h"
#include "plan/run.h"

/* The kernel takes signed modules only. As an exit status, these errnos mean something else. */
static bool is_about_signature(int rc)
{
	return rc == -ENOKEY || rc == -EKEYEXPIRED || rc == -EKEYREVOKED || rc == -EKEYREJECTED;
}

/*
 * A module that registers a driver binds every device that no driver holds
 * yet. Those of others must stay as they are.
 */
int run_load(const struct run *run, const char *driver)
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
	run_report(run, what, rc);
	if (rc == -ECANCELED)
		return problem_set(run->problem, -ENXIO,
				   "see modprobe --showconfig for the line 'blacklist' or "
				   "'install' that does, and remove that line",
				   "cannot %s: modprobe.d keeps it from being loaded", what);
	if (is_about_signature(rc))
		return problem_set(
			run->problem, -EPERM,
			"sign that module with a key that the kernel trusts, or enrol the "
			"key that it is signed with, and see the kernel log (dmesg)",
			"cannot %s: %s", what, strerror(-rc));
	if (rc < 0)
		return problem_set(run->problem, rc,
				   "install that module of the kernel, and see the kernel log "
				   "(dmesg)",
				   "cannot %s: %s", what, strerror(-rc));
	return 0;
}

/* To unbind it with memory in use, or with memory that has to stay, loses that until a restart. */
static int check_no_memory(const struct run *run)
{
	char state[POLICY_TEXT_SIZE];
	size_t in_use = 0;

	if (run_read_state(run, state) && strcmp(state, "unplugged") == 0)
		return 0;
	for (size_t i = 0; i < run->plan->before.nr; i++)
		in_use += !block_is_out_of_use(run->sysfs, run->plan->before.block[i].id);
	if (in_use)
		return problem_set(run->problem, -EBUSY, FIND_THE_OTHER,
				   "%zu of its memory blocks are not offline or cannot be read",
				   in_use);
	return run_check_removable(run);
}

/*
 * Without the state attribute nothing keeps others from putting a block online
 * between the last look and the unbind. kmem then keeps the whole range.
 */
static int check_none_is_lost(const struct run *run)
{
	int lost = blocks_count_existing(run->sysfs, &run->plan->before);

	if (lost < 0)
		return problem_set(run->problem, lost, NULL,
				   "cannot read the system's memory blocks: %s", strerror(-lost));
	if (!lost)
		return 0;
	return problem_set(run->problem, -EBUSY,
			   "restart the system to get it back, and find out which program puts "
			   "memory blocks online",
			   "the kernel could not remove %d of its memory blocks, as one came "
			   "online at the moment of the unbind",
			   lost);
}

int run_unbind(const struct run *run, const char *driver)
{
	bool is_kmem = strcmp(driver, "kmem") == 0;
	char current[DAX_DRIVER_SIZE], state[POLICY_TEXT_SIZE];
	bool is_guarded;
	int rc, after;

	rc = run_read_driver(run, current);
	if (rc < 0 || strcmp(current, driver) != 0)
		return rc;
	if (run->executor->dry_run)
		return run_write(run, run->name, DAX_DRIVERS "/%s/unbind", driver);
	is_guarded = is_kmem && run_read_state(run, state);
	if (is_kmem)
		rc = check_no_memory(run);
	if (rc < 0)
		return rc;
	/* device_dax waits until no page is in use; kmem may remove the memory only now. */
	run_progress(run, "unbinding", 0);
	rc = run_write(run, run->name, DAX_DRIVERS "/%s/unbind", driver);
	run_progress(run, "unbinding", run->plan->before.nr);
	after = run_read_driver(run, current);
	if (after < 0 || current[0])
		return rc;
	return is_kmem && !is_guarded ? check_none_is_lost(run) : 0;
}

int run_release(const struct run *run)
{
	char current[DAX_DRIVER_SIZE];
	int rc;

	rc = run_read_driver(run, current);
	if (rc < 0 || strcmp(current, "kmem") != 0)
		return rc;
	rc = run_unplug(run);
	return rc < 0 ? rc : run_unbind(run, "kmem");
}

int run_bind(const struct run *run, const char *driver)
{
	char current[DAX_DRIVER_SIZE];
	int rc;

	/* A dry run has not unbound it before. */
	if (run->executor->dry_run)
		return run_write(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	rc = run_read_driver(run, current);
	if (rc < 0 || strcmp(current, driver) == 0)
		return rc;
	/* What kmem binds, it may put online at once. */
	run_progress(run, "binding", 0);
	rc = run_write(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	/*
	 * -ENODEV: not a device that the driver takes by itself. On the way
	 * back whatever helps is right.
	 */
	if (rc == -ENODEV ||
	    (rc < 0 && run->is_rollback && run_read_driver(run, current) == 0 && !current[0])) {
		rc = run_bind_by_id(run, driver);
		run_progress(run, "binding", run->plan->before.nr);
		if (run->siblings->nr)
			return rc;
	}
	run_progress(run, "binding", run->plan->before.nr);
	if (run_read_driver(run, current) < 0)
		return run->problem->err;
	/* Somebody else, a udev rule for example, may have done just the same. */
	if (strcmp(current, driver) == 0)
		return 0;
	if (current[0])
		return problem_set(run->problem, -EBUSY,
				   "find out which program did, and try again",
				   "the driver '%s' claimed it at the same moment", current);
	if (rc == 0)
		rc = problem_set(run->problem, -ENXIO, NULL, "the driver '%s' did not bind it",
				 driver);
	run_advise(run, "see the kernel log (dmesg) for the driver's reason");
	return rc;
}
