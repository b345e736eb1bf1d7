/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_DRIFT_H
#define DAXCTL_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

#include "device/blocks.h"
#include "device/device.h"
#include "device/policy.h"

/* Whether a device is what its policy and the configuration want it to be. */

/* What a section of the configuration wants of a device. */
struct wish {
	const char *section; /* its name */
	const char *mode;    /* as the section spells it */
	bool has_policy;
	enum policy policy; /* for the next bind */
	bool has_memmap;
	bool memmap_on_memory; /* likewise */
	/* What its memory shall be as long as kmem holds it; POLICY_DEFAULT: anything. */
	enum policy memory;
};

#define DRIFT_MAX 4

/* What disagrees, in words that need nothing but the device's name before them. */
struct drift {
	size_t nr;
	char text[DRIFT_MAX][240];
};

/*
 * Compares the device with its own policy and with @wish, which is NULL if no
 * section is about it. @blocks are its memory, read if it is in system-ram mode.
 * A policy is for the next bind, so on a device that kmem does not hold it can
 * differ from the section's, but from nothing else; so it is with
 * memmap_on_memory. Without any wish for the
 * memory, wherever the system default put it is right.
 */
void drift_find(struct drift *drift, const struct dax_device *device, const struct blocks *blocks,
		const struct wish *wish);

#endif
