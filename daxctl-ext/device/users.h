/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_USERS_H
#define DAXCTL_USERS_H

#include <stddef.h>

#include "device/sysfs.h"

/*
 * Says which processes have the node of a dax device open or mapped: "71 (qemu-system-x86),
 * 78 (redis-server) and 3 more". "" if none has, as far as /proc tells. The kernel
 * unbinds the device all the same: their mappings are gone then, and they get SIGBUS.
 */
void users_describe(const struct sysfs *sysfs, const char *device, char *text, size_t size);

#endif
