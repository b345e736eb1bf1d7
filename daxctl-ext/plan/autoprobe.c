// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "plan/autoprobe.h"
#include "device/device.h"

#define AUTOPROBE DAX_BUS "/drivers_autoprobe"

static int could_be_bound(const char *name, void *data)
{
	const struct sysfs *sysfs = *(const struct sysfs **)data;
	char driver[DAX_DRIVER_SIZE];
	uint64_t size;

	if (dax_device_read_driver(sysfs, name, driver) < 0 || driver[0])
		return 0;
	return sysfs_read_number(sysfs, &size, 0, DAX_DEVICES "/%s/size", name) == 0 && size > 0;
}

static int turn_on(void *data)
{
	const struct sysfs *sysfs = data;

	return sysfs_write(sysfs, "1", AUTOPROBE);
}

/*
 * The attribute concerns the whole system. If this process is killed while it
 * is off, its guardian turns it on again.
 */
int autoprobe_hold(struct autoprobe *autoprobe, const struct sysfs *sysfs)
{
	char value[8];
	int rc;

	*autoprobe = (struct autoprobe){ .sysfs = sysfs };
	rc = sysfs_for_each(sysfs, could_be_bound, &sysfs, DAX_DEVICES);
	if (rc <= 0)
		return rc;
	rc = sysfs_read(sysfs, value, sizeof(value), AUTOPROBE);
	if (rc < 0)
		return rc;
	if (strcmp(value, "1") != 0)
		return 0;
	rc = guardian_start(&autoprobe->guardian, turn_on, (void *)sysfs);
	if (rc == 0)
		rc = sysfs_write(sysfs, "0", AUTOPROBE);
	if (rc < 0)
		autoprobe_release(autoprobe);
	return rc;
}

int autoprobe_release(struct autoprobe *autoprobe)
{
	/* The guardian itself may have been killed. */
	return guardian_act(&autoprobe->guardian) == 0 ? 0 : turn_on((void *)autoprobe->sysfs);
}
