/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_OTHER_SECTION_H
#define DAXCTL_OTHER_SECTION_H

#include <stddef.h>

#include "device/device.h"
#include "device/sysfs.h"
#include "problem.h"

/*
 * Sections about a device that are in the file of --save, and that it does not know for its
 * own: somebody has written them by hand, or has changed what --save wrote. @text is that of
 * the file, @file what messages call it.
 */

/*
 * Is the section that begins in @line the one that is applied to the device, as the first
 * that matches? 0, or -EEXIST, for another one that comes first, or -EINVAL, for a mistake;
 * both fill in @problem.
 */
int other_section_check(const char *text, const char *file, unsigned int line,
			const struct sysfs *sysfs, const struct dax_device *device,
			struct problem *problem);

/* The first one, as "section 'NAME' (FILE:LINE)"; "" if there is none. */
void other_section_describe(const char *text, const char *file, const struct sysfs *sysfs,
			    const struct dax_device *device, char *description, size_t size);

#endif
