/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_H
#define DAXCTL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/device.h"
#include "device/policy.h"
#include "problem.h"
#include "device/sysfs.h"

/*
 * The sections "[reconfigure-device NAME]" of the files *.conf in one
 * directory. Keys of the distribution's daxctl: nvdimm.uuid, mode, online,
 * movable. Ours: online-type, and to say which device is meant, cxl.serial,
 * dax.resource, dax.target_node and dax.path. A section is about the devices
 * that all of its conditions hold for.
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
	bool has_ours; /* any of our keys */
	/* Used while parsing: a mistake, if the section has any of our keys. */
	struct {
		unsigned int line; /* 0: there is none */
		const char *reason;
		char *about;
	} doubt;
};

struct config {
	struct config_section *section;
	size_t nr;
	bool has_ours; /* in any section, or an attempt at it */
};

/*
 * Adds the sections of one text. -EINVAL fills in @problem ("FILE:LINE:
 * REASON") for the first mistake; the rest is still read, for has_ours.
 * config_free() afterwards in any case.
 */
int config_parse(struct config *config, const char *file, const char *text, size_t length,
		 struct problem *problem);

/*
 * Reads all files of a directory in the order of their names. No directory is
 * no configuration. A mistake in any file is as in config_parse().
 */
int config_read(struct config *config, const char *directory, struct problem *problem);
void config_free(struct config *config);

/* Do all conditions of the section hold for the device? Looks no further than it must. */
bool config_section_matches(const struct config_section *section, const struct sysfs *sysfs,
			    const struct dax_device *device);

#define _cleanup_config_ __attribute__((cleanup(config_free)))

#endif
