/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_SAVE_H
#define DAXCTL_CONFIG_SAVE_H

#include <stdbool.h>

#include "device/device.h"
#include "device/policy.h"
#include "device/sysfs.h"
#include "problem.h"

/*
 * Writing the configuration: one file of the directory holds the sections that were
 * saved, one for each device. What else is in that file stays as it is. Whoever writes
 * holds the lock of dax_lock(): nothing here waits for it. A dry run needs none.
 */
#define SAVED_FILE "50-saved.conf"

/* What is saved about a device. */
struct saved_values {
	enum policy policy;
	bool has_memmap, memmap_on_memory;
};

/* What was, or in a dry run would be, written or removed. */
struct save_result {
	char section[96]; /* its name */
	char text[400];	  /* all of it, when it is written */
	char other[400];  /* when it is removed: a section about the device that stays; or "" */
};

/*
 * May and can the directory be written to? If it is missing: can it be made? A directory or
 * a file in it that others may write to is refused: the configuration is carried out by root.
 */
int config_save_check(const char *directory, struct problem *problem);

/*
 * Writes the section for the device, instead of the one that was saved for it before.
 * It is found again by the first of these that no other device has: the UUID of its
 * namespace, the serial of a CXL memory device, its physical address. -EEXIST: another
 * section of the file, which --save did not write or which has been changed since, would
 * be applied instead; or the saved one is about another device too. The file is as it was,
 * or as it shall be, at any time.
 */
int config_save(const char *directory, const struct sysfs *sysfs, const struct dax_device *device,
		const struct saved_values *values, bool dry_run, struct save_result *result,
		struct problem *problem);

/*
 * Removes the section that was saved for the device: 1, or 0 if there is none. A file
 * without anything else is removed too. -EEXIST: nothing was removed, as the only section
 * about the device is another one, or one that is about another device too, as above.
 */
int config_forget(const char *directory, const struct sysfs *sysfs, const struct dax_device *device,
		  bool dry_run, struct save_result *result, struct problem *problem);

#endif
