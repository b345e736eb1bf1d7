/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_STATUS_OUTPUT_H
#define DAXCTL_STATUS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "device/blocks.h"
#include "device/device.h"
#include "plan/drift.h"

/* What "daxctl status" prints to standard output. */

/* One device, and what there is to tell about it. */
struct status_entry {
	struct dax_device device;
	struct blocks blocks;		      /* none but in system-ram mode */
	const struct config_section *section; /* NULL: none matches */
	char section_name[256];		      /* or where it is, if it has none */
	bool memory_is_known;
	bool section_is_known;
	struct drift drift;
};

/* The mode that a section wants. */
const char *status_wanted_mode(const struct config_section *section);

/* Does anything disagree, of any device? */
bool status_has_drift(const struct status_entry *entry, size_t nr);

/* A table, and below it what disagrees. 0 or -ENOMEM. */
int status_print_table(const struct status_entry *entry, size_t nr);

/* An array of objects that all have the same keys. 0 or -ENOMEM. */
int status_print_json(const struct status_entry *entry, size_t nr);

#endif
