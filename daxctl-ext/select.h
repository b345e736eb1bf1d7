/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SELECT_H
#define DAXCTL_SELECT_H

#include <stddef.h>

#include "device.h"

struct dax_names {
	char (*name)[DAX_NAME_SIZE];
	size_t nr;
};

/*
 * The dax devices of the system that the user means, each once, in the order
 * of the distribution's daxctl. @wanted are results of dax_name_parse() or
 * "all"; @regions as the distribution's --region has it: ids separated by
 * blanks, or "all", or NULL. 0, possibly with no device at all, or -ENOMEM.
 */
int dax_select(struct dax_names *names, const char (*wanted)[DAX_NAME_SIZE], size_t nr_wanted,
	       const char *regions);
void dax_names_free(struct dax_names *names);

#define _cleanup_names_ __attribute__((cleanup(dax_names_free)))

#endif
