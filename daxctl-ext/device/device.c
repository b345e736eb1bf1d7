// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"

static const struct {
	const char *name;
	const char *driver;
} modes[] = {
	[DAX_MODE_DISABLED] = { "disabled", NULL },
	[DAX_MODE_DEVDAX] = { "devdax", "device_dax" },
	[DAX_MODE_FAMFS] = { "famfs", "fsdev_dax" },
	[DAX_MODE_SYSTEM_RAM] = { "system-ram", "kmem" },
	[DAX_MODE_UNKNOWN] = { "unknown", NULL },
};

const char *dax_mode_name(enum dax_mode mode)
{
	return modes[mode].name;
}

const char *dax_mode_driver(enum dax_mode mode)
{
	return modes[mode].driver;
}

static enum dax_mode mode_of_driver(const char *driver)
{
	if (!driver[0])
		return DAX_MODE_DISABLED;
	for (enum dax_mode mode = 0; mode < DAX_MODE_UNKNOWN; mode++) {
		if (modes[mode].driver && strcmp(driver, modes[mode].driver) == 0)
			return mode;
	}
	return DAX_MODE_UNKNOWN;
}

static const char *skip_prefix(const char *text, const char *prefix)
{
	const char *at = text;

	for (; *prefix; prefix++, at++) {
		if (*at != *prefix)
			return text;
	}
	return at;
}

/* One decimal number that fits an int, as the kernel would print it. */
static const char *skip_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || (digits > 1 && text[0] == '0'))
		return NULL;
	return text + digits;
}

int dax_name_parse(const char *text, char name[DAX_NAME_SIZE])
{
	const char *bare, *end;

	bare = skip_prefix(text, "/");
	bare = skip_prefix(bare, "dev/");
	if (bare == text + 1)
		return -EINVAL; /* "/dax0.0" */
	bare = skip_prefix(bare, "dax");
	end = skip_number(bare);
	if (!end || *end != '.')
		return -EINVAL;
	end = skip_number(end + 1);
	if (!end || *end)
		return -EINVAL;
	snprintf(name, DAX_NAME_SIZE, "dax%s", bare);
	return 0;
}

int dax_device_read_driver(const struct sysfs *sysfs, const char *name,
			   char driver[DAX_DRIVER_SIZE])
{
	int rc = sysfs_link_name(sysfs, driver, DAX_DRIVER_SIZE, DAX_DEVICES "/%s/driver", name);

	if (rc == -ENOENT) {
		driver[0] = '\0';
		return 0;
	}
	return rc < 0 ? rc : 0;
}

bool dax_device_is_in_mode(const struct sysfs *sysfs, const char *name, enum dax_mode mode)
{
	char driver[DAX_DRIVER_SIZE];

	return dax_device_read_driver(sysfs, name, driver) == 0 && mode_of_driver(driver) == mode;
}

/* An attribute that not every kernel or mode has, or that may not be read: "" then. */
static int read_optional(const struct sysfs *sysfs, const char *name, const char *attribute,
			 char value[POLICY_TEXT_SIZE])
{
	int rc = sysfs_read(sysfs, value, POLICY_TEXT_SIZE, DAX_DEVICES "/%s/%s", name, attribute);

	if (rc == -ENOENT || rc == -EACCES) {
		value[0] = '\0';
		return 0;
	}
	return rc < 0 ? rc : 0;
}

struct mapping_walk {
	const struct sysfs *sysfs;
	struct dax_device *device;
	unsigned long *number; /* of the mapping behind each range */
};

