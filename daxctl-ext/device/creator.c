// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "device/creator.h"
#include "device/device.h"

static const struct {
	const char *driver, *module;
} creators[] = {
	{ "cxl_dax_region", "dax_cxl" },
	{ "hmem", "dax_hmem" },
};

const char *dax_creator_module(size_t index)
{
	return index < sizeof(creators) / sizeof(creators[0]) ? creators[index].module : NULL;
}

/* The device that the dax device is on has that driver. */
static const char *find_module(const struct sysfs *sysfs, const char *name)
{
	char driver[DAX_DRIVER_SIZE];

	if (sysfs_link_name(sysfs, driver, sizeof(driver), DAX_DEVICES "/%s/../driver", name) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(creators) / sizeof(creators[0]); i++) {
		if (strcmp(driver, creators[i].driver) == 0)
			return creators[i].module;
	}
	return NULL;
}

void dax_creator_read(const struct sysfs *sysfs, const char *name, struct dax_creator *creator)
{
	*creator = (struct dax_creator){ .module = find_module(sysfs, name) };
	if (!creator->module)
		return;
	/* Only a module that was loaded has been in a state of being loaded. */
	creator->is_built_in = sysfs_exists(sysfs, "module/%s", creator->module) &&
			       !sysfs_exists(sysfs, "module/%s/initstate", creator->module);
	if (sysfs_read(sysfs, creator->parameter, sizeof(creator->parameter),
		       "module/%s/parameters/online_type", creator->module) < 0)
		creator->parameter[0] = '\0';
}
