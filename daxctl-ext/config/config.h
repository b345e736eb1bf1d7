/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_H
#define DAXCTL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/policy.h"
#include "problem.h"

/*
 * The sections "[reconfigure-device NAME]" of the files *.conf in one
 * directory. Keys of upstream daxctl: nvdimm.uuid, mode, online, movable.
 * Extension keys: online_type and memmap_on_memory, and to say which device is
 * meant, cxl.serial, dax.resource, dax.target_node and dax.path; a hyphen may
 * stand for an underscore. A section is about the devices that all of its
 * conditions hold for.
 */
struct config_section {
	char *file;
	unsigned int line;
	char *name;
	/* Conditions; a section without any is about no device. */
	char *nvdimm_uuid;
	char *dax_path; /* a glob on the device's path in sysfs; "*" also crosses "/" */
	bool has_cxl_serial, has_dax_resource, has_target_node;
	uint64_t cxl_serial, dax_resource, target_node;
	/* What shall be done. */
	char *mode; /* NULL: system-ram */
	bool has_online, online;
	bool has_movable, movable;
	bool has_policy;
	enum policy policy;
	bool has_memmap, memmap_on_memory;
	bool has_ours; /* any extension key */
	/* Used while parsing: a mistake, if the section has any extension key. */
	struct problem *doubt;
	unsigned int keys; /* likewise: a bit for each key that it has */
};

struct config {
	struct config_section *section;
	size_t nr;
	bool has_ours;	    /* an extension key in any section, or an attempt at one */
	bool is_unreadable; /* a file, or the directory, could not be read */
};

#define CONFIG_MAX_FILE_SIZE (1 << 20)

/*
 * Adds the sections of one text. -EINVAL fills in @problem ("FILE:LINE:
 * REASON") for the first mistake; the rest is still read, for has_ours.
 * config_free() afterwards in any case.
 */
int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct problem *problem);
void config_free(struct config *config);

#define _cleanup_config_ __attribute__((cleanup(config_free)))

#endif
