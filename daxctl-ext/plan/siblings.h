/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SIBLINGS_H
#define DAXCTL_SIBLINGS_H

#include <stddef.h>

#include "device/device.h"
#include "device/sysfs.h"

/*
 * Devices with memory that no driver has, and that shall stay so: writing one
 * device's name to a driver's new_id makes the driver take every device that it
 * can.
 */
struct sibling {
	char name[DAX_NAME_SIZE];
	char online_type[POLICY_TEXT_SIZE]; /* "" on a kernel without the attribute */
};

struct siblings {
	const char *driver; /* that must not bind them; borrowed. NULL: device_dax and kmem */
	struct sibling *one;
	size_t nr;
};

/* All but @device. 0 or a negative errno; siblings_free() in any case. */
int siblings_find(struct siblings *siblings, const struct sysfs *sysfs, const char *device,
		  const char *driver);
void siblings_free(struct siblings *siblings);

#endif
