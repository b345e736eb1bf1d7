/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_AUTOPROBE_H
#define DAXCTL_AUTOPROBE_H

#include <stddef.h>

#include "device/device.h"
#include "plan/guardian.h"
#include "device/sysfs.h"

/*
 * Keeps the dax bus from binding devices by itself (drivers_autoprobe) while a
 * driver's module is loaded. Only done if there is a device that could be
 * bound: no driver holds it, and it has memory. A device that appears meanwhile
 * is offered to the drivers afterwards, as it would have been.
 */
struct autoprobe {
	const struct sysfs *sysfs;
	char (*known)[DAX_NAME_SIZE]; /* devices that were there before */
	size_t nr_known;
	struct guardian guardian; /* there is one while it is held */
};

/* Both return 0 or a negative errno; nothing is held after an error. */
int autoprobe_hold(struct autoprobe *autoprobe, const struct sysfs *sysfs);
int autoprobe_release(struct autoprobe *autoprobe);

#endif
