/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_MATCH_H
#define DAXCTL_CONFIG_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "device/device.h"
#include "device/sysfs.h"
#include "problem.h"

/*
 * Is the section about the device: do all of its conditions hold, and does its
 * serial, if it has one, belong to one CXL memory device? Looks no further than it
 * must.
 */
bool config_section_matches(const struct config_section *section, const struct sysfs *sysfs,
			    const struct dax_device *device);

/*
 * Do all of its conditions hold, by a serial that several CXL memory devices
 * have, or that stands for none (0)? Such a section is applied to no device;
 * @problem says why.
 */
bool config_section_is_ambiguous(const struct config_section *section, const struct sysfs *sysfs,
				 const struct dax_device *device, struct problem *problem);

/* Do all of its conditions hold, whatever its serial is worth? */
bool config_section_holds(const struct config_section *section, const struct sysfs *sysfs,
			  const struct dax_device *device);

/*
 * The serial of the CXL memory device behind one target, from 0 on, of the region
 * that the dax device is on. 0; -ENOENT: there is no such target; -ENXIO: it has no
 * serial.
 */
int config_read_serial(const struct sysfs *sysfs, const char *name, unsigned int target,
		       uint64_t *serial);

#endif
