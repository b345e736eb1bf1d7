/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_LEAVE_UNPLUGGED_H
#define DAXCTL_LEAVE_UNPLUGGED_H

#include "device/select.h"
#include "device/sysfs.h"

/*
 * A device that kmem holds without memory (its state is "unplugged") is beyond
 * the distribution's daxctl. Without its driver it is not: for its command line,
 * such a device is unbound beforehand. Both functions print their own errors.
 */

/*
 * Unbinds those of @names that are like this, and lists them in @left, which the
 * caller frees in any case. 0 or a negative errno; none is left unbound then.
 */
int unplugged_leave(const struct sysfs *sysfs, const struct dax_names *names,
		    struct dax_names *left);

/* Gives those that have no driver all the same back to kmem, without memory. */
void unplugged_return(const struct sysfs *sysfs, const struct dax_names *left);

#endif
