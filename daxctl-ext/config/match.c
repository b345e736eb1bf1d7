// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "config/match.h"

#define CXL_DEVICES "bus/cxl/devices"

/* The namespace is the parent of the dax device. */
static bool has_uuid(const struct sysfs *sysfs, const char *name, const char *uuid)
{
	char text[64];

	return sysfs_read(sysfs, text, sizeof(text), DAX_DEVICES "/%s/../uuid", name) > 0 &&
	       strcasecmp(text, uuid) == 0;
}

static bool has_path(const struct sysfs *sysfs, const char *name, const char *glob)
{
	_cleanup_free_ char *path = NULL;

	return sysfs_resolve(sysfs, &path, DAX_DEVICES "/%s", name) == 0 &&
	       fnmatch(glob, path, 0) == 0;
}

/* A CXL region is the parent of the parent of the dax device; it has a decoder per target. */
int config_read_serial(const struct sysfs *sysfs, const char *name, unsigned int target,
		       uint64_t *serial)
{
	char decoder[64];

	if (sysfs_read(sysfs, decoder, sizeof(decoder), DAX_DEVICES "/%s/../../target%u", name,
		       target) <= 0)
		return -ENOENT;
	if (strncmp(decoder, "decoder", 7) != 0 || strchr(decoder, '/'))
		return -ENXIO;
	/* Decoder, endpoint, and the memory device above that. */
	if (sysfs_read_number(sysfs, serial, 0, CXL_DEVICES "/%s/../uport/serial", decoder) < 0)
		return -ENXIO;
	return 0;
}

static bool has_serial(const struct sysfs *sysfs, const char *name, uint64_t serial)
{
	uint64_t number;
	int rc = 0;

	for (unsigned int target = 0; rc != -ENOENT; target++) {
		rc = config_read_serial(sysfs, name, target, &number);
		if (rc == 0 && number == serial)
			return true;
	}
	return false;
}

struct serial_count {
	const struct sysfs *sysfs;
	uint64_t serial;
	size_t nr;
};

static int count_serial(const char *name, void *data)
{
	struct serial_count *count = data;
	uint64_t number;

	if (strncmp(name, "mem", 3) == 0 && isdigit((unsigned char)name[3]) &&
	    sysfs_read_number(count->sysfs, &number, 0, CXL_DEVICES "/%s/serial", name) == 0 &&
	    number == count->serial)
		count->nr++;
	return 0;
}

/* How many CXL memory devices of the system have this serial. */
static size_t devices_with_serial(const struct sysfs *sysfs, uint64_t serial)
{
	struct serial_count count = { .sysfs = sysfs, .serial = serial };

	sysfs_for_each(sysfs, count_serial, &count, CXL_DEVICES);
	return count.nr;
}

bool config_section_holds(const struct config_section *section, const struct sysfs *sysfs,
			  const struct dax_device *device)
{
	bool has_condition = false;
	uint64_t resource;

	if (section->has_target_node) {
		has_condition = true;
		if (device->target_node < 0 ||
		    section->target_node != (uint64_t)device->target_node)
			return false;
	}
	if (section->has_dax_resource) {
		has_condition = true;
		if (sysfs_read_number(sysfs, &resource, 0, DAX_DEVICES "/%s/resource",
				      device->name) < 0 ||
		    resource != section->dax_resource)
			return false;
	}
	if (section->dax_path) {
		has_condition = true;
		if (!has_path(sysfs, device->name, section->dax_path))
			return false;
	}
	if (section->nvdimm_uuid) {
		has_condition = true;
		if (!has_uuid(sysfs, device->name, section->nvdimm_uuid))
			return false;
	}
	if (section->has_cxl_serial) {
		has_condition = true;
		if (!has_serial(sysfs, device->name, section->cxl_serial))
			return false;
	}
	return has_condition;
}

bool config_section_matches(const struct config_section *section, const struct sysfs *sysfs,
			    const struct dax_device *device)
{
	return config_section_holds(section, sysfs, device) &&
	       (!section->has_cxl_serial ||
		(section->cxl_serial != 0 && devices_with_serial(sysfs, section->cxl_serial) <= 1));
}

bool config_section_is_ambiguous(const struct config_section *section, const struct sysfs *sysfs,
				 const struct dax_device *device, struct problem *problem)
{
	size_t nr;

	if (!section->has_cxl_serial || !config_section_holds(section, sysfs, device))
		return false;
	nr = devices_with_serial(sysfs, section->cxl_serial);
	if (section->cxl_serial != 0 && nr <= 1)
		return false;
	if (section->cxl_serial == 0)
		problem_set(problem, -EINVAL, "match it by dax.resource or dax.path instead",
			    "section '%.60s' (%s:%u) is not applied: cxl.serial = 0 stands for a "
			    "device without a serial number",
			    section->name, section->file, section->line);
	else
		problem_set(problem, -EINVAL, "match it by dax.resource or dax.path instead",
			    "section '%.60s' (%s:%u) is not applied: %zu CXL memory devices have "
			    "the serial number 0x%llx",
			    section->name, section->file, section->line, nr,
			    (unsigned long long)section->cxl_serial);
	return true;
}
