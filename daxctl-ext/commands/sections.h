/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SECTIONS_H
#define DAXCTL_SECTIONS_H

#include <stdbool.h>

#include "config/config.h"
#include "device/device.h"
#include "device/sysfs.h"
#include "problem.h"

/* The configuration as the commands use it. */

/* Where the files are; NULL: where upstream daxctl has them. Set by main(). */
extern const char *config_directory;

/* The same with NULL resolved; the caller frees it. NULL: out of memory. */
char *sections_directory(void);

/* Reads all of it; as config_read(). */
int sections_read(struct config *config, struct problem *problem);

/*
 * The section that is used for a device: the first one that matches, or NULL.
 * Warns on standard error about any other, and about one that is not applied because
 * it is ambiguous. A device without a size is a seed, the next device of its region,
 * and no section is about it yet.
 */
const struct config_section *sections_find(const struct config *config, const struct sysfs *sysfs,
					   const struct dax_device *device);

/* Is there a section that would be about the device, and is not applied? */
bool sections_are_ambiguous(const struct config *config, const struct sysfs *sysfs,
			    const struct dax_device *device);

#endif
