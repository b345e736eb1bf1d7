/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_IOMEM_H
#define DAXCTL_IOMEM_H

#include <stddef.h>

#include "device/blocks.h"

/*
 * The memory that kmem has added, as the kernel tells it in @path, which is
 * /proc/iomem. The caller frees *@range. Without privilege the kernel tells
 * none. 0 or a negative errno.
 */
int iomem_read(const char *path, struct dax_range **range, size_t *nr);

#endif
