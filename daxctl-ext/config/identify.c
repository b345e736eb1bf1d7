// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/identify.h"
#include "config/match.h"

struct match_count {
	const struct sysfs *sysfs;
	const struct config_section *section;
	size_t nr;
};

/* A device without memory is none yet. */
static int count_match(const char *name, void *data)
{
	_cleanup_device_ struct dax_device device = { 0 };
	struct match_count *count = data;
	char canonical[DAX_NAME_SIZE];

	if (dax_name_parse(name, canonical) == 0 &&
	    dax_device_read(count->sysfs, canonical, &device) == 0 && device.size &&
	    config_section_matches(count->section, count->sysfs, &device))
		count->nr++;
	return 0;
}

/* Is the section about this device, and about no other? */
static bool is_unique(const struct config_section *section, const struct sysfs *sysfs,
		      const struct dax_device *device)
{
	struct match_count count = { .sysfs = sysfs, .section = section };

	return config_section_matches(section, sysfs, device) &&
	       sysfs_for_each(sysfs, count_match, &count, DAX_DEVICES) == 0 && count.nr == 1;
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
