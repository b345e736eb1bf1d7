// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

static const char kmem[] = "kmem";

static void add(struct plan *plan, enum action action, const char *value, enum action undo,
		const char *undo_value)
{
	plan->step[plan->nr_steps++] = (struct step){ action, value, undo, undo_value };
}

static const char *memmap_value(const struct request *request)
{
	return request->memmap_on_memory == MEMMAP_ON ? "1" : "0";
}

static bool policy_differs(const struct dax_device *device, const struct request *request)
{
	return request->set_policy && device->online_type[0] &&
	       strcmp(device->online_type, policy_name(request->policy)) != 0;
}

static bool memmap_differs(const struct dax_device *device, const struct request *request)
{
	return request->memmap_on_memory != MEMMAP_AS_IT_IS &&
	       strcmp(device->memmap_on_memory, memmap_value(request)) != 0;
}

/* What is written to the device before kmem binds it. */
static void add_settings(struct plan *plan, const struct request *request)
{
	const struct dax_device *device = plan->device;

	if (policy_differs(device, request))
		add(plan, ACTION_SET_POLICY, policy_name(request->policy), ACTION_SET_POLICY,
		    device->online_type);
	if (memmap_differs(device, request))
		add(plan, ACTION_SET_MEMMAP, memmap_value(request), ACTION_SET_MEMMAP,
		    device->memmap_on_memory);
}

static bool has_attribute(const struct dax_device *device)
{
	return device->online_type[0] != '\0';
}

/* What the request means for the memory, with the defaults filled in. */
static enum policy resolve(const struct request *request, const struct dax_device *device,
			   const struct environment *environment)
{
	enum policy policy;

	if (request->set_policy)
		policy = request->policy;
	else if (policy_from_kernel(device->online_type, &policy) < 0)
		policy = POLICY_DEFAULT;
	return policy == POLICY_DEFAULT ? environment->system_default : policy;
}

static int check_support(const struct request *request, const struct dax_device *device,
			 struct problem *problem)
{
	if (request->memmap_on_memory != MEMMAP_AS_IT_IS && !device->memmap_on_memory[0])
		return problem_set(problem, -EOPNOTSUPP, "use a kernel from 6.8 on",
				   "this kernel has no memmap_on_memory attribute");
	if (!request->set_policy || has_attribute(device))
		return 0;
	if (!request->to_system_ram)
		return problem_set(problem, -EOPNOTSUPP,
				   "use a kernel that has the attribute; there is no other way to "
				   "give a device a policy for its next bind",
				   "this kernel has no online_type attribute");
	if (!request->allow_fallback)
		return problem_set(
			problem, -EOPNOTSUPP,
			"use a kernel that has the attribute, or --allow-fallback to put "
			"the memory online after the bind",
			"this kernel has no online_type attribute");
	return 0;
}

static int plan_settings_only(struct plan *plan, const struct request *request,
			      struct problem *problem)
{
	const struct dax_device *device = plan->device;
	const char *advice = "take the memory out first (--mode=devdax), or do both at once with "
			     "--mode=system-ram --force";

	if (device->mode == DAX_MODE_SYSTEM_RAM && policy_differs(device, request))
		return problem_set(problem, -EBUSY, advice,
				   "it is in system-ram mode, and its policy '%s' cannot change "
				   "until it leaves that mode",
				   device->online_type);
	if (device->mode == DAX_MODE_SYSTEM_RAM && memmap_differs(device, request))
		return problem_set(problem, -EBUSY, advice,
				   "it is in system-ram mode, and memmap_on_memory cannot change "
				   "until it leaves that mode");
	add_settings(plan, request);
	return 0;
}

/* From here on kmem has it. Without the attribute, what the bind gave is corrected afterwards. */
static void add_bind(struct plan *plan, const struct request *request)
{
	add(plan, ACTION_BIND, kmem, ACTION_RELEASE, NULL);
	if (request->set_policy && !has_attribute(plan->device)) {
		add(plan, ACTION_ADJUST, policy_name(plan->expected), ACTION_NONE, NULL);
		plan->needs_guardian = true;
	}
	add(plan, ACTION_VERIFY, NULL, ACTION_NONE, NULL);
}

/* From devdax, famfs or no driver at all. */
static void plan_bind(struct plan *plan, const struct request *request,
		      const struct environment *environment)
{
	const struct dax_device *device = plan->device;

	add_settings(plan, request);
	if (!environment->kmem_is_loaded)
		add(plan, ACTION_LOAD_KMEM, NULL, ACTION_NONE, NULL);
	if (device->mode != DAX_MODE_DISABLED)
		add(plan, ACTION_UNBIND, device->driver, ACTION_BIND, device->driver);
	add_bind(plan, request);
}

static bool has_memory(const struct blocks *blocks)
{
	return blocks_count(blocks).of[BLOCK_MISSING] != blocks->nr;
}

/*
 * Is there nothing to do? A policy that differs from where the memory is right
 * must be changed if that disturbs nobody: it may be what a killed run left.
 */
