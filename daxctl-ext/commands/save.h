/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SAVE_H
#define DAXCTL_SAVE_H

#include <stdbool.h>

#include "commands/session.h"
#include "config/config.h"
#include "config/save.h"
#include "device/select.h"
#include "plan/plan.h"

/* reconfigure-device --save and --forget. They print. */

/* What --save needs besides the session; all zero: nothing is to be saved. */
struct save {
	char *directory; /* NULL: nothing is to be saved */
	bool dry_run;
	bool to_system_ram; /* at once, not only by the section */
	struct saved_values values;
	struct config config; /* all of it, as it is before */
};

/*
 * Before any device is changed: is the configuration sound, and can it be written?
 * 0 or a negative errno. save_free() afterwards in any case.
 */
int save_start(struct save *save, const struct request *request, bool dry_run);
void save_free(struct save *save);

/*
 * Reconfigures the device, and if that succeeded and it is asked for, saves it. If
 * it is clear beforehand that it cannot be saved, nothing is changed.
 */
void save_and_reconfigure(struct save *save, struct session *session, const char *name);

/* --forget: returns the exit status. */
int forget(const struct dax_targets *targets, bool dry_run);

#define _cleanup_save_ __attribute__((cleanup(save_free)))

#endif
