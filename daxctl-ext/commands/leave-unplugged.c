// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "device/device.h"
#include "plan/execute.h"
#include "commands/leave-unplugged.h"
#include "plan/module.h"
#include "plan/plan.h"

static bool is_unplugged(const struct sysfs *sysfs, const char *name)
{
	char state[POLICY_TEXT_SIZE];

	return sysfs_read(sysfs, state, sizeof(state), DAX_DEVICES "/%s/state", name) >= 0 &&
	       strcmp(state, "unplugged") == 0;
}

static int leave(const struct sysfs *sysfs, const char *name, struct dax_names *left)
{
	_cleanup_close_ int lock = -1;
	int rc;

	if (!is_unplugged(sysfs, name))
		return 0;
	rc = dax_lock(sysfs, &lock);
	/* Another daxctl may have had it until now. */
	if (rc < 0 || !is_unplugged(sysfs, name))
		goto out;
	rc = dax_names_add(left, name);
	if (rc == 0)
		rc = sysfs_write(sysfs, name, DAX_DRIVERS "/kmem/unbind");
out:
	if (rc < 0)
		fprintf(stderr, "%s: error: cannot unbind it from kmem: %s\n", name, strerror(-rc));
	return rc;
}

int unplugged_leave(const struct sysfs *sysfs, const struct dax_names *names,
		    struct dax_names *left)
{
	int rc = 0;

	*left = (struct dax_names){ 0 };
	for (size_t i = 0; i < names->nr && rc == 0; i++)
		rc = leave(sysfs, names->name[i], left);
	if (rc < 0)
		unplugged_return(sysfs, left);
	return rc;
}

static int make_plan(const struct sysfs *sysfs, const char *name, struct dax_device *device,
		     struct plan *plan)
{
	struct environment environment = { .kmem_is_loaded = true };
	_cleanup_blocks_ struct blocks blocks = { 0 };
	char text[POLICY_TEXT_SIZE];
	int rc = dax_device_read(sysfs, name, device);

	if (rc == 0)
		rc = dax_device_blocks(sysfs, device, &blocks);
	if (rc == 0)
		rc = sysfs_read(sysfs, text, sizeof(text),
				"devices/system/memory/auto_online_blocks");
	if (rc >= 0)
		rc = policy_from_kernel(text, &environment.system_default);
	return rc < 0 ? rc : plan_make_unplugged(plan, device, &blocks, &environment);
}

static int execute(const struct sysfs *sysfs, const struct plan *plan)
{
	static const volatile sig_atomic_t never;
	const struct executor executor = {
		.sysfs = sysfs,
		.load_module = module_load,
		.interrupted = &never,
	};
	_cleanup_outcome_ struct outcome outcome = { 0 };
	int rc = plan_execute(&executor, plan, &outcome);

	if (rc < 0)
		fprintf(stderr, "%s: error: %s\n", plan->device->name, outcome.problem.text);
	return rc;
}

/* Whatever driver has it now, or if kmem has: somebody wanted it so. */
static void give_back(const struct sysfs *sysfs, const char *name)
{
	_cleanup_device_ struct dax_device device = { 0 };
	_cleanup_plan_ struct plan plan = { 0 };
	_cleanup_close_ int lock = -1;
	char driver[DAX_DRIVER_SIZE];
	int rc;

	rc = dax_lock(sysfs, &lock);
	if (rc == 0)
		rc = dax_device_read_driver(sysfs, name, driver);
	if (rc == 0 && driver[0])
		return;
	if (rc == 0)
		rc = make_plan(sysfs, name, &device, &plan);
	if (rc == 0)
		rc = execute(sysfs, &plan);
	if (rc < 0) {
		fprintf(stderr, "%s: it is not back in system-ram mode: %s\n", name, strerror(-rc));
		return;
	}
	fprintf(stderr, "%s: it is in system-ram mode as before, without its memory\n", name);
	if (plan.note[0])
		fprintf(stderr, "%s: %s\n", name, plan.note);
}

void unplugged_return(const struct sysfs *sysfs, const struct dax_names *left)
{
	for (size_t i = 0; i < left->nr; i++)
		give_back(sysfs, left->name[i]);
}
