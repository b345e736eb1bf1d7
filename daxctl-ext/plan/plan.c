// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "plan/spare-users.h"

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
	const char *advice = "hot-remove its memory first (--mode=devdax --force), or do both at "
			     "once (--mode=system-ram --force)";

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
	if (request->set_memory)
		add(plan, ACTION_ONLINE, policy_name(plan->expected), ACTION_NONE, NULL);
	add(plan, ACTION_VERIFY, NULL, ACTION_NONE, NULL);
}

static int check_users(struct plan *plan, const struct request *request,
		       const struct environment *environment, struct problem *problem)
{
	int rc = spare_users(plan->device->name, environment->users,
			     request->force || !request->spares_users, plan->note,
			     sizeof(plan->note), problem);

	plan->is_warning = plan->note[0] != '\0';
	return rc;
}

/* From devdax, famfs or no driver at all. */
static void plan_bind(struct plan *plan, const struct request *request,
		      const struct environment *environment)
{
	const struct dax_device *device = plan->device;

	add_settings(plan, request);
	if (!environment->kmem_is_loaded)
		add(plan, ACTION_LOAD, kmem, ACTION_NONE, NULL);
	if (device->mode != DAX_MODE_DISABLED)
		add(plan, ACTION_UNBIND, device->driver, ACTION_BIND, device->driver);
	add_bind(plan, request);
}

static bool has_memory(const struct blocks *blocks)
{
	return blocks_count(blocks).of[BLOCK_MISSING] != blocks->nr;
}

static int refuse_unreadable(const struct plan *plan, struct problem *problem)
{
	return problem_set(problem, -EIO, "see the kernel log (dmesg), and try again",
			   "%zu of its %zu memory blocks cannot be read",
			   blocks_count(&plan->before).of[BLOCK_UNREADABLE], plan->before.nr);
}

static const char *direction(const struct request *request)
{
	return policy_is_online(request->policy) ? "online" : "offline";
}

/* The memory online or offline; in whichever zone a block is online already, it stays. */
static int plan_blocks(struct plan *plan, const struct request *request, struct problem *problem)
{
	bool online = policy_is_online(request->policy);
	struct block_counts counts = blocks_count(&plan->before);
	size_t there = plan->before.nr - counts.of[BLOCK_MISSING];
	size_t done = online ? blocks_count_online(&counts) : counts.of[BLOCK_OFFLINE];

	if (counts.of[BLOCK_UNREADABLE])
		return refuse_unreadable(plan, problem);
	if (online && !there)
		return problem_set(problem, -ENXIO,
				   "use daxctl reconfigure-device --mode=system-ram "
				   "--online-type=TYPE --force",
				   "kmem holds it without memory blocks");
	if (done == there)
		snprintf(plan->note, sizeof(plan->note), "all memory sections (%zu) already %s",
			 there, direction(request));
	else if (done)
		snprintf(plan->note, sizeof(plan->note), "%zu memory section%s already %s", done,
			 done == 1 ? "" : "s", direction(request));
	if (done < there)
		add(plan, online ? ACTION_ONLINE : ACTION_OFFLINE, policy_name(request->policy),
		    ACTION_RESTORE, NULL);
	return 0;
}

/*
 * Is there nothing to do? If the memory is as asked and the policy is not, that one is changed
 * where no memory is in the way, as after a run that was killed, or else with @force.
 */
static bool is_as_asked(const struct plan *plan, const struct request *request)
{
	bool is_free = !has_memory(&plan->before) || request->force;

	if (!request->set_policy)
		return true;
	return blocks_count_unlike(&plan->before, plan->expected) == 0 &&
	       !(is_free && policy_differs(plan->device, request));
}

