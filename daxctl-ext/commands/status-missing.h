/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_STATUS_MISSING_H
#define DAXCTL_STATUS_MISSING_H

#include "device/sysfs.h"

/*
 * What is amiss and belongs to no device: prints it on standard error. 1 if there is
 * anything, 0, or a negative errno.
 */
int status_print_missing(const struct sysfs *sysfs);

#endif
