/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_BYSTANDERS_H
#define DAXCTL_BYSTANDERS_H

#include <stddef.h>

#include "device.h"
#include "sysfs.h"

/*
 * Devices with memory that no driver has, and that shall stay so: writing one
 * device's name to a driver's new_id makes the driver take every device that it
 * can.
 */
struct bystander {
	char name[DAX_NAME_SIZE];
	char online_type[POLICY_TEXT_SIZE]; /* "" on a kernel without the attribute */
};

struct bystanders {
	const char *driver; /* that shall not have them; borrowed */
	struct bystander *one;
	size_t nr;
};

/* All but @device. 0 or a negative errno; bystanders_free() in any case. */
int bystanders_find(struct bystanders *bystanders, const struct sysfs *sysfs, const char *device,
		    const char *driver);
void bystanders_free(struct bystanders *bystanders);

#endif