/* From system-ram to system-ram: the policy can only change while kmem does not hold the device. */
static int plan_replug(struct plan *plan, const struct request *request,
		       const struct environment *environment, struct problem *problem)
{
	const struct dax_device *device = plan->device;
	bool has = has_memory(&plan->before);
	bool other_memmap = memmap_differs(device, request);
	char unlike[200];

	if (request->set_memory)
		return plan_blocks(plan, request, problem);
	if (!other_memmap && is_as_asked(plan, request)) {
		plan->is_warning = policy_differs(device, request);
		if (plan->is_warning)
			snprintf(plan->note, sizeof(plan->note),
				 "its memory is as asked already; its policy for the next bind "
				 "stays '%s', without --force",
				 device->online_type);
		return 0;
	}
	if (has && environment->keeps_memory)
		return problem_set(
			problem, -EOPNOTSUPP,
			"restart the system, and give it the policy before kmem binds it; "
			"see daxctl-online-type(7)",
			"it is in system-ram mode already, and this kernel cannot "
			"hot-remove memory (CONFIG_MEMORY_HOTREMOVE)");
	if (blocks_count(&plan->before).of[BLOCK_UNREADABLE])
		return refuse_unreadable(plan, problem);
	if (has && !request->force) {
		if (other_memmap)
			snprintf(unlike, sizeof(unlike), "its memmap_on_memory is %s",
				 device->memmap_on_memory);
		else
			blocks_describe_unlike(&plan->before, plan->expected, unlike,
					       sizeof(unlike));
		return problem_set(problem, -EBUSY,
				   "use --force to hot-remove its memory and hot-add it again",
				   "it is in system-ram mode already, but %s", unlike);
	}
	if (request->set_policy && !has_attribute(device) && !other_memmap) {
		add(plan, ACTION_ADJUST, policy_name(plan->expected), ACTION_RESTORE, NULL);
		add(plan, ACTION_VERIFY, NULL, ACTION_NONE, NULL);
		/* Memory that is half online could only be changed by force. */
		plan->needs_guardian = !has;
		return 0;
	}
	add(plan, has ? ACTION_UNPLUG : ACTION_NONE, NULL, ACTION_RESTORE, NULL);
	add(plan, ACTION_UNBIND, kmem, ACTION_BIND, kmem);
	add_settings(plan, request);
	add_bind(plan, request);
	return 0;
}

static int check_driver(const struct dax_device *device, struct problem *problem)
{
	if (device->mode != DAX_MODE_UNKNOWN)
		return 0;
	return problem_set(problem, -EBUSY, "unbind it from that driver first",
			   "it is bound to the driver '%s'", device->driver);
}

static int copy_blocks(struct plan *plan, const struct blocks *blocks, struct problem *problem)
{
	int rc = blocks_copy(&plan->before, blocks);

	return rc < 0 ? problem_set(problem, rc, NULL, "out of memory") : 0;
}

/* May its memory, if it has any, be hot-removed? */
static int check_memory(const struct plan *plan, const struct request *request,
			const struct environment *environment, struct problem *problem)
{
	struct block_counts counts = blocks_count(&plan->before);
	size_t online = blocks_count_online(&counts);

	if (has_memory(&plan->before) && environment->keeps_memory)
		return problem_set(problem, -EOPNOTSUPP,
				   "restart the system; the device starts without a driver that "
				   "uses its memory unless kmem binds it at boot",
				   "this kernel cannot hot-remove memory "
				   "(CONFIG_MEMORY_HOTREMOVE)");
	if (counts.of[BLOCK_UNREADABLE])
		return refuse_unreadable(plan, problem);
	if (online && !request->force)
		return problem_set(problem, -EBUSY,
				   "use --force to offline and hot-remove its memory first",
				   "%zu of its %zu memory blocks are online", online,
				   plan->before.nr);
	/* Upstream daxctl wants it in devdax mode before. */
	if (has_memory(&plan->before) && !request->force &&
	    strcmp(request->to_driver, dax_mode_driver(DAX_MODE_FAMFS)) == 0)
		return problem_set(problem, -EBUSY,
				   "use --mode=devdax first, or --force to hot-remove its memory",
				   "it is in system-ram mode, and its memory blocks are there");
	return 0;
}

