// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "plan/ids.h"
#include "plan/run.h"
#include "plan/shield.h"

static bool has_several_ranges(const struct sysfs *sysfs, const char *name)
{
	_cleanup_device_ struct dax_device device;

	return dax_device_read(sysfs, name, &device) == 0 && device.nr_ranges > 1;
}

static bool has_sibling_without_policy(const struct sysfs *sysfs, const struct dax_names *names)
{
	struct siblings siblings = { 0 };
	bool found = false;

	if (siblings_find(&siblings, sysfs, "", NULL) == 0) {
		for (size_t i = 0; i < siblings.nr; i++)
			found |= !siblings.one[i].online_type[0] &&
				 !dax_names_have(names, siblings.one[i].name);
	}
	siblings_free(&siblings);
	return found;
}

bool shield_suffices(const struct sysfs *sysfs, const struct dax_names *names)
{
	for (size_t i = 0; i < names->nr; i++) {
		if (has_several_ranges(sysfs, names->name[i]))
			return false;
	}
	return !has_sibling_without_policy(sysfs, names);
}

/* A plan without a step, for what there is to do besides. */
static const struct plan no_plan;

static struct run run_of(struct shield *shield, const struct executor *executor,
			 struct problem *problem)
{
	return (struct run){
		.executor = executor,
		.sysfs = executor->sysfs,
		.plan = &no_plan,
		.name = "daxctl",
		.problem = problem,
		.siblings = &shield->siblings,
	};
}

static void leave_out(struct siblings *siblings, const struct dax_names *meant)
{
	size_t nr = 0;

	for (size_t i = 0; i < siblings->nr; i++) {
		if (!dax_names_have(meant, siblings->one[i].name))
			siblings->one[nr++] = siblings->one[i];
	}
	siblings->nr = nr;
}

/* Neither this program nor the one that it was raised for writes to new_id any more. */
static int release_after_sigkill(void *data)
{
	const struct run *run = data;
	int rc = ids_forget(run->sysfs), back = run_release_siblings(run);

	return rc < 0 ? rc : back;
}

static int protect(struct shield *shield, const struct run *run)
{
	int rc = run_start_guardian(run, &shield->guardian, release_after_sigkill);

	if (rc < 0)
		return rc;
	rc = ids_forget(run->sysfs);
	if (rc < 0)
		return problem_set(run->problem, rc, NULL,
				   "cannot have the drivers forget the names of devices "
				   "(remove_id): %s",
				   strerror(-rc));
	rc = run_keep_siblings_offline(run);
	if (rc == 0)
		guardian_await_programs(&shield->guardian);
	return rc;
}

int shield_raise(struct shield *shield, const struct executor *executor,
		 const struct dax_names *meant, struct problem *problem)
{
	struct run run = run_of(shield, executor, problem);
	struct problem ignored;
	int rc;

	*shield = (struct shield){ 0 };
	rc = run_find_siblings(&run, "", NULL);
	if (rc == 0) {
		leave_out(&shield->siblings, meant);
		if (shield->siblings.nr)
			rc = protect(shield, &run);
	}
	if (rc < 0)
		shield_lower(shield, executor, &ignored);
	return rc;
}

int shield_lower(struct shield *shield, const struct executor *executor, struct problem *problem)
{
	struct run run = run_of(shield, executor, problem);
	int rc = run_release_siblings(&run);

	guardian_dismiss(&shield->guardian);
	siblings_free(&shield->siblings);
	return rc;
}
