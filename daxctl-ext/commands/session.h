/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SESSION_H
#define DAXCTL_SESSION_H

#include <stdbool.h>

#include <json-c/json.h>

#include "plan/execute.h"
#include "plan/plan.h"
#include "device/select.h"
#include "device/sysfs.h"

/*
 * One run of reconfigure-device: device after device is planned, reconfigured
 * and reported, as part of the command that it is. It prints.
 */
struct session {
	struct sysfs sysfs;
	struct executor executor;
	struct request request;	     /* may change from device to device */
	struct json_object *devices; /* that were reconfigured */
	bool human;
	bool is_verbose;
	bool is_upstream; /* nothing of ours was asked for: JSON as upstream has it */
	bool all;	  /* any device that there is, not these very ones */
	int result;	  /* so far: 0, STATUS_UNVERIFIED, or the first negative errno */
};

/* 0 or -ENOMEM. From here to session_finish() signals are caught. */
int session_start(struct session *session, bool human, bool is_verbose, bool dry_run);

/* Has a signal come? Nothing more shall be begun then. */
bool session_is_interrupted(void);

/* Does to one device what session->request says. */
void session_reconfigure(struct session *session, const char *name);

/* Takes note of a failure that happened outside of the functions above. */
void session_note(struct session *session, int rc);

/*
 * Prints the devices and the result, and lets a signal that came have its
 * effect. Returns the exit status.
 */
int session_finish(struct session *session);

#endif
