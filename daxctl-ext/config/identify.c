// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/identify.h"
#include "config/match.h"

struct search {
	const struct sysfs *sysfs;
	const struct config_section *section;
	const char *name; /* of the device that does not count */
	char *other;
};

/* A device without memory is none yet. */
static int is_other(const char *name, void *data)
{
	_cleanup_device_ struct dax_device device = { 0 };
	const struct search *search = data;

	if (dax_name_parse(name, search->other) < 0 || strcmp(search->other, search->name) == 0 ||
	    dax_device_read(search->sysfs, search->other, &device) < 0 || !device.size)
		return 0;
	return config_section_holds(search->section, search->sysfs, &device);
}

int config_find_other(const struct config_section *section, const struct sysfs *sysfs,
		      const struct dax_device *device, char other[DAX_NAME_SIZE])
{
	struct search search = { sysfs, section, device->name, other };

	return sysfs_for_each(sysfs, is_other, &search, DAX_DEVICES);
}

/* Is the section about this device, and about no other? */
static bool is_unique(const struct config_section *section, const struct sysfs *sysfs,
		      const struct dax_device *device)
{
	char other[DAX_NAME_SIZE];

	return device->size && config_section_matches(section, sysfs, device) &&
	       config_find_other(section, sysfs, device, other) == 0;
}

static bool find_uuid(const struct sysfs *sysfs, const struct dax_device *device, char *condition,
		      size_t size)
{
	char uuid[64];
	const struct config_section section = { .nvdimm_uuid = uuid };

	if (sysfs_read(sysfs, uuid, sizeof(uuid), DAX_DEVICES "/%s/../uuid", device->name) <= 0 ||
	    uuid[strspn(uuid, "0123456789abcdefABCDEF-")] || !is_unique(&section, sysfs, device))
		return false;
	snprintf(condition, size, "nvdimm.uuid = %s", uuid);
	return true;
}

static bool find_serial(const struct sysfs *sysfs, const struct dax_device *device, char *condition,
			size_t size)
{
	struct config_section section = { .has_cxl_serial = true };
	int rc = 0;

	for (unsigned int target = 0; rc != -ENOENT; target++) {
		rc = config_read_serial(sysfs, device->name, target, &section.cxl_serial);
		if (rc < 0 || !is_unique(&section, sysfs, device))
			continue;
		snprintf(condition, size, "cxl.serial = 0x%llx",
			 (unsigned long long)section.cxl_serial);
		return true;
	}
	return false;
}

static bool find_resource(const struct sysfs *sysfs, const struct dax_device *device,
			  char *condition, size_t size)
{
	struct config_section section = { .has_dax_resource = true };

	if (sysfs_read_number(sysfs, &section.dax_resource, 0, DAX_DEVICES "/%s/resource",
			      device->name) < 0 ||
	    !is_unique(&section, sysfs, device))
		return false;
	snprintf(condition, size, "dax.resource = 0x%llx",
		 (unsigned long long)section.dax_resource);
	return true;
}

bool config_identify(const struct sysfs *sysfs, const struct dax_device *device, char *condition,
		     size_t size)
{
	return find_uuid(sysfs, device, condition, size) ||
	       find_serial(sysfs, device, condition, size) ||
	       find_resource(sysfs, device, condition, size);
}
