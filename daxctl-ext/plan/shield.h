/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SHIELD_H
#define DAXCTL_SHIELD_H

#include "device/select.h"
#include "plan/execute.h"
#include "plan/guardian.h"
#include "plan/siblings.h"

/*
 * Keeps unbound sibling devices unbound while another program has a driver bind a
 * device by its name (new_id), which binds every device that the driver can have.
 */
struct shield {
	struct siblings siblings;
	struct guardian guardian; /* releases them after SIGKILL */
};

/*
 * Is it enough to have another program bind these to kmem, and online their memory? Not if
 * one has several ranges, which upstream daxctl takes for one span; nor on a kernel where no
 * policy would keep the memory of siblings offline, which might not come out again.
 */
bool shield_suffices(const struct sysfs *sysfs, const struct dax_names *names);

/*
 * For every device that has a size and no driver, and is none of @meant: no driver knows
 * its name, and kmem would online none of its memory. 0 or a negative errno with @problem
 * filled in; nothing is changed then.
 */
int shield_raise(struct shield *shield, const struct executor *executor,
		 const struct dax_names *meant, struct problem *problem);

/*
 * Unbinds those that were bound all the same, without their memory, and restores their
 * policies. 0 or a negative errno with @problem filled in.
 */
int shield_lower(struct shield *shield, const struct executor *executor, struct problem *problem);

#endif