/*
 * To the devdax or famfs mode. If that fails, the device is bound
 * to kmem again; a device without memory then goes the long way round, on which its policy
 * must not leave memory in a kernel zone, from where it may not come out again.
 */
static int plan_driver(struct plan *plan, const struct request *request,
		       const struct blocks *blocks, const struct environment *environment,
		       struct problem *problem)
{
	const struct request nothing = { .memmap_on_memory = MEMMAP_AS_IT_IS };
	const struct dax_device *device = plan->device;
	enum policy policy = resolve(&nothing, device, environment);
	bool has, leaves, stays;
	int rc;

	plan->expected = POLICY_UNPLUGGED;
	if (strcmp(device->driver, request->to_driver) == 0) {
		snprintf(plan->note, sizeof(plan->note), "it is in %s mode already",
			 dax_mode_name(device->mode));
		return 0;
	}
	rc = check_driver(device, problem);
	if (rc == 0)
		rc = copy_blocks(plan, blocks, problem);
	if (rc == 0 && device->mode == DAX_MODE_SYSTEM_RAM)
		rc = check_memory(plan, request, environment, problem);
	if (rc == 0)
		rc = check_users(plan, request, environment, problem);
	if (rc < 0)
		return rc;
	has = has_memory(&plan->before);
	leaves = device->mode == DAX_MODE_SYSTEM_RAM;
	stays = policy == POLICY_ONLINE || policy == POLICY_ONLINE_KERNEL;
	if (request->to_driver[0])
		add(plan, ACTION_LOAD, request->to_driver, ACTION_NONE, NULL);
	if (leaves)
		add(plan, has ? ACTION_UNPLUG : ACTION_NONE, NULL, ACTION_RESTORE, NULL);
	if (device->mode != DAX_MODE_DISABLED)
		add(plan, ACTION_UNBIND, device->driver, ACTION_BIND, device->driver);
	if (leaves && !has && has_attribute(device) && stays)
		add(plan, ACTION_NONE, NULL, ACTION_SET_POLICY, policy_name(POLICY_UNPLUGGED));
	if (request->to_driver[0])
		add(plan, ACTION_BIND, request->to_driver, ACTION_UNBIND, request->to_driver);
	if (leaves)
		add(plan, ACTION_VERIFY, NULL, ACTION_NONE, NULL);
	return 0;
}

/* Without any bind. */
static int plan_memory(struct plan *plan, const struct request *request,
		       const struct blocks *blocks, struct problem *problem)
{
	int rc;

	if (plan->device->mode != DAX_MODE_SYSTEM_RAM)
		return problem_set(problem, -ENXIO,
				   "use daxctl reconfigure-device --mode=system-ram",
				   "it is in %s mode, and has no memory to put %s",
				   dax_mode_name(plan->device->mode), direction(request));
	rc = copy_blocks(plan, blocks, problem);
	return rc < 0 ? rc : plan_blocks(plan, request, problem);
}

int plan_make(struct plan *plan, const struct request *request, const struct dax_device *device,
	      const struct blocks *blocks, const struct environment *environment,
	      struct problem *problem)
{
	int rc;

	*plan = (struct plan){ .device = device };
	if (request->set_memory && !request->to_system_ram)
		return plan_memory(plan, request, blocks, problem);
	if (request->to_driver)
		return plan_driver(plan, request, blocks, environment, problem);
	plan->expected = resolve(request, device, environment);
	/* With @set_memory, what the bind leaves offline is put online after it. */
	if (request->set_memory && !policy_is_online(plan->expected))
		plan->expected = request->policy;
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
	rc = check_driver(device, problem);
	if (rc == 0)
		rc = copy_blocks(plan, blocks, problem);
	if (rc < 0)
		return rc;
	if (device->mode == DAX_MODE_SYSTEM_RAM)
		return plan_replug(plan, request, environment, problem);
	rc = check_users(plan, request, environment, problem);
	if (rc < 0)
		return rc;
	plan_bind(plan, request, environment);
	return 0;
}

void plan_free(struct plan *plan)
{
	blocks_free(&plan->before);
}
