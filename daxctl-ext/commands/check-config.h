/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CHECK_CONFIG_H
#define DAXCTL_CHECK_CONFIG_H

#include <stdbool.h>

#include "device/select.h"

/* reconfigure-device --check-config: what the config files say about a device is done. */

/* What of the command line matters besides the devices. */
struct check_config_options {
	bool human;
	bool is_verbose;
	bool force;
	bool allow_fallback;
	bool dry_run;
	bool resizes; /* --size, --align or --input: no section goes with them */
};

/*
 * Does it, and returns the exit status; or a negative number when none of our
 * keys has anything to do with it, so that upstream daxctl shall get
 * the same command line.
 */
int check_config(const struct check_config_options *options, const struct dax_targets *targets);

/*
 * May upstream daxctl find a section about one of these devices? If it finds none, it
 * binds nothing.
 */
bool check_config_may_match(const struct dax_names *names);

#endif
