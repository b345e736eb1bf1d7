/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CREATOR_H
#define DAXCTL_CREATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "device/policy.h"
#include "device/sysfs.h"

/*
 * The driver that creates a dax device, as far as it matters for what happens at
 * boot: if kmem is loaded, it binds the device as it is created, before user space
 * hears of it. Only the driver's own parameter comes in time then.
 */
struct dax_creator {
	const char *module; /* with the parameter; NULL: kmem does not bind the device by itself */
	bool is_built_in;
	char parameter[POLICY_TEXT_SIZE]; /* online_type as it is now; "" if there is none */
};

void dax_creator_read(const struct sysfs *sysfs, const char *name, struct dax_creator *creator);

/* The modules of all drivers of that kind; NULL after the last one. */
const char *dax_creator_module(size_t index);

#endif
