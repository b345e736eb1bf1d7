// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/select.h"
#include "plan/ids.h"
#include "plan/shield.h"
#include "signals.h"
#include "upstream/forward.h"

/* Who may not write there has not bound anything either. */
static void warn_of_ids(int rc)
{
	if (rc < 0 && rc != -EACCES)
		fprintf(stderr,
			"daxctl: warning: a driver may still know a dax device by its name "
			"(new_id), and bind the next one of that name: %s\n",
			strerror(-rc));
}

void forget_ids(void)
{
	_cleanup_close_ int lock = -1;
	int rc = session_lock(&sysfs_of_system, "daxctl", &lock);

	warn_of_ids(rc < 0 ? rc : ids_forget(&sysfs_of_system));
}

int forward_and_forget_ids(char **argv)
{
	int status;

	signals_catch();
	status = forward_and_wait(argv);
	forget_ids();
	signals_deliver();
	return status;
}

/* --- behind a shield ------------------------------------------------------- */

static const struct executor executor = {
	.sysfs = &sysfs_of_system,
	.interrupted = &signals_caught,
};

int binding_begin(struct binding *binding, const struct dax_names *meant, struct problem *problem)
{
	int rc = session_lock(&sysfs_of_system, "daxctl", &binding->lock);

	if (rc < 0)
		return problem_set(problem, rc, rc == -EACCES ? "run this as root" : NULL,
				   "cannot lock the dax bus: %s", strerror(-rc));
	rc = shield_raise(&binding->shield, &executor, meant, problem);
	if (rc < 0)
		cleanup_close(&binding->lock);
	return rc;
}

void binding_end(struct binding *binding)
{
	struct problem problem;

	if (shield_lower(&binding->shield, &executor, &problem) < 0)
		print_problem("daxctl",
			      "warning: the state of an unbound dax device may have changed",
			      &problem);
	warn_of_ids(ids_forget(&sysfs_of_system));
	cleanup_close(&binding->lock);
}

/* 0 if upstream may run now, else the exit status. binding_end() afterwards if *@is_shielded. */
static int begin(struct binding *binding, const struct dax_names *meant, bool *is_shielded)
{
	struct problem problem = { 0 };
	int rc = binding_begin(binding, meant, &problem);

	*is_shielded = rc == 0;
	/* Who may not bind devices hears so from upstream. */
	if (rc == 0 || rc == -EACCES || rc == -EROFS)
		return 0;
	print_problem("daxctl", "error", &problem);
	return status_of_errno(rc);
}

int forward_shielded(char **argv, const struct dax_names *meant)
{
	struct binding binding;
	bool is_shielded;
	int status;

	signals_catch();
	status = begin(&binding, meant, &is_shielded);
	if (status == 0)
		status = forward_and_wait(argv);
	if (is_shielded)
		binding_end(&binding);
	signals_deliver();
	return status;
}

int forward_shielded_and_capture(char **argv, const struct dax_names *meant, char **output,
				 size_t *length)
{
	struct binding binding;
	bool is_shielded;
	int status;

	*output = NULL;
	*length = 0;
	status = begin(&binding, meant, &is_shielded);
	if (status == 0)
		status = forward_and_capture(argv, output, length);
	if (is_shielded)
		binding_end(&binding);
	return status;
}

/* --- enable-device ---------------------------------------------------------- */

enum {
	OPT_REGION,
	OPT_HUMAN,
	OPT_VERBOSE,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = SPEC_REGION,
	[OPT_HUMAN] = SPEC_HUMAN,
	[OPT_VERBOSE] = SPEC_VERBOSE,
};

/* Upstream binds it to device_dax by new_id, which binds its unbound siblings as well. */
int cmd_enable_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };

	if (options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2) < 0 || line.wants_help ||
	    line.lists_names || line.nr_arguments != 1)
		return forward(argv);
	if (dax_select_as_upstream(&targets, &names, line.argument[0],
				   line.option[OPT_REGION].value) < 0)
		return out_of_memory();
	return forward_shielded(argv, &names);
}
