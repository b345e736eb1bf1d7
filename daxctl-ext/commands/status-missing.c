// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands/status-missing.h"
#include "device/creator.h"
#include "device/device.h"
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

/* Where kmem may have added memory. */
struct kmem_ranges {
	const struct sysfs *sysfs;
	struct dax_range *range;
	size_t nr;
	int err; /* 0, or why they are not all known */
};

static int append_ranges(struct kmem_ranges *ranges, const struct dax_device *device)
{
	struct dax_range *grown =
		reallocarray(ranges->range, ranges->nr + device->nr_ranges, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (size_t i = 0; i < device->nr_ranges; i++)
		grown[ranges->nr++] = device->range[i];
	ranges->range = grown;
	return 0;
}

/* Whether or not libdaxctl knows the device: it passes over those without a node. */
static int add_device(const char *name, void *data)
{
	struct kmem_ranges *ranges = data;
	_cleanup_device_ struct dax_device device;
	int rc = dax_device_read(ranges->sysfs, name, &device);

	/* It has just gone, or it adds none. */
	if (rc == -ENODEV || (rc == 0 && device.mode != DAX_MODE_SYSTEM_RAM))
		return 0;
	if (rc == 0)
		rc = dax_device_hides_ranges(&device) ? -EACCES : append_ranges(ranges, &device);
	if (rc < 0)
		ranges->err = rc;
	return 0;
}

static bool is_within(const struct dax_range *range, const struct kmem_ranges *ranges)
{
	for (size_t i = 0; i < ranges->nr; i++) {
		if (range->start >= ranges->range[i].start && range->end <= ranges->range[i].end)
			return true;
	}
	return false;
}

static int print_leftover(const struct dax_range *range, size_t nr,
			  const struct kmem_ranges *ranges)
{
	int result = 0;

	for (size_t i = 0; i < nr; i++) {
		if (is_within(&range[i], ranges))
			continue;
		fprintf(stderr,
			"0x%" PRIx64 "-0x%" PRIx64 ": drift: this memory is system RAM, and its "
			"dax device is gone or has left kmem; it stays until reboot\n",
			range[i].start, range[i].end);
		result = 1;
	}
	if (result)
		fprintf(stderr, "daxctl: if the hardware is gone too, whatever uses that memory "
				"loses its data: reboot\n");
	return result;
}

static int print_memory(const struct sysfs *sysfs)
{
	_cleanup_free_ struct dax_range *range = NULL;
	struct kmem_ranges ranges = { .sysfs = sysfs };
	size_t nr;
	int rc = iomem_read(iomem, &range, &nr);

	if (rc < 0) {
		fprintf(stderr, "daxctl: error: cannot read %s: %s\n", iomem, strerror(-rc));
		return rc;
	}
	/* Without a dax bus there is no device. */
	sysfs_for_each(sysfs, add_device, &ranges, DAX_DEVICES);
	/* That a device cannot be read is told elsewhere. */
	rc = ranges.err < 0 ? ranges.err : print_leftover(range, nr, &ranges);
	free(ranges.range);
	return rc;
}

int status_print_missing(const struct sysfs *sysfs)
{
	int result = print_memory(sysfs);
	const char *module;

	for (size_t i = 0; (module = dax_creator_module(i)); i++) {
		int rc = print_driver(sysfs, module);

		if (result >= 0 && rc)
			result = rc;
	}
	return result;
}