static int add_mapping(const char *name, void *data)
{
	struct mapping_walk *walk = data;
	struct dax_device *device = walk->device;
	struct dax_range range, *ranges;
	unsigned long number, *numbers;
	size_t at = device->nr_ranges;
	char *end;
	int rc;

	if (strncmp(name, "mapping", 7) != 0 || !isdigit((unsigned char)name[7]))
		return 0;
	number = strtoul(name + 7, &end, 10);
	if (*end)
		return 0;
	rc = sysfs_read_number(walk->sysfs, &range.start, 0, DAX_DEVICES "/%s/%s/start",
			       device->name, name);
	if (rc == 0)
		rc = sysfs_read_number(walk->sysfs, &range.end, 0, DAX_DEVICES "/%s/%s/end",
				       device->name, name);
	if (rc < 0)
		return rc;
	ranges = reallocarray(device->range, at + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	device->range = ranges;
	numbers = reallocarray(walk->number, at + 1, sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	walk->number = numbers;
	for (; at > 0 && numbers[at - 1] > number; at--) {
		numbers[at] = numbers[at - 1];
		ranges[at] = ranges[at - 1];
	}
	numbers[at] = number;
	ranges[at] = range;
	device->nr_ranges++;
	return 0;
}

/* Kernels before 5.10 have no mappings: there is one range, from "resource" on. */
static int add_resource(const struct sysfs *sysfs, struct dax_device *device)
{
	uint64_t start;
	int rc = sysfs_read_number(sysfs, &start, 0, DAX_DEVICES "/%s/resource", device->name);

	if (rc < 0 || device->size == 0)
		return rc;
	device->range = malloc(sizeof(*device->range));
	if (!device->range)
		return -ENOMEM;
	device->range[0] = (struct dax_range){ start, start + device->size - 1 };
	device->nr_ranges = 1;
	return 0;
}

static int read_ranges(const struct sysfs *sysfs, struct dax_device *device)
{
	struct mapping_walk walk = { .sysfs = sysfs, .device = device };
	int rc;

	rc = sysfs_for_each(sysfs, add_mapping, &walk, DAX_DEVICES "/%s", device->name);
	free(walk.number);
	if (rc == 0 && device->nr_ranges == 0) {
		rc = add_resource(sysfs, device);
		if (rc == -ENOENT)
			rc = 0;
	}
	if (rc != -EACCES)
		return rc;
	/* A part of the ranges must not pass for all of them. */
	free(device->range);
	device->range = NULL;
	device->nr_ranges = 0;
	return 0;
}

int dax_device_read(const struct sysfs *sysfs, const char *name, struct dax_device *device)
{
	char text[16];
	int rc;

	*device = (struct dax_device){ .target_node = -1 };
	snprintf(device->name, sizeof(device->name), "%s", name);
	if (!sysfs_exists(sysfs, DAX_DEVICES "/%s", name))
		return -ENODEV;
	rc = dax_device_read_driver(sysfs, name, device->driver);
	if (rc < 0)
		return rc;
	device->mode = mode_of_driver(device->driver);
	rc = sysfs_read_number(sysfs, &device->size, 0, DAX_DEVICES "/%s/size", name);
	if (rc < 0)
		return rc;
	if (sysfs_read_number(sysfs, &device->align, 0, DAX_DEVICES "/%s/align", name) < 0)
		device->align = 0;
	if (sysfs_read(sysfs, text, sizeof(text), DAX_DEVICES "/%s/target_node", name) > 0)
		device->target_node = atoi(text);
	rc = read_optional(sysfs, name, "online_type", device->online_type);
	if (rc == 0)
		rc = read_optional(sysfs, name, "memmap_on_memory", device->memmap_on_memory);
	if (rc == 0)
		rc = read_optional(sysfs, name, "state", device->memory_state);
	return rc < 0 ? rc : read_ranges(sysfs, device);
}

bool dax_device_hides_ranges(const struct dax_device *device)
{
	return device->size && !device->nr_ranges;
}

int dax_device_blocks(const struct sysfs *sysfs, const struct dax_device *device,
		      struct blocks *blocks)
{
	uint64_t block_size;
	int rc = blocks_read_size(sysfs, &block_size);

	if (rc < 0)
		return rc;
	return blocks_from_ranges(blocks, device->range, device->nr_ranges, block_size);
}

void dax_device_free(struct dax_device *device)
{
	free(device->range);
	device->range = NULL;
	device->nr_ranges = 0;
}

int dax_lock(const struct sysfs *sysfs, bool waits, int *fd)
{
	*fd = sysfs_lock(sysfs, waits, DAX_BUS "/drivers_probe");
	return *fd < 0 && *fd != -ENOENT ? *fd : 0;
}
