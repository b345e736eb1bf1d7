// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/run.h"

void run_report_result(const struct run *run, const char *what, const char *result)
{
	const struct executor *executor = run->executor;

	if (executor->report)
		executor->report(executor->report_data, run->name, what,
				 executor->dry_run ? NULL : result);
}

void run_report(const struct run *run, const char *what, int rc)
{
	run_report_result(run, what, rc < 0 ? strerror(-rc) : "done");
}

void run_progress(const struct run *run, const char *doing, size_t done)
{
	const struct executor *executor = run->executor;

	if (executor->progress && !executor->dry_run)
		executor->progress(executor->progress_data, run->name, doing, done,
				   run->plan->before.nr);
}

int run_write(const struct run *run, const char *value, const char *format, ...)
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
	run_report(run, what, rc);
	if (rc < 0)
		problem_set(run->problem, rc, NULL, "cannot %s: %s", what, strerror(-rc));
	return rc;
}

void run_advise(const struct run *run, const char *advice)
{
	snprintf(run->problem->advice, sizeof(run->problem->advice), "%s", advice);
}

int run_set(const struct run *run, const char *attribute, const char *value)
{
	char current[POLICY_TEXT_SIZE];
	int rc;

	rc = sysfs_read(run->sysfs, current, sizeof(current), DAX_DEVICES "/%s/%s", run->name,
			attribute);
	if (rc >= 0 && strcmp(current, value) == 0)
		return 0;
	rc = run_write(run, value, DAX_DEVICES "/%s/%s", run->name, attribute);
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		run_advise(run, "this kernel does not know or allow that value; see the kernel's "
				"documentation of the attribute");
	else if (rc == -EBUSY)
		run_advise(run, "another program has bound the device at this moment; try again");
	return rc;
}

int run_read_driver(const struct run *run, char driver[DAX_DRIVER_SIZE])
{
	int rc = dax_device_read_driver(run->sysfs, run->name, driver);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot read its driver: %s",
				   strerror(-rc));
	return 0;
}

bool run_read_state(const struct run *run, char state[POLICY_TEXT_SIZE])
{
	return sysfs_read(run->sysfs, state, POLICY_TEXT_SIZE, DAX_DEVICES "/%s/state",
			  run->name) >= 0;
}

int run_start_guardian(const struct run *run, struct guardian *guardian,
		       int (*roll_back)(void *data))
{
	int rc = guardian_start(guardian, roll_back, (void *)run);

	if (rc < 0)
		return problem_set(run->problem, rc, NULL, "cannot start a process: %s",
				   strerror(-rc));
	return 0;
}
