/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SELECT_H
#define DAXCTL_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "device/device.h"

/* The devices that a command line means. */
struct dax_targets {
	char (*name)[DAX_NAME_SIZE]; /* results of dax_name_parse(), or "all" */
	size_t nr;
	/* "0" or "region0", several of these separated by whitespace, "all", or NULL. */
	const char *regions;
	bool is_upstream; /* one region at most */
};

/* The devices that there are. */
struct dax_names {
	char (*name)[DAX_NAME_SIZE];
	size_t nr;
};

/*
 * Understands arguments as names of devices. @regions is borrowed. 0; -ENOMEM;
 * or -EINVAL, with *@wrong the argument that names none, or else @regions, if not
 * all of it is regions.
 */
int dax_targets_read(struct dax_targets *targets, const char **argument, size_t nr,
		     const char *regions, const char **wrong);
void dax_targets_free(struct dax_targets *targets);

/* Is the device of that name, daxX.Y, in one of the regions? */
bool dax_targets_have_region_of(const struct dax_targets *targets, const char *name);

/* Is "all" among them: whichever devices there are, not these very ones? */
bool dax_targets_are_all(const struct dax_targets *targets);

/*
 * The dax devices of the system that are meant, each once, in natural order:
 * dax2.0 before dax10.0. 0, possibly with no device at all, or -ENOMEM.
 */
int dax_select(struct dax_names *names, const struct dax_targets *targets);
/*
 * The devices that upstream daxctl would change for this argument: any path
 * that ends in /daxX.Y, and whatever begins like X.Y, means daxX.Y to it. So no
 * device that it would find is missing. 0, possibly with no device at all, or
 * -ENOMEM. dax_targets_free() and dax_names_free() afterwards.
 */
int dax_select_as_upstream(struct dax_targets *targets, struct dax_names *names,
			   const char *argument, const char *region);

/* Is any of them in that mode? Are all? */
bool dax_names_all(const struct sysfs *sysfs, const struct dax_names *names, enum dax_mode mode);
bool dax_names_any(const struct sysfs *sysfs, const struct dax_names *names, enum dax_mode mode);

bool dax_names_have(const struct dax_names *names, const char *name);

/* 0 or -ENOMEM. */
int dax_names_add(struct dax_names *names, const char *name);
void dax_names_free(struct dax_names *names);

#define _cleanup_targets_ __attribute__((cleanup(dax_targets_free)))
#define _cleanup_names_	  __attribute__((cleanup(dax_names_free)))

#endif