static bool is_as_asked(const struct plan *plan, const struct request *request)
{
	struct block_counts counts = blocks_count(&plan->before);
	bool is_free =
		!has_memory(&plan->before) || (request->force && blocks_count_online(&counts) == 0);

	if (!request->set_policy)
		return true;
	return blocks_count_unlike(&plan->before, plan->expected) == 0 &&
	       !(is_free && policy_differs(plan->device, request));
}

/* From system-ram to system-ram: the policy can only change while kmem lets go of the device. */
static int plan_replug(struct plan *plan, const struct request *request,
		       const struct environment *environment, struct problem *problem)
{
	const struct dax_device *device = plan->device;
	size_t unreadable = blocks_count(&plan->before).of[BLOCK_UNREADABLE];
	bool has = has_memory(&plan->before);
	bool other_memmap = memmap_differs(device, request);
	char unlike[200];

	if (!other_memmap && is_as_asked(plan, request)) {
		if (policy_differs(device, request))
			snprintf(plan->note, sizeof(plan->note),
				 "its memory is as asked already; its policy for the next bind "
				 "stays '%s'",
				 device->online_type);
		return 0;
	}
	if (has && environment->keeps_memory)
		return problem_set(
			problem, -EOPNOTSUPP,
			"restart the system, and give it the policy before kmem takes it; "
			"see daxctl-online-type(7)",
			"it is in system-ram mode already, and this kernel cannot take "
			"memory out (CONFIG_MEMORY_HOTREMOVE)");
	if (unreadable)
		return problem_set(problem, -EIO, "see the kernel log (dmesg), and try again",
				   "%zu of its %zu memory blocks cannot be read", unreadable,
				   plan->before.nr);
	if (has && !request->force) {
		if (other_memmap)
			snprintf(unlike, sizeof(unlike), "its memmap_on_memory is %s",
				 device->memmap_on_memory);
		else
			blocks_describe_unlike(&plan->before, plan->expected, unlike,
					       sizeof(unlike));
		return problem_set(problem, -EBUSY,
				   "use --force to take its memory out and plug it in again",
				   "it is in system-ram mode already, but %s", unlike);
	}
	if (request->set_policy && !has_attribute(device) && !other_memmap) {
		add(plan, ACTION_ADJUST, policy_name(plan->expected), ACTION_RESTORE, NULL);
		add(plan, ACTION_VERIFY, NULL, ACTION_NONE, NULL);
		/* Memory that is half plugged in could only be changed by force. */
		plan->needs_guardian = !has;
		return 0;
	}
	add(plan, has ? ACTION_UNPLUG : ACTION_NONE, NULL, ACTION_RESTORE, NULL);
	add(plan, ACTION_UNBIND, kmem, ACTION_BIND, kmem);
	add_settings(plan, request);
	add_bind(plan, request);
	return 0;
}

int plan_make(struct plan *plan, const struct request *request, const struct dax_device *device,
	      const struct blocks *blocks, const struct environment *environment,
	      struct problem *problem)
{
	int rc;

	*plan = (struct plan){ .device = device };
	plan->expected = resolve(request, device, environment);
	rc = check_support(request, device, problem);
	if (rc < 0)
		return rc;
	if (!request->to_system_ram)
		return plan_settings_only(plan, request, problem);
	if (device->size == 0)
		return problem_set(problem, -ENXIO, "give it a size first (--size)",
				   "it has no memory");
	if (blocks->nr == 0)
		return problem_set(problem, -EINVAL, NULL,
				   "no memory block of %llu MiB fits into it",
				   (unsigned long long)(blocks->block_size >> 20));
	if (device->mode == DAX_MODE_UNKNOWN)
		return problem_set(problem, -EBUSY, "take it away from that driver first",
				   "the driver '%s' holds it", device->driver);
	rc = blocks_copy(&plan->before, blocks);
	if (rc < 0)
		return problem_set(problem, rc, NULL, "out of memory");
	if (device->mode == DAX_MODE_SYSTEM_RAM)
		return plan_replug(plan, request, environment, problem);
	plan_bind(plan, request, environment);
	return 0;
}

int plan_make_unplugged(struct plan *plan, const struct dax_device *device,
			const struct blocks *blocks, const struct environment *environment)
{
	const struct request nothing = { .memmap_on_memory = MEMMAP_AS_IT_IS };
	enum policy policy = resolve(&nothing, device, environment);

	*plan = (struct plan){ .device = device, .expected = POLICY_UNPLUGGED };
	if (has_attribute(device) && (policy == POLICY_ONLINE || policy == POLICY_ONLINE_KERNEL)) {
		snprintf(plan->note, sizeof(plan->note),
			 "its policy was '%s' and is 'unplugged' now: its memory would have come "
			 "online in a kernel zone",
			 device->online_type);
		add(plan, ACTION_SET_POLICY, policy_name(POLICY_UNPLUGGED), ACTION_SET_POLICY,
		    device->online_type);
	}
	add(plan, ACTION_BIND, kmem, ACTION_RELEASE, NULL);
	add(plan, ACTION_UNPLUG, NULL, ACTION_NONE, NULL);
	return blocks_copy(&plan->before, blocks);
}

void plan_free(struct plan *plan)
{
	blocks_free(&plan->before);
}
