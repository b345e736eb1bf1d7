/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_DEVICE_H
#define DAXCTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/blocks.h"
#include "device/policy.h"
#include "device/sysfs.h"

/* Where the dax bus is, below the root of sysfs. */
#define DAX_BUS	    "bus/dax"
#define DAX_DEVICES DAX_BUS "/devices"
#define DAX_DRIVERS DAX_BUS "/drivers"

#define DAX_NAME_SIZE	32
#define DAX_DRIVER_SIZE 32

enum dax_mode {
	DAX_MODE_DISABLED, /* no driver */
	DAX_MODE_DEVDAX,
	DAX_MODE_FAMFS,
	DAX_MODE_SYSTEM_RAM,
	DAX_MODE_UNKNOWN, /* a driver that this program does not know */
};

/* A dax device as it was when it was read. An attribute that it lacks is "". */
struct dax_device {
	char name[DAX_NAME_SIZE]; /* daxX.Y */
	enum dax_mode mode;
	char driver[DAX_DRIVER_SIZE];
	uint64_t size;	 /* bytes */
	uint64_t align;	 /* bytes; 0 when unknown */
	int target_node; /* -1 when unknown */
	/* As the kernel spells them: a later kernel's values must survive too. */
	char online_type[POLICY_TEXT_SIZE];	 /* the policy for the next bind */
	char memory_state[POLICY_TEXT_SIZE];	 /* daxX.Y/state; goes stale, see the ABI */
	char memmap_on_memory[POLICY_TEXT_SIZE]; /* "0" or "1" */
	size_t nr_ranges;
	struct dax_range *range; /* in the order of the mappings; none without privilege */
};

/* "devdax", "famfs", "system-ram", ... */
const char *dax_mode_name(enum dax_mode mode);

/* The driver of a mode, or NULL when it has none. */
const char *dax_mode_driver(enum dax_mode mode);

/*
 * Understands a device's name as people and udev give it: daxX.Y, X.Y, or
 * either below /dev or dev. Writes daxX.Y. -EINVAL for anything else: nothing
 * but such a name ever becomes part of a path.
 */
int dax_name_parse(const char *text, char name[DAX_NAME_SIZE]);

/*
 * Reads everything about the device of that name, which dax_name_parse() has
 * made. -ENODEV when there is no such device. dax_device_free() afterwards,
 * also after an error.
 */
int dax_device_read(const struct sysfs *sysfs, const char *name, struct dax_device *device);
void dax_device_free(struct dax_device *device);

/* Does it have memory, and only the superuser may know where? */
bool dax_device_hides_ranges(const struct dax_device *device);

/*
 * The memory blocks of its ranges, as blocks_from_ranges(), not read yet.
 * -EOPNOTSUPP on a kernel without memory hotplug.
 */
int dax_device_blocks(const struct sysfs *sysfs, const struct dax_device *device,
		      struct blocks *blocks);

/* Reads only the driver that holds it now. */
int dax_device_read_driver(const struct sysfs *sysfs, const char *name,
			   char driver[DAX_DRIVER_SIZE]);

/* Is it there, and held by the driver of that mode? */
bool dax_device_is_in_mode(const struct sysfs *sysfs, const char *name, enum dax_mode mode);

/*
 * Keeps every other daxctl from changing a dax device; as sysfs_lock(). A mocked
 * sysfs without the file that is locked has no kernel either that anybody
 * could change: there is nothing to wait for.
 */
int dax_lock(const struct sysfs *sysfs, bool waits, int *fd);

#define _cleanup_device_ __attribute__((cleanup(dax_device_free)))
#define _cleanup_blocks_ __attribute__((cleanup(blocks_free)))

#endif
