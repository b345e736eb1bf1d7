/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_STATUS_MISSING_H
#define DAXCTL_STATUS_MISSING_H

#include <stdbool.h>
#include <stddef.h>

#include "commands/status-output.h"
#include "device/sysfs.h"

/*
 * What is amiss and belongs to none of the devices, which @entry has to have all: prints it on
 * standard error. 1 if there is anything, 0, or a negative errno.
 */
int status_print_missing(const struct sysfs *sysfs, const struct status_entry *entry, size_t nr);

#endif
