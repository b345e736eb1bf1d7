/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_PLAN_H
#define DAXCTL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "device/blocks.h"
#include "device/device.h"
#include "device/policy.h"
#include "problem.h"

/*
 * The planner decides, and touches nothing: from what is asked, and from how
 * the device and the system are, it makes the list of steps that lead there,
 * each with the action that undoes it.
 */

/* What is asked of one device. */
struct request {
	bool set_policy; /* make @policy the policy for the next bind */
	enum policy policy;
	bool to_system_ram; /* and bind it to kmem */
	/*
	 * Or NULL: bind it to this driver ("": to none), with its memory
	 * hot-removed if kmem holds it. Nothing else is asked for then, besides
	 * @force.
	 */
	const char *to_driver;
	/*
	 * Put the memory that kmem has added online as under @policy, or offline,
	 * and change no policy: with @to_system_ram after the bind, if kmem does not hold
	 * the device yet, else without any.
	 */
	bool set_memory;
	bool force;	     /* memory that is in use may be hot-removed for that */
	bool spares_users;   /* without @force, processes keep a device that they use */
	bool allow_fallback; /* without the policy attribute, use what there is */
	enum {
		MEMMAP_AS_IT_IS = -1,
		MEMMAP_OFF,
		MEMMAP_ON
	} memmap_on_memory;
};

/* What a plan depends on besides the device. */
struct environment {
	enum policy system_default; /* what POLICY_DEFAULT gives at the moment */
	bool kmem_is_loaded;
	bool keeps_memory; /* this kernel cannot hot-remove memory */
	char users[200];   /* users_describe(), for a device that leaves devdax or famfs mode */
};

/*
 * Every action looks first whether its result is there already, so each can
 * follow any other, also one that failed half-way.
 */
enum action {
	ACTION_NONE,
	ACTION_SET_POLICY, /* write @value to online_type */
	ACTION_SET_MEMMAP, /* write @value to memmap_on_memory */
	ACTION_LOAD,	   /* load the module of the driver @value, binding no device by that */
	ACTION_UNBIND,	   /* unbind from the driver @value; from kmem only without memory */
	ACTION_BIND,	   /* bind to the driver @value, and no other device with it */
	ACTION_RELEASE,	   /* if kmem holds it: hot-remove its memory and unbind */
	ACTION_UNPLUG,	/* unplug the memory: through state at once, else offline it block by block
			 */
	ACTION_OFFLINE, /* offline every memory block that is online */
	ACTION_ONLINE,	/* put every memory block that is offline online as under @value */
	ACTION_ADJUST,	/* change the memory to the policy @value, after the bind */
	ACTION_RESTORE, /* restore the memory as plan.before has it */
	ACTION_VERIFY,	/* compare every memory block with plan.expected */
};

struct step {
	enum action action;
	const char *value;
	enum action undo;
	const char *undo_value;
};

#define PLAN_MAX_STEPS 8

struct plan {
	const struct dax_device *device; /* as it was; borrowed */
	struct step step[PLAN_MAX_STEPS];
	size_t nr_steps;      /* none: all is as asked already */
	enum policy expected; /* of the memory at the end; never POLICY_DEFAULT */
	struct blocks before; /* the memory when the plan was made */
	char note[300];	      /* worth telling although nothing is wrong; or "" */
	bool is_warning;      /* the note is about what is not as asked */
	/*
	 * Half of it looks like the work of somebody who wanted just that: the
	 * same request would be refused then.
	 */
	bool needs_guardian;
};

/*
 * Makes the plan. @blocks are those of the device, read if it is in system-ram
 * mode and BLOCK_MISSING otherwise. @device must outlive the plan; plan_free()
 * frees the rest. On refusal fills in @problem and returns its error:
 * -EOPNOTSUPP  the kernel cannot do it
 * -EBUSY       it needs --force, or another driver holds the device
 * -ENXIO       the device has no memory
 * -EINVAL      it is too small for one memory block
 */
int plan_make(struct plan *plan, const struct request *request, const struct dax_device *device,
	      const struct blocks *blocks, const struct environment *environment,
	      struct problem *problem);
void plan_free(struct plan *plan);

#define _cleanup_plan_ __attribute__((cleanup(plan_free)))

#endif
