// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/status-missing.h"
#include "device/creator.h"
#include "device/iomem.h"
#include "plan/module.h"

static const char iomem[] = "/proc/iomem";

/* --- drivers that their parameter keeps from being loaded ---------------------- */

static int print_driver(const struct sysfs *sysfs, const char *module)
{
	_cleanup_free_ char *value = NULL;
	int rc;

	if (sysfs_exists(sysfs, "module/%s", module))
		return 0;
	rc = module_refused_value(module, "online_type", &value);
	if (rc < 0)
		fprintf(stderr, "%s: error: cannot read its parameters: %s\n", module,
			strerror(-rc));
	if (!value)
		return rc;
	fprintf(stderr,
		"%s: drift: it cannot be loaded, and its devices are missing: it does not know "
		"the value of its parameter online_type=%s\n"
		"%s: correct it in modprobe.d or on the kernel command line; 'modinfo %s' lists "
		"the values\n",
		module, value, module, module);
	return 1;
}

/* --- memory that stays when its device goes ------------------------------------- */

static bool has_device(const struct dax_range *range, const struct status_entry *entry, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		const struct dax_device *device = &entry[i].device;

		if (device->mode != DAX_MODE_SYSTEM_RAM)
			continue;
		for (size_t j = 0; j < device->nr_ranges; j++) {
			if (range->start >= device->range[j].start &&
			    range->end <= device->range[j].end)
				return true;
		}
	}
	return false;
}

static int print_memory(const struct status_entry *entry, size_t nr)
{
	_cleanup_free_ struct dax_range *range = NULL;
	size_t nr_ranges;
	int rc = iomem_read(iomem, &range, &nr_ranges);

	if (rc < 0) {
		fprintf(stderr, "daxctl: error: cannot read %s: %s\n", iomem, strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < nr_ranges; i++) {
		if (has_device(&range[i], entry, nr))
			continue;
		fprintf(stderr,
			"0x%" PRIx64 "-0x%" PRIx64 ": drift: this memory is system RAM, and its "
			"dax device is gone or has left kmem; it stays until reboot\n",
			range[i].start, range[i].end);
		rc = 1;
	}
	if (rc)
		fprintf(stderr, "daxctl: if the hardware is gone too, whatever uses that memory "
				"loses its data: reboot\n");
	return rc;
}

int status_print_missing(const struct sysfs *sysfs, const struct status_entry *entry, size_t nr)
{
	int result = print_memory(entry, nr);
	const char *module;

	for (size_t i = 0; (module = dax_creator_module(i)); i++) {
		int rc = print_driver(sysfs, module);

		if (result >= 0 && rc)
			result = rc;
	}
	return result;
}
