/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_IDENTIFY_H
#define DAXCTL_CONFIG_IDENTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "device/device.h"
#include "device/sysfs.h"

/*
 * Writes the line "KEY = VALUE" by which a section is about this device, and about no
 * other that there is: the UUID of its namespace, else the serial of a CXL memory
 * device, else its physical address. False: there is none.
 */
bool config_identify(const struct sysfs *sysfs, const struct dax_device *device, char *condition,
		     size_t size);

/*
 * Looks for another device, with a size, that all conditions of the section hold for: 1
 * with its name in @other, 0 or a negative errno.
 */
int config_find_other(const struct config_section *section, const struct sysfs *sysfs,
		      const struct dax_device *device, char other[DAX_NAME_SIZE]);

#endif
