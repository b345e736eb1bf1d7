/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_PAGES_H
#define DAXCTL_PAGES_H

#include <stddef.h>

#include "device/blocks.h"
#include "device/sysfs.h"

/*
 * Says what a memory block's pages are used for, as /proc/kpageflags tells the
 * superuser (Documentation/admin-guide/mm/pagemap.rst): "in memory block 33: 12 pages
 * of the kernel, 512 pages in huge pages". Of the first block that holds what does not
 * move, or else of the first one in use. "" if that is not known.
 */
void pages_describe(const struct sysfs *sysfs, const struct block *block, size_t nr,
		    uint64_t block_size, char *text, size_t size);

#endif
