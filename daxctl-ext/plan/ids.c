// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "device/device.h"
#include "plan/ids.h"

/* That the driver is not loaded, or does not know the name, is as well. */
static int forget(const char *name, void *data)
{
	const struct sysfs *sysfs = data;

	for (enum dax_mode mode = 0; mode <= DAX_MODE_UNKNOWN; mode++) {
		const char *driver = dax_mode_driver(mode);
		int rc;

		if (!driver)
			continue;
		rc = sysfs_write(sysfs, name, DAX_DRIVERS "/%s/remove_id", driver);
		if (rc < 0 && rc != -ENOENT)
			return rc;
	}
	return 0;
}

int ids_forget(const struct sysfs *sysfs)
{
	int rc = sysfs_for_each(sysfs, forget, (void *)sysfs, DAX_DEVICES);

	return rc == -ENOENT ? 0 : rc;
}
