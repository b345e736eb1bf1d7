/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SESSION_H
#define DAXCTL_SESSION_H

#include <stdbool.h>

#include <json-c/json.h>

#include "plan/execute.h"
#include "plan/plan.h"
#include "device/select.h"
#include "device/sysfs.h"

/* How a command speaks of what it does: "error VERBING: ...", "VERBED 2 devices". */
struct session_words {
	const char *verbing;
	const char *verbed;
	bool shows_devices; /* as JSON on standard output */
	int status_if_done; /* when there was nothing to do */
};

extern const struct session_words words_reconfigure;

/*
 * One run of a command that changes devices: device after device is planned,
 * changed and reported, as part of the command that it is. It prints.
 */
struct session {
	const struct session_words *words;
	const struct sysfs *sysfs;
	struct executor executor;
	struct request request;	     /* may change from device to device */
	struct json_object *devices; /* that were changed */
	bool human;
	bool is_verbose;
	bool is_upstream; /* nothing of ours was asked for: JSON as upstream has it */
	bool is_locked;	  /* the caller holds session_lock() */
	bool all;	  /* any device that there is, not these very ones */
	int result;	  /* so far: 0, an exit status, or the first negative errno */
};

/* 0 or -ENOMEM. From here to session_finish() signals are caught. */
int session_start(struct session *session, const struct session_words *words, bool human,
		  bool is_verbose, bool dry_run);

/* Has a signal come? Nothing more shall be begun then. */
bool session_is_interrupted(void);

/*
 * Does to one device what session->request says, and takes note of the result: 0,
 * STATUS_UNVERIFIED or a negative errno.
 */
int session_reconfigure(struct session *session, const char *name);

/* One device after the other, until a signal comes. */
void session_reconfigure_all(struct session *session, const struct dax_names *names);

/* Takes note of a failure that happened outside of the functions above. */
void session_note(struct session *session, int rc);

/*
 * Likewise of what another daxctl made of the device: its exit status, or the negative
 * number of the signal that ended it.
 */
void session_note_status(struct session *session, const char *name, int status);

/* How many devices have been changed, for a command that does not show them. */
void session_count(struct session *session, size_t nr);

/* Ends it without a word; the exit status is up to the caller. */
void session_abandon(struct session *session);

/*
 * Prints the devices and the result, and lets a signal that came have its
 * effect. Returns the exit status.
 */
int session_finish(struct session *session);

/* Waits for other daxctls, and says so when that takes a while. As dax_lock(). */
int session_lock(const struct sysfs *sysfs, const char *name, int *fd);

#endif
