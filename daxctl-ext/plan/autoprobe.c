// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

static int remember(const char *name, void *data)
{
	struct autoprobe *autoprobe = data;
	void *more =
		reallocarray(autoprobe->known, autoprobe->nr_known + 1, sizeof(*autoprobe->known));

	if (!more)
		return -ENOMEM;
	autoprobe->known = more;
	snprintf(autoprobe->known[autoprobe->nr_known++], DAX_NAME_SIZE, "%s", name);
	return 0;
}

/* Devices that were there before stay as they are, whatever drivers there are by now. */
static int probe_if_new(const char *name, void *data)
{
	const struct autoprobe *autoprobe = data;

	for (size_t i = 0; i < autoprobe->nr_known; i++) {
		if (strcmp(name, autoprobe->known[i]) == 0)
			return 0;
	}
	/* It may be gone again by now. */
	if (could_be_bound(name, (void *)&autoprobe->sysfs) > 0)
		sysfs_write(autoprobe->sysfs, name, DAX_BUS "/drivers_probe");
	return 0;
}

static int turn_on(void *data)
{
	struct autoprobe *autoprobe = data;
	int rc = sysfs_write(autoprobe->sysfs, "1", AUTOPROBE);

	return rc < 0 ? rc : sysfs_for_each(autoprobe->sysfs, probe_if_new, data, DAX_DEVICES);
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
	rc = sysfs_for_each(sysfs, remember, autoprobe, DAX_DEVICES);
	if (rc == 0)
		rc = guardian_start(&autoprobe->guardian, turn_on, autoprobe);
	if (rc == 0)
		rc = sysfs_write(sysfs, "0", AUTOPROBE);
	if (rc < 0)
		autoprobe_release(autoprobe);
	return rc;
}

int autoprobe_release(struct autoprobe *autoprobe)
{
	/* The guardian itself may have been killed. */
	int rc = guardian_act(&autoprobe->guardian);

	if (rc < 0)
		rc = turn_on(autoprobe);
	free(autoprobe->known);
	autoprobe->known = NULL;
	autoprobe->nr_known = 0;
	return rc;
}
