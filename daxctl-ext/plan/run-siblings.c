// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "plan/guardian.h"
#include "plan/run.h"

/* The same work on another device. */
static struct run run_on(const struct run *run, const char *name, const struct plan *plan)
{
	struct run other = *run;

	other.name = name;
	other.plan = plan;
	return other;
}

int run_find_siblings(const struct run *run, const char *device, const char *driver)
{
	int rc = siblings_find(run->siblings, run->sysfs, device, driver);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot look at the other devices: %s",
				   strerror(-rc));
	return 0;
}

int run_keep_siblings_offline(const struct run *run)
{
	int rc = 0;

	for (size_t i = 0; i < run->siblings->nr && rc == 0; i++) {
		const struct sibling *sibling = &run->siblings->one[i];
		struct run other = run_on(run, sibling->name, run->plan);
		enum policy policy;

		if (sibling->online_type[0] &&
		    (policy_from_kernel(sibling->online_type, &policy) < 0 ||
		     policy == POLICY_DEFAULT || policy_is_online(policy)))
			rc = run_set(&other, "online_type", "offline");
	}
	return rc;
}

/*
 * A driver that gets a new id takes every device that it can. Those that it
 * knows by their names it shall forget first; those that kmem takes by their
 * kind shall at least online no memory on the way.
 */
static int protect_siblings(const struct run *run, const char *driver)
{
	int rc = 0;

	for (size_t i = 0; i < run->siblings->nr && rc == 0; i++) {
		struct run other = run_on(run, run->siblings->one[i].name, run->plan);

		rc = run_write(&other, other.name, DAX_DRIVERS "/%s/remove_id", driver);
	}
	return rc == 0 && strcmp(driver, "kmem") == 0 ? run_keep_siblings_offline(run) : rc;
}

/* Hot-removes the sibling's memory, if it has any by now, and unbinds it. */
static int unbind_sibling(const struct run *run, const char *name, const char *driver)
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
	return device.mode == DAX_MODE_SYSTEM_RAM ? run_release(&other)
						  : run_unbind(&other, driver);
}

/* What another program has bound in the meantime is no concern of this one. */
static bool is_of_new_id(const struct siblings *siblings, const char *driver)
{
	if (siblings->driver)
		return strcmp(driver, siblings->driver) == 0;
	return strcmp(driver, dax_mode_driver(DAX_MODE_DEVDAX)) == 0 ||
	       strcmp(driver, dax_mode_driver(DAX_MODE_SYSTEM_RAM)) == 0;
}

static int release_sibling(const struct run *run, const struct sibling *sibling)
{
	struct run other = run_on(run, sibling->name, run->plan);
	char driver[DAX_DRIVER_SIZE];
	int rc = run_read_driver(&other, driver);

	if (rc == 0 && is_of_new_id(run->siblings, driver))
		rc = unbind_sibling(run, sibling->name, driver);
	if (rc == 0 && sibling->online_type[0])
		rc = run_set(&other, "online_type", sibling->online_type);
	return rc;
}

int run_release_siblings(const struct run *run)
{
	int rc = 0;

	for (size_t i = 0; i < run->siblings->nr; i++) {
		int err = release_sibling(run, &run->siblings->one[i]);

		rc = rc ? rc : err;
	}
	if (rc == 0)
		siblings_free(run->siblings);
	return rc;
}

/* What is left to do if this process is killed while the driver knows the device by its name. */
static int clean_up_after_sigkill(void *data)
{
	const struct run *run = data;
	int rc = sysfs_write(run->sysfs, run->name, DAX_DRIVERS "/%s/remove_id",
			     run->siblings->driver);
	int back = run_release_siblings(run);

	return rc < 0 ? rc : back;
}

int run_bind_by_id(const struct run *run, const char *driver)
{
	char current[DAX_DRIVER_SIZE];
	struct guardian guardian;
	struct problem ignored;
	struct run aside = *run;
	int rc, back;

	aside.problem = &ignored;
	rc = run_find_siblings(run, run->name, driver);
	if (rc == 0)
		rc = run_start_guardian(run, &guardian, clean_up_after_sigkill);
	if (rc < 0)
		return rc;
	rc = protect_siblings(run, driver);
	if (rc == 0)
		rc = run_write(run, run->name, DAX_DRIVERS "/%s/new_id", driver);
	if (rc == 0)
		rc = run_read_driver(run, current);
	/* new_id does not tell why a driver refuses a device; bind does. */
	if (rc == 0 && !current[0])
		rc = run_write(run, run->name, DAX_DRIVERS "/%s/bind", driver);
	/*
	 * As long as the name is in the driver's list, any new_id or reload
	 * would bind the device again after it was unbound on purpose. That it
	 * stays there is no reason to fail.
	 */
	run_write(&aside, run->name, DAX_DRIVERS "/%s/remove_id", driver);
	back = run_release_siblings(rc < 0 ? &aside : run);
	guardian_dismiss(&guardian);
	return rc < 0 ? rc : back;
}
